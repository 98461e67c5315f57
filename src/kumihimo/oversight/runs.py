"""A reconciliation from beginning to end: read what is new, take in the ledger's epochs, judge what settled.

It may be stopped anywhere and begun again: what was read and judged stays so. A log that cannot be read
keeps its exchanges waiting and nothing else. Memory is bounded by one stretch of lines, whatever the logs
hold.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from kumihimo.base import Problem
from kumihimo.node import AnyConnection
from kumihimo.oversight import alarms_store, store
from kumihimo.oversight.alarms import Alarm, alarm_of, alarm_of_log
from kumihimo.oversight.alarms_store import Standing
from kumihimo.oversight.collecting import Collector
from kumihimo.oversight.entries import Epoch, Transition, read_epoch, read_transition
from kumihimo.oversight.reconciling import (
    SETTLE_SECONDS,
    Judged,
    Kind,
    Line,
    Network,
    State,
    exchanges,
    judge,
)
from kumihimo.oversight.store import Reading, Statement, Writing

AT_ONCE = 5000
"""Lines judged at once."""
TOGETHER = 8
"""Logs read side by side."""
LEDGER_LINES = """
INSERT INTO oversight.line (log, index, commit, kind, inquirer, provider, permission, hour, seen_at)
SELECT $1, -1 - l.index, l.commit, l.kind, l.inquirer, l.provider, l.permission, l.hour, $5
FROM unnest($3::bigint[], $4::bytea[]) AS x (index, commit)
JOIN oversight.line AS l ON l.log = $2 AND l.index = x.index AND (x.commit = '' OR x.commit = l.commit)
ON CONFLICT DO NOTHING
"""
"""The ledger's own word on exchanges, joined to operator 1's entries at the same places."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a reconciliation found, in counts; `away` are the logs that could not be read."""

    entries: int = 0
    complete: int = 0
    abandoned: int = 0
    unstamped: int = 0
    waiting: int = 0
    raised: int = 0
    closed: int = 0
    away: tuple[str, ...] = ()


