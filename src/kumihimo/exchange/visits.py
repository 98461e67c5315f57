"""How a slip travels: signed, carried to each desk, brought again for a while when nobody opens."""

import asyncio
from dataclasses import replace

from kumihimo.base import ErrorType, Problem
from kumihimo.codes import Request
from kumihimo.exchange.envelopes import StampRequest, signed_form, stamp_request
from kumihimo.exchange.slip import CodeRow, Codes, Signed, nonce_of
from kumihimo.messages import jws
from kumihimo.node import (
    STORE_AWAY,
    DirectoryIncompleteError,
    Entry,
    Institution,
    JournalBusy,
    JournalUnavailable,
)

PATIENCE_SECONDS = 8.0
DESK_TIMEOUT = 10.0
RETRYABLE = frozenset({ErrorType.PROVIDER_UNAVAILABLE, ErrorType.BUSY})
PASSING = (JournalBusy, JournalUnavailable, DirectoryIncompleteError, *STORE_AWAY)
"""Faults of one's own house that pass by themselves: who works in the background tries again later."""


def sign(institution: Institution, body: bytes) -> Signed:
    """Sign exact bytes as this institution."""
    return Signed(body=body, jws=jws.sign_detached(body, institution.keys.sign, institution.settings.id))


def code_header(blinded: Request, epoch: int, target: Entry, ledger: Entry) -> Codes:
    """The code header of a slip from freshly blinded codes."""
    return Codes(
        source_epoch=epoch,
        target_epoch=target.epoch,
        ledger_epoch=ledger.epoch,
        d1=blinded.d1,
        d2=blinded.d2,
        rows=tuple(CodeRow(x0=row.x0, cb=row.cb) for row in blinded.rows),
    )


async def visit(
    institution: Institution, to: str, path: str, body: bytes, tx: bytes, patience: float
) -> bytes | Problem:
    """Bring a message to a desk; for `patience` seconds again and again when the desk is away or busy."""
    loop = asyncio.get_running_loop()
    deadline, pause = loop.time() + patience, 0.05
    while True:
        answered = await institution.client.post(to, path, body, nonce=nonce_of(tx), timeout=DESK_TIMEOUT)
        if not isinstance(answered, Problem):
            return answered.body
        if answered.type not in RETRYABLE:
            return answered
        if loop.time() + pause > deadline:
            return _plainly(institution.directory.current.entries.get(to), answered)
        await asyncio.sleep(pause)
        pause = min(pause * 2, 1.0)


def _plainly(desk: Entry | None, last: Problem) -> Problem:
    """The refusal in words for a clerk: which desk did not open, for the provider is only one of four."""
    if desk is None:
        return last
    busy = last.type is ErrorType.BUSY
    return replace(
        last,
        detail=f"{desk.name_en} {'is too busy' if busy else 'cannot be reached'}: {last.detail}".rstrip(": "),
        detail_ja=f"{desk.name}{'が混み合っています' if busy else 'に接続できません'}",
    )


async def collect_stamps(
    institution: Institution, slip: Signed, tx: bytes, patience: float
) -> tuple[Signed, Signed] | Problem:
    """Carry a slip past both operators; give both stamps or the first refusal."""
    directory = institution.directory.current
    first = await _stamp(institution, directory.operator(1).id, StampRequest(slip=slip), tx, patience)
    if isinstance(first, Problem):
        return first
    desk = StampRequest(slip=slip, first=first)
    second = await _stamp(institution, directory.operator(2).id, desk, tx, patience)
    return second if isinstance(second, Problem) else (first, second)


async def _stamp(
    institution: Institution, operator: str, desk: StampRequest, tx: bytes, patience: float
) -> Signed | Problem:
    body = await visit(institution, operator, "stamp", stamp_request.write(desk), tx, patience)
    return body if isinstance(body, Problem) else signed_form.read(body)
