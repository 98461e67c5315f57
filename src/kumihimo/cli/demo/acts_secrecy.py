"""What nobody holds and what all hold: codes that join nothing, operators without content, one event."""

import re
from collections.abc import AsyncIterator, Iterable, Iterator
from itertools import combinations

import msgspec

from kumihimo.base import Problem
from kumihimo.cli.demo.acts_family import TAX
from kumihimo.cli.demo.stage import Asked, NotHeldError, Stage, hold
from kumihimo.log import LogConnection, LogReader

_LATEST = 2000
_DIGITS = re.compile(rb"(?<![0-9A-Fa-f])(?:[0-9]{11,12}|[0-9]{15})(?![0-9A-Fa-f])")
_TABLES = (
    "SELECT table_schema, table_name FROM information_schema.tables "
    "WHERE table_schema NOT IN ('pg_catalog', 'information_schema') AND table_type = 'BASE TABLE'"
)
_SHORTEST, _SHORTEST_DIGITS = 4, 7  # characters: shorter values stand everywhere and prove nothing


async def codes_differ(stage: Stage) -> str:
    """No institution's code or number for anybody is any other institution's."""
    codes: dict[str, frozenset[object]] = {}
    for institution in stage.nation.cast:
        rows = await stage.nation.rows(institution, "SELECT subject, code FROM exchange.person_code")
        codes[institution] = frozenset(
            value for row in rows for value in (row["subject"], bytes(row["code"]))
        )
    hold(all(codes.values()), "an institution holds no codes")
    joined = [(a, b) for a, b in combinations(codes, 2) if codes[a] & codes[b]]
    hold(not joined, f"these share an identifier: {joined}")
    total = sum(len(one) // 2 for one in codes.values())
    return f"{total:,} codes at {len(codes)} institutions: no two share a code or a number"


async def operators_hold_nothing(stage: Stage) -> str:
    """In the operators' databases stand no item of any answer, no number of a person and no code."""
    needles = frozenset(_needles(stage)) | frozenset(await _codes(stage))
    hold(needles, "nothing was asked yet")
    cells = 0
    for operator in ("digital", "jlis"):
        async for cell in _cells(stage, operator):
            cells += 1
            found = _DIGITS.search(cell) or any(needle in cell for needle in needles)
            hold(not found, f"{operator} holds a person's number or an item of an answer")
    return f"{cells:,} cells of both operators searched for {len(needles)} values, codes and any number: none"


def _needles(stage: Stage) -> Iterator[bytes]:
    for asked in stage.asked.values():
        for text in _texts(asked.answer["items"]):
            long = _SHORTEST if not text.isascii() else _SHORTEST_DIGITS if text.isdigit() else None
            if long is not None and len(text) >= long:
                yield text.encode()


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)


async def _codes(stage: Stage) -> Iterable[bytes]:
    found: set[bytes] = set()
    for asked in stage.asked.values():
        for institution in (asked.inquirer, asked.provider):
            subject = stage.nation.cast[institution][asked.person]
            query = "SELECT code FROM exchange.person_code WHERE subject = $1"
            code = bytes((await stage.nation.rows(institution, query, subject))[0]["code"])
            found |= {code, code.hex().encode(), subject.encode()}
    return found


async def _cells(stage: Stage, institution: str) -> AsyncIterator[bytes]:
    async with stage.nation.database(institution) as conn, conn.transaction():
        for schema, table in [tuple(row) for row in await conn.fetch(_TABLES)]:
            async for row in conn.cursor(f'SELECT * FROM "{schema}"."{table}"'):  # noqa: S608
                for cell in row:
                    yield cell if isinstance(cell, bytes) else str(cell).encode()


async def same_event(stage: Stage) -> str:
    """The one event stands in both operators' and both parties' logs, under proof, and in the ledger."""
    asked = stage.asked.get(TAX.name)
    if asked is None:
        raise NotHeldError("the question about taxes, on which this step stands, was not answered")
    places = {
        "digital": asked.kept.first.log.index,
        "jlis": asked.kept.second.log.index,
        asked.inquirer: None,
        asked.provider: None,
    }
    entries = {name: await _entry(stage, name, asked, index) for name, index in places.items()}
    hold(len(set(entries.values())) == 1, f"the logs of {', '.join(entries)} do not say the same")
    rows = await stage.nation.rows(
        "ledger", "SELECT slip, outcome FROM ledger.event WHERE tx = $1", asked.kept.slip.tx
    )
    receipt = asked.kept.receipt
    hold(len(rows) == 1 and receipt is not None, "the ledger has not recorded it once")
    hold(receipt is not None and receipt.commit == asked.kept.commit, "the receipt is of something else")
    commit = asked.kept.commit.hex()[:16]
    return f"commit {commit}… in 4 logs, each proved under its checkpoint, and in the ledger"


async def _entry(stage: Stage, institution: str, asked: Asked, index: int | None) -> bytes:
    """The log entry of the exchange at an institution, its inclusion proved under the signed checkpoint."""
    async with stage.nation.database(institution) as conn:
        if index is None:
            index = await _index(conn, asked.kept.commit)
        hold(index is not None, f"{institution} has not logged it")
        assert index is not None
        entry = (await LogReader.entries(conn, index, index + 1))[0]
        proof = await LogReader.proof(conn, index)
    hold(_commit(entry) == asked.kept.commit, f"{institution} logged something else at {index}")
    verifier = stage.nation.keys(institution).note.verifier
    verdict = proof.verify(entry, verifier) if proof else None
    hold(verdict is not None and not isinstance(verdict, Problem), f"{institution} cannot prove its entry")
    return entry


async def _index(conn: LogConnection, commit: bytes) -> int | None:
    size = await LogReader.size(conn)
    start = max(0, size - _LATEST)
    entries = await LogReader.entries(conn, start, size)
    return next((start + n for n, entry in enumerate(entries) if _commit(entry) == commit), None)


def _commit(entry: bytes) -> bytes:
    return msgspec.json.decode(entry, type=_Logged).commit


class _Logged(msgspec.Struct):
    commit: bytes