@dataclass(slots=True)
class Reconciliation:
    """One reconciliation of all logs."""

    collector: Collector
    network: Network
    settle: float = SETTLE_SECONDS
    unread: timedelta = timedelta(hours=24)
    outcome: Outcome = field(default_factory=Outcome)

    async def run(self) -> Outcome:
        """Read, take in, judge; give what was found."""
        logs = sorted(self.collector.logs.names())
        later = asyncio.Semaphore(TOGETHER)

        async def read(log: str) -> None:
            async with later:
                self._add(entries=await self.collector.read(log))

        # The ledger first: whatever its epochs count stands in operator 1's log by then.
        first = [log for log in logs if log == self.network.ledger]
        await _all_or_none(read(log) for log in first)
        await _all_or_none(read(log) for log in logs if log not in first)
        await self._take_epochs()
        await self._judge_all()
        async with self.collector.db.read() as conn:
            known = await store.readings(conn)
        away = tuple(log for log in logs if log not in known or known[log].problem)
        await self._attend([known[log] for log in logs if log in known])
        self.outcome = replace(self.outcome, away=away)
        return self.outcome

    def _add(self, **more: int) -> None:
        now = {name: getattr(self.outcome, name) + count for name, count in more.items()}
        self.outcome = replace(self.outcome, **now)

    async def _attend(self, known: Sequence[Reading]) -> None:
        """A log that has not been shown for long is an alarm, until it is shown again."""
        now = self.collector.clock()
        late = [one for one in known if one.away_since and now - one.away_since >= self.unread]
        await self.collector.alarm([alarm_of_log(Kind.UNREAD, one.log, 0) for one in late], ())
        async with self.collector.db.read() as conn:
            over = [
                standing
                for one in known
                if one.away_since is None
                for standing in await alarms_store.open_of_log(conn, one.log, Kind.UNREAD)
            ]
        if over:
            await self.collector.write(alarms_store.closed(over, now))

    async def _take_epochs(self) -> None:
        """Read the transition of each new epoch whose events are all read at operator 1."""
        async for place, epoch in self._new_epochs():
            body = await self.collector.logs.transition(epoch.epoch)
            if isinstance(body, Problem):
                now = self.collector.clock()
                await self.collector.write(Writing((store.away(self.network.ledger, body.type.value, now),)))
                return
            await self._take(place, epoch, body)

    async def _new_epochs(self) -> AsyncIterator[tuple[int, Epoch]]:
        """New epochs, each with its place in the ledger's log.

        One that covers more of operator 1's log than that one had later is an alarm, and none waits for it.
        """
        while True:
            async with self.collector.db.read() as conn:
                known = await store.readings(conn)
                ledger, operator = (known.get(one) for one in (self.network.ledger, self.network.operator_1))
                row = await conn.fetchrow(
                    f"SELECT index, record {store.UNTAKEN} ORDER BY epoch LIMIT 1",
                    ledger.edge.size if ledger else 0,
                )
            if row is None or ledger is None or operator is None:
                return
            epoch = read_epoch(row["record"])
            if operator.edge.size >= epoch.x_size:
                yield row["index"], epoch
            elif _read_later(operator, ledger):
                ahead = alarm_of_log(Kind.EXTRA, self.network.ledger, epoch.x_size)
                await self.collector.alarm([ahead], (_taken(epoch, None),))
            else:
                return

    async def _take(self, place: int, epoch: Epoch, body: bytes) -> None:
        ledger, now = self.network.ledger, self.collector.clock()
        read = read_transition(body)
        alarms: list[Alarm] = []
        statements: list[Statement] = []
        if hashlib.sha256(body).hexdigest() != epoch.transition:
            alarms.append(alarm_of_log(Kind.DIFFERING, ledger, epoch.epoch))
        elif isinstance(read, Problem):
            alarms.append(alarm_of_log(Kind.MALFORMED, ledger, place))
        elif read.epoch != epoch.epoch:
            alarms.append(alarm_of_log(Kind.DIFFERING, ledger, epoch.epoch))
        else:
            indexes, commits = _claims(read)
            values = (ledger, self.network.operator_1, indexes, commits, now)
            statements.append(Statement(LEDGER_LINES, values))
            async with self.collector.db.read() as conn:
                alarms += await self._unfounded(conn, indexes, commits)
        async with self.collector.db.read() as conn:
            events = await store.events_before(conn, epoch.x_size)
        statements.append(_taken(epoch, events))
        await self.collector.alarm(alarms, statements)

    async def _unfounded(
        self, conn: AnyConnection, indexes: Sequence[int], commits: Sequence[bytes]
    ) -> list[Alarm]:
        """What the ledger counts and operator 1 does not have at that place, or not as an open exchange."""
        rows = await conn.fetch(
            "SELECT x.index FROM unnest($2::bigint[], $3::bytea[]) AS x (index, commit) "
            "LEFT JOIN oversight.line AS l ON l.log = $1 AND l.index = x.index AND l.kind = 'inquire' "
            "AND (x.commit = '' OR x.commit = l.commit) WHERE l.index IS NULL",
            self.network.operator_1,
            indexes,
            commits,
        )
        return [alarm_of_log(Kind.EXTRA, self.network.ledger, row["index"]) for row in rows]

    async def _judge_all(self) -> None:
        start, more = b"", True
        async with self.collector.db.read() as conn:
            known = await store.readings(conn)
            untaken = await conn.fetchval(
                f"SELECT count(*) {store.UNTAKEN}",
                known[self.network.ledger].edge.size if self.network.ledger in known else 0,
            )
        read = {log: one.read_at.timestamp() for log, one in known.items() if one.read_at}
        if untaken:  # what the ledger counts is not known up to when its log was read
            read.pop(self.network.ledger, None)
        while more:
            async with self.collector.db.read() as conn:
                lines = await store.next_lines(conn, start, AT_ONCE)
            more = len(lines) == AT_ONCE
            if more:
                lines, start = _whole_exchanges(lines)
            await self._judge(lines, read)

    async def _judge(self, lines: Sequence[Line], read: dict[str, float]) -> None:
        groups = list(exchanges(lines))
        judged = [judge(group, self.network, read, self.settle) for group in groups]
        settled = [one for one in judged if one is not None]
        async with self.collector.db.read() as conn:
            standing = await alarms_store.open_of(conn, [group[0].commit for group in groups])
        found = {alarm.id: alarm for one in settled for alarm in map(alarm_of, one.findings)}
        known = {one.alarm.id for some in standing.values() for one in some}
        over = [
            one
            for judgement in settled
            for one in standing.get(judgement.about.commit, ())
            if one.alarm.id not in found
        ]
        fresh = [alarm for alarm in found.values() if alarm.id not in known]
        await self._write(settled, fresh, over, self.collector.clock())
        states = [one.state for one in settled]
        self._add(
            complete=states.count(State.COMPLETE),
            abandoned=states.count(State.ABANDONED),
            unstamped=states.count(State.UNSTAMPED),
            waiting=len(judged) - len(settled),
            raised=len(fresh),
            closed=len(over),
        )

    async def _write(
        self, settled: Sequence[Judged], fresh: Sequence[Alarm], over: Sequence[Standing], now: datetime
    ) -> None:
        done = [one for one in settled if one.state is not State.ALARM]
        raised, closed = alarms_store.raised(fresh, now), alarms_store.closed(over, now)
        statements = (*store.settled(done), *raised.statements, *closed.statements)
        if statements:
            await self.collector.write(Writing(statements, (*raised.notices, *closed.notices)))


async def _all_or_none(works: Iterable[Coroutine[None, None, None]]) -> None:
    """Do several works side by side; where one fails, none goes on."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _read_later(one: Reading, other: Reading) -> bool:
    """Whether a log was read, and to its end, no earlier than another."""
    if one.read_at is None or other.read_at is None or one.target is not None:
        return False
    return one.read_at >= other.read_at


def _taken(epoch: Epoch, events: int | None) -> Statement:
    query = "UPDATE oversight.epoch SET taken = true, events = $2 WHERE epoch = $1"
    return Statement(query, (epoch.epoch, events))


def _claims(read: Transition) -> tuple[list[int], list[bytes]]:
    """The places at operator 1 that the ledger counts, each with the commitment it names, if any."""
    settled = [(index, b"") for index in read.settled]
    deferred = [(one.index, bytes.fromhex(one.commit)) for one in read.deferred]
    claims = settled + deferred
    return [index for index, _ in claims], [commit for _, commit in claims]


def _whole_exchanges(lines: list[Line]) -> tuple[list[Line], bytes]:
    """The lines without the last exchange, which may go on, and where to go on."""
    last = lines[-1].commit
    whole = [line for line in lines if line.commit != last]
    return (whole, last) if whole else (lines, last + b"\0")
