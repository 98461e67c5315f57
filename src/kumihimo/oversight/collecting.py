"""Reading the logs of others: only what is new, only what their signed checkpoints prove, on after a stop.

A log is read toward the checkpoint it shows now: its new entries are fetched, hashed and laid aside, and
count once they make the root that the log itself has signed. So an entry that was changed, taken out or put
in behind the log's back never reaches the comparison; it is an alarm of its own (`forked`), and the signed
checkpoints are the evidence.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import asyncpg

from kumihimo.base import Clock, Problem
from kumihimo.log import Checkpoint, NoteVerifier, open_checkpoint
from kumihimo.node import Database
from kumihimo.oversight import store
from kumihimo.oversight.alarms import Alarm, alarm_of_log
from kumihimo.oversight.alarms_store import open_among, raised
from kumihimo.oversight.entries import Read, sort_entries
from kumihimo.oversight.reconciling import HOUR, Kind
from kumihimo.oversight.store import Reading, Statement, Writing

MOST = 1000
"""Entries fetched at once."""

type WriteDown = Callable[[Writing], Awaitable[Sequence[asyncpg.Record]]]


class Logs(Protocol):
    """How the logs of others are reached."""

    async def checkpoint(self, log: str) -> str | Problem:
        """The signed checkpoint a log shows now."""
        ...

    async def entries(self, log: str, start: int, end: int) -> list[bytes] | Problem:
        """Entries of a log from `start` on, at most up to `end`."""
        ...

    async def transition(self, epoch: int) -> bytes | Problem:
        """The transition document of one of the ledger's epochs."""
        ...

    def names(self) -> Mapping[str, NoteVerifier]:
        """The logs there are, each with the key its checkpoints are signed with."""
        ...


@dataclass(slots=True)
class Collector:
    """Reads logs into the commission's tables."""

    logs: Logs
    db: Database
    write: WriteDown
    clock: Clock
    operator_1: str
    ledger: str
    progress: dict[str, tuple[int, int]] = field(default_factory=dict)
    turns: defaultdict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))

    async def read(self, log: str) -> int:
        """Read what is new in one log; give how many entries were fetched. Faults become alarms.

        One reading of a log at a time: collectors that may work side by side share their `turns`.
        """
        async with self.turns[log]:
            async with self.db.read() as conn:
                known = await store.reading(conn, log)
            if known.target is None:
                known = await self._begin(known)
            return await self._fetch(known) if known.target else 0

    async def _begin(self, known: Reading) -> Reading:
        """Look at the log's checkpoint; give the reading toward it, or as it was if there is nothing new."""
        now = self.clock()
        note = await self.logs.checkpoint(known.log)
        if isinstance(note, Problem):
            await self._away(known, note, now)
            return known
        shown = open_checkpoint(note, self.logs.names()[known.log])
        if isinstance(shown, Problem) or not _goes_on(shown, known):
            await self._forked(known, ())
            return known
        if shown.size == known.edge.size:
            await self.write(Writing((store.begun(known.log, note, now), store.proved(known.log))))
            return known
        await self.write(Writing((store.begun(known.log, note, now),)))
        async with self.db.read() as conn:
            return await store.reading(conn, known.log)

    async def _fetch(self, known: Reading) -> int:
        target = Checkpoint.parse((known.target or "").partition("\n\n")[0] + "\n")
        assert not isinstance(target, Problem)
        edge, fetched = known.staged, 0
        while edge.size < target.size:
            self.progress[known.log] = (edge.size, target.size)
            entries = await self.logs.entries(known.log, edge.size, min(edge.size + MOST, target.size))
            if isinstance(entries, Problem):
                await self._away(known, entries, self.clock())
                return fetched
            if not entries:
                await self._forked(known, store.dropped(known))
                return fetched
            edge, start = edge.extend(entries), edge.size
            fetched += len(entries)
            read = sort_entries(start, entries, ledger=known.log == self.ledger)
            aside = store.staged(known.log, edge, read, self.clock())
            await self._lay_aside(known, aside, read, start, edge.size)
        if edge.root == target.root:
            await self.write(Writing((store.proved(known.log),)))
        else:
            await self._forked(known, store.dropped(known))
        self.progress[known.log] = (edge.size, target.size)
        return fetched

    async def _lay_aside(
        self, known: Reading, statements: Sequence[Statement], read: Read, start: int, end: int
    ) -> None:
        writes = list(statements)
        if known.log == self.operator_1:
            async with self.db.read() as conn:
                before = await store.events_before(conn, start)
            events = [place for place, one in read.exchanges if one.kind == "inquire"]
            writes.append(store.course(start, end - start, events, before))
        alarms = [alarm_of_log(Kind.MALFORMED, known.log, place) for place in read.unreadable]
        alarms += _untimely(known, read, self.clock())
        await self.alarm(alarms, writes)

    async def _forked(self, known: Reading, statements: Sequence[Statement]) -> None:
        """The log is not what it signed before, or does not show what it signed."""
        writes = [*statements, store.away(known.log, Kind.FORKED.value, self.clock())]
        if statements and known.log == self.operator_1:
            writes.append(Statement(store.DROP_COURSE, (known.edge.size,)))
        if statements and known.log == self.ledger:
            writes.append(Statement(store.DROP_EPOCHS, (known.edge.size,)))
        await self.alarm([alarm_of_log(Kind.FORKED, known.log, known.edge.size)], writes)

    async def _away(self, known: Reading, problem: Problem, now: datetime) -> None:
        await self.write(Writing((store.away(known.log, problem.type.value, now),)))

    async def alarm(self, alarms: Sequence[Alarm], statements: Sequence[Statement]) -> None:
        """Write, and raise the alarms that are not open yet."""
        async with self.db.read() as conn:
            known = await open_among(conn, [one.id for one in alarms])
        alarms = [one for one in alarms if one.id not in known]
        writing = raised(alarms, self.clock())
        await self.write(Writing((*statements, *writing.statements), writing.notices))


def _goes_on(shown: Checkpoint, known: Reading) -> bool:
    """Whether a checkpoint may follow what was proved before: not shorter, and the same where as long."""
    if shown.size == known.edge.size:
        return shown.root == known.edge.root
    return shown.size > known.edge.size


def _untimely(known: Reading, read: Read, now: datetime) -> list[Alarm]:
    """Entries under an hour in which they cannot have been written: over at the last visit, or to come."""
    latest = int(now.timestamp()) // HOUR + 1
    earliest = int(known.read_at.timestamp()) // HOUR - 1 if known.read_at else 0
    return [
        alarm_of_log(Kind.SKEWED, known.log, place)
        for place, one in read.exchanges
        if not earliest <= one.hour <= latest
    ]
