"""How much passes through an institution, for anybody: counts, and nothing about a person."""

import time
from collections.abc import Awaitable, Callable, Mapping

import msgspec

from kumihimo.node import Handler, Institution, Message, Reply

KEPT_SECONDS = 1.0
_GATEWAY = """
SELECT (SELECT count(*) FROM exchange.inquiry) AS asked,
    (SELECT count(*) FROM exchange.answer WHERE outcome = 'provided') AS provided,
    (SELECT count(*) FROM exchange.answer WHERE outcome = 'refused')
        + (SELECT count(*) FROM exchange.refusal) AS refused,
    (SELECT count(*) FROM exchange.approval WHERE decision IS NULL) AS waiting
"""
_OPERATOR = """
SELECT (SELECT count(*) FROM exchange.stamp) AS stamped, (SELECT count(*) FROM exchange.refusal) AS refused
"""


async def gateway_counts(institution: Institution) -> Mapping[str, int]:
    """Questions asked, answers provided and refused, questions waiting for a human."""
    return await _row(institution, _GATEWAY)


async def operator_counts(institution: Institution) -> Mapping[str, int]:
    """Slips stamped and slips refused."""
    return await _row(institution, _OPERATOR)


def showing(count: Callable[[], Awaitable[Mapping[str, int]]]) -> Handler:
    """An open resource of counts, counted at most once a second however often it is read."""
    kept = (float("-inf"), b"")

    async def handler(message: Message) -> Reply:
        nonlocal kept
        now = time.monotonic()
        if kept[0] + KEPT_SECONDS < now:
            kept = (now, msgspec.json.encode(await count()))
        return Reply(200, kept[1])

    return handler


async def _row(institution: Institution, query: str) -> Mapping[str, int]:
    async with institution.db.read() as conn:
        row = await conn.fetchrow(query)
    assert row is not None
    return dict(row)
