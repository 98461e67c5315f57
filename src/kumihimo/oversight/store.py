"""What the commission's own tables say of the logs, in plain SQL: statements to be written, and what is read.

Everything is written through the journal as a few statements that hold together (`Writing`), so a
reconciliation that is killed goes on from its last one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import asyncpg

from kumihimo.log import LogAppender
from kumihimo.node import AnyConnection, Batch, Outbox
from kumihimo.oversight.edge import ReadEdge
from kumihimo.oversight.entries import Epoch, Read, read_epoch
from kumihimo.oversight.reconciling import Judged, Line, State

NOTICE = "oversight.notice"
"""The outbox's kind of notices; the key names the institution."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One write with its values."""

    query: str
    values: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Writing:
    """Writes that hold together, in order, and notices (institution, body) that are promised with them."""

    statements: tuple[Statement, ...]
    notices: tuple[tuple[str, bytes], ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Books:
    """The commission's tables, written by the journal."""

    outbox: Outbox

    async def apply(
        self, batch: Batch, log: LogAppender, jobs: Sequence[Writing]
    ) -> Sequence[Sequence[asyncpg.Record]]:
        """Write; each job gives the rows of its last statement."""
        results: list[Sequence[asyncpg.Record]] = []
        for job in jobs:
            rows: Sequence[asyncpg.Record] = ()
            for statement in job.statements:
                rows = await batch.fetch(statement.query, *statement.values)
            if job.notices:
                await self.outbox.put(batch, NOTICE, job.notices)
            results.append(rows)
        return results


@dataclass(frozen=True, slots=True)
class Reading:
    """How far one log was read: proved up to `edge`, under way up to `staged` toward the note `target`."""

    log: str
    edge: ReadEdge
    note: str
    read_at: datetime | None
    staged: ReadEdge
    target: str | None
    target_at: datetime | None
    problem: str | None
    away_since: datetime | None


async def reading(conn: AnyConnection, log: str) -> Reading:
    """How far a log was read; nothing yet when it is new."""
    row = await conn.fetchrow("SELECT * FROM oversight.reading WHERE log = $1", log)
    return _reading(row) if row else Reading(log, ReadEdge(), "", None, ReadEdge(), None, None, None, None)


async def readings(conn: AnyConnection) -> Mapping[str, Reading]:
    """How far each log was read."""
    return {row["log"]: _reading(row) for row in await conn.fetch("SELECT * FROM oversight.reading")}


def _reading(row: asyncpg.Record) -> Reading:
    return Reading(
        row["log"],
        ReadEdge.reopen(row["size"], row["edge"]),
        row["note"],
        row["read_at"],
        ReadEdge.reopen(row["staged"], row["staged_edge"]),
        row["target"],
        row["target_at"],
        row["problem"],
        row["away_since"],
    )


def away(log: str, problem: str, now: datetime) -> Statement:
    """A log cannot be read now; since when is remembered until it is read again."""
    return Statement(
        "INSERT INTO oversight.reading (log, problem, away_since) VALUES ($1, $2, $3) ON CONFLICT (log) "
        "DO UPDATE SET problem = $2, away_since = coalesce(reading.away_since, $3)",
        (log, problem, now),
    )


def begun(log: str, note: str, now: datetime) -> Statement:
    """A reading toward a signed checkpoint begins, from what is proved."""
    return Statement(
        "INSERT INTO oversight.reading (log, target, target_at) VALUES ($1, $2, $3) ON CONFLICT (log) "
        "DO UPDATE SET staged = reading.size, staged_edge = reading.edge, target = $2, target_at = $3",
        (log, note, now),
    )


def staged(log: str, edge: ReadEdge, read: Read, now: datetime) -> tuple[Statement, ...]:
    """A stretch of a log was read; it does not count before it is proved."""
    lines = [(place, one) for place, one in read.exchanges]
    statements = [
        Statement(
            "UPDATE oversight.reading SET staged = $2, staged_edge = $3 WHERE log = $1",
            (log, edge.size, edge.stored),
        )
    ]
    if lines:
        columns: tuple[list[object], ...] = (
            [place for place, _ in lines],
            [one.commit for _, one in lines],
            [one.kind for _, one in lines],
            [one.inquirer for _, one in lines],
            [one.provider for _, one in lines],
            [one.row for _, one in lines],
            [one.hour for _, one in lines],
        )
        statements.append(
            Statement(
                "INSERT INTO oversight.line "
                "(log, index, commit, kind, inquirer, provider, permission, hour, seen_at) "
                "SELECT $1, u.*, $9 FROM unnest($2::bigint[], $3::bytea[], $4::text[], $5::text[], "
                "$6::text[], $7::text[], $8::int[]) AS u ON CONFLICT DO NOTHING",
                (log, *columns, now),
            )
        )
    if read.epochs:
        statements.append(
            Statement(
                "INSERT INTO oversight.epoch (epoch, index, record) "
                "SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[]) ON CONFLICT DO NOTHING",
                (
                    [one.epoch for _, one, _ in read.epochs],
                    [place for place, _, _ in read.epochs],
                    [record for _, _, record in read.epochs],
                ),
            )
        )
    return tuple(statements)


def course(first: int, count: int, events: Sequence[int], before: int) -> Statement:
    """Which of a stretch of operator 1's log are person-events; `before` counts those before the stretch."""
    bits = bytearray((count + 7) // 8)
    for index in events:
        bits[(index - first) // 8] |= 1 << (index - first) % 8
    return Statement(
        "INSERT INTO oversight.course (first, count, before, events) VALUES ($1, $2, $3, $4) "
        "ON CONFLICT DO NOTHING",
        (first, count, before, bytes(bits)),
    )


async def events_before(conn: AnyConnection, size: int) -> int:
    """How many person-events stand among the first `size` entries of operator 1's log, as far as read."""
    row = await conn.fetchrow(
        "SELECT * FROM oversight.course WHERE first < $1 ORDER BY first DESC LIMIT 1", size
    )
    if row is None:
        return 0
    taken = min(size - int(row["first"]), int(row["count"]))
    within: int = int.from_bytes(row["events"], "little") & (1 << taken) - 1
    return int(row["before"]) + within.bit_count()


async def newest_epoch(conn: AnyConnection, ledger: str) -> int:
    """The number of the newest epoch that the ledger's proved log holds; 0 before the first."""
    number: int = await conn.fetchval(f"SELECT coalesce(max(e.epoch), 0) {_PROVED_EPOCHS}", ledger)
    return number


async def proved_epoch(conn: AnyConnection, ledger: str, number: int) -> Epoch | None:
    """An epoch's record as the ledger's proved log holds it; None if it does not, or not yet."""
    record = await conn.fetchval(f"SELECT e.record {_PROVED_EPOCHS} AND e.epoch = $2", ledger, number)
    return read_epoch(record) if record is not None else None


_PROVED_EPOCHS = "FROM oversight.epoch AS e JOIN oversight.reading AS r ON r.log = $1 WHERE e.index < r.size"


def proved(log: str) -> Statement:
    """The root of the target was reached: everything up to it counts."""
    return Statement(
        "UPDATE oversight.reading SET size = staged, edge = staged_edge, note = target, read_at = target_at, "
        "target = NULL, target_at = NULL, problem = NULL, away_since = NULL WHERE log = $1",
        (log,),
    )


def dropped(reading: Reading) -> tuple[Statement, ...]:
    """What was read does not make the signed root: nothing of it counts."""
    beyond = (reading.log, reading.edge.size)
    return (
        Statement("DELETE FROM oversight.line WHERE log = $1 AND index >= $2", beyond),
        Statement(
            "UPDATE oversight.reading SET staged = size, staged_edge = edge, target = NULL, target_at = NULL "
            "WHERE log = $1",
            (reading.log,),
        ),
    )


DROP_EPOCHS = "DELETE FROM oversight.epoch WHERE index >= $1"
"""With the ledger's log go its epochs, with operator 1's log what was counted in it."""
DROP_COURSE = "DELETE FROM oversight.course WHERE first >= $1"


UNTAKEN = "FROM oversight.epoch WHERE NOT taken AND index < $1"
"""Epochs that the ledger's proved log holds and whose transition was not read yet."""

_SETTLED_LINES = """
SELECT l.commit, l.log, l.kind, l.inquirer, l.provider, l.permission, l.hour,
    extract(epoch FROM l.seen_at)::float8 AS seen
FROM oversight.line AS l JOIN oversight.reading AS r ON r.log = l.log
WHERE l.commit >= $1 AND l.index < r.size ORDER BY l.commit, l.index DESC LIMIT $2
"""


async def next_lines(conn: AnyConnection, start: bytes, most: int) -> list[Line]:
    """The next proved lines from a commitment on, in the order of commitments."""
    rows = await conn.fetch(_SETTLED_LINES, start, most)
    return [Line(*row) for row in rows]


def settled(judged: Sequence[Judged]) -> tuple[Statement, ...]:
    """Exchanges without an alarm leave the list and are counted."""
    tally: dict[tuple[int, str, str, str, str], list[int]] = {}
    for one in judged:
        about = one.about
        counts = tally.setdefault((about.hour, *about.words), [0, 0, 0])
        counts[(State.COMPLETE, State.ABANDONED, State.UNSTAMPED).index(one.state)] += 1
    if not judged:
        return ()
    keys = list(zip(*tally, strict=True))
    sums = list(zip(*tally.values(), strict=True))
    return (
        Statement(
            "DELETE FROM oversight.line WHERE commit = ANY($1::bytea[])",
            ([one.about.commit for one in judged],),
        ),
        Statement(
            "INSERT INTO oversight.tally AS t "
            "(hour, kind, inquirer, provider, permission, complete, abandoned, unstamped) "
            "SELECT * FROM unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], "
            "$7::bigint[], $8::bigint[]) "
            "ON CONFLICT (hour, kind, inquirer, provider, permission) DO UPDATE SET "
            "complete = t.complete + excluded.complete, abandoned = t.abandoned + excluded.abandoned, "
            "unstamped = t.unstamped + excluded.unstamped",
            (*map(list, keys), *map(list, sums)),
        ),
    )
