"""The witness's memory in plain SQL: checked and changed by one writer, durable before anything is signed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from asyncpg import Record

from kumihimo.base import Clock
from kumihimo.log import LogConnection
from kumihimo.node import Batch
from kumihimo.witness.model import Alarm, Kind, Known, Outcome, Request, alarm_of, decide

_KNOWN = "SELECT origin, size, root, note, at FROM witness.log WHERE origin = ANY($1)"
_KEEP = """
    INSERT INTO witness.log (origin, size, root, note, at) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (origin) DO UPDATE SET size = excluded.size, root = excluded.root, note = excluded.note,
        at = excluded.at
"""
_ALARM = """
    INSERT INTO witness.alarm (origin, kind, proved, first_at, last_at, times, size, detail, note, known)
    VALUES ($1, $2, $3, $4, $4, $5, $6, $7, $8, $9)
    ON CONFLICT (origin, kind) DO UPDATE SET
        last_at = excluded.last_at,
        times = alarm.times + excluded.times,
        size = CASE WHEN alarm.proved THEN alarm.size ELSE excluded.size END,
        detail = CASE WHEN alarm.proved THEN alarm.detail ELSE excluded.detail END,
        note = CASE WHEN alarm.proved THEN alarm.note ELSE excluded.note END,
        known = CASE WHEN alarm.proved THEN alarm.known ELSE excluded.known END
"""
_ALARMS = """
    SELECT origin, kind, proved, first_at, last_at, times, size, detail FROM witness.alarm
    ORDER BY first_at, origin, kind
"""


@dataclass(frozen=True, slots=True)
class Decided:
    """How one request ended: the size known afterwards, and the moment at which that was so."""

    outcome: Outcome
    size: int
    at: datetime


type Job = Request | Alarm
"""A checkpoint to decide on, or an alarm that arose before it came to that."""


class Memory:
    """Decides on checkpoints, one after the other per log, and remembers."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def apply(self, batch: Batch, _: object, jobs: Sequence[Job]) -> Sequence[Decided | None]:
        """Decide on these requests in order; what is kept is on disk before any of them is answered."""
        origins = {job.checkpoint.origin for job in jobs if isinstance(job, Request)}
        rows = await batch.fetch(_KNOWN, list(origins)) if origins else ()
        before = {row["origin"]: _known(row) for row in rows}
        now, known, alarms = self._clock(), dict(before), list[Alarm]()
        decided = [self._one(job, known, alarms, now) for job in jobs]
        for origin, state in known.items():
            if state is not before.get(origin):
                batch.add(_KEEP, origin, state.size, state.root, state.note, now)
        for row in _merged(alarms):
            batch.add(_ALARM, *row[:3], now, *row[3:])
        return decided

    def _one(self, job: Job, known: dict[str, Known], alarms: list[Alarm], now: datetime) -> Decided | None:
        if isinstance(job, Alarm):
            alarms.append(job)
            return None
        new, state = job.checkpoint, known.get(job.checkpoint.origin, Known())
        outcome = decide(state, job)
        if outcome is Outcome.COSIGNED:
            if new.size > state.size:
                known[new.origin] = Known(new.size, new.root, job.note, now)
            return Decided(outcome, new.size, now)
        alarm = alarm_of(state, job, outcome)
        if alarm is not None:
            alarms.append(alarm)
        return Decided(outcome, state.size, now)


def _merged(alarms: Sequence[Alarm]) -> Sequence[tuple[object, ...]]:
    """One row per log and kind: the first of a proved kind, the last of the others, and how many."""
    rows: dict[tuple[str, Kind], tuple[Alarm, int]] = {}
    for alarm in alarms:
        held, times = rows.get((alarm.origin, alarm.kind), (alarm, 0))
        rows[alarm.origin, alarm.kind] = (held if alarm.kind.proved else alarm, times + 1)
    return [
        (one.origin, one.kind.value, one.kind.proved, times, one.size, one.detail, one.note, one.known)
        for one, times in rows.values()
    ]


async def known_of(conn: LogConnection, origin: str) -> Known:
    """The last checkpoint of a log that this witness cosigned."""
    rows = await conn.fetch(_KNOWN, [origin])
    return _known(rows[0]) if rows else Known()


def _known(row: Record) -> Known:
    return Known(row["size"], row["root"], row["note"], row["at"])


async def logs_cosigned(conn: LogConnection) -> int:
    """How many logs this witness has cosigned a checkpoint of."""
    return int(await conn.fetchval("SELECT count(*) FROM witness.log"))


async def alarms_raised(conn: LogConnection) -> list[Mapping[str, object]]:
    """What this witness has refused and why, the oldest first; times in ISO 8601."""
    rows = [dict(row) for row in await conn.fetch(_ALARMS)]
    return [{**row, **{name: row[name].isoformat() for name in ("first_at", "last_at")}} for row in rows]
