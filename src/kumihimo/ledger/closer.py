"""The one who closes epochs: on a timer, and at once for a disclosure that wants proof.

Each time in this order, so that nothing counted is missing from X and nothing given up is recorded later:
events that wait too long are barred from being recorded, what has waited for its outcome is settled (which
also waits for all jobs before it), the cut is read, X is read, the epoch is written. The top of the map moves
only after the commit. When it is not known whether a commit happened, everything is read again.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

from kumihimo.base import ErrorType, Problem
from kumihimo.exchange import PASSING
from kumihimo.ledger.closing import close_epoch
from kumihimo.ledger.cut import Closing, News, Standpoint
from kumihimo.ledger.epoch_store import CloseJob, EpochDamagedError, load_standpoint, read_cut
from kumihimo.ledger.standing import OPEN_SECONDS
from kumihimo.ledger.store import AT_ONCE, Book, SettleJob
from kumihimo.log import Edge
from kumihimo.node import Institution, log_origin

EPOCH_SECONDS = 10.0
PAUSE = 1.0
"""Seconds between two epochs at least, however many disclosures want one."""
type ReadX = Callable[[Edge], Awaitable[News | Problem]]
type WriteInt[J] = Callable[[J], Awaitable[int]]


@dataclass(slots=True)
class Closer:
    """Closes the ledger's epochs, one after the other."""

    institution: Institution
    book: Book
    read_x: ReadX
    settle: WriteInt[SettleJob]
    close_write: WriteInt[CloseJob]
    depth: int
    seconds: float = EPOCH_SECONDS
    closed: Callable[[], None] = lambda: None
    _last: Standpoint | None = None
    _problem: Problem | None = None
    _wanted: asyncio.Event = field(default_factory=asyncio.Event)
    _turn: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def last(self) -> Standpoint | None:
        """The last closed epoch; None until the map has been read."""
        return self._last

    async def run(self) -> None:
        """Close epochs until cancelled; a store or an operator that is away is tried again."""
        loop = asyncio.get_running_loop()
        while True:
            started = loop.time()
            try:
                self._problem = await self.close()
            except PASSING as fault:
                self._last = None
                self._problem = Problem(ErrorType.PROVIDER_UNAVAILABLE, detail="the ledger's store is away")
                self.institution.logger.warning("epoch not closed", fault=type(fault).__name__)
            except EpochDamagedError as fault:
                self._problem = Problem(ErrorType.UNKNOWN, detail="the ledger's map was changed")
                self.institution.logger.error("epoch not closed", fault=type(fault).__name__)
            async with self._turn:
                self._turn.notify_all()
            await asyncio.sleep(max(0.0, started + PAUSE - loop.time()))
            await self._until_wanted(started + self.seconds - loop.time())

    async def covering(self, seq: int, seconds: float) -> Problem | None:
        """Wait, at most so long, until an epoch holds the entry with this number; None when one does."""
        try:
            async with asyncio.timeout(seconds), self._turn:
                while self._last is None or self._last.through < seq:
                    self._wanted.set()
                    await self._turn.wait()
        except TimeoutError:
            return self._problem or Problem(
                ErrorType.PROVIDER_UNAVAILABLE, detail="no epoch was closed in time"
            )
        return None

    async def close(self) -> Problem | None:
        """Close one epoch if anything has moved; the problem if that cannot be done now."""
        self._wanted.clear()
        async with self.institution.db.read() as conn:
            last = self._last or await load_standpoint(conn, self.depth)
            self._last = last
            old = await conn.fetch(
                "SELECT x_index FROM ledger.unsettled WHERE seen < $1",
                self.institution.clock() - timedelta(seconds=OPEN_SECONDS),
            )
        self.book.voided.update(row["x_index"] for row in old)
        while await self.settle(SettleJob()) >= AT_ONCE:
            pass
        async with self.institution.db.read() as conn:
            cut = await read_cut(conn, last)
        news = await self.read_x(last.edge)
        if isinstance(news, Problem):
            return self._told(news)
        origin = log_origin(self.institution.directory.current.operator(1).id)
        now = self.institution.clock()
        # Hashing many chains takes a while; meanwhile the ledger records.
        done = await asyncio.to_thread(close_epoch, last, cut, news, now=now, x_origin=origin)
        if isinstance(done, Problem):
            return self._told(done)
        if done is not None:
            await self._write(last, done)
        return None

    async def _write(self, last: Standpoint, done: Closing) -> None:
        """Make the epoch durable, then take it over; until it is known that it is, nothing is believed."""
        self._last = None
        index = await self.close_write(CloseJob(done))
        last.top.settle(done.nodes)
        self._last = Standpoint(
            top=last.top,
            through=done.through,
            record=done.record,
            text=done.text,
            log_index=index,
            edge=done.edge,
        )
        self.closed()

    def _told(self, problem: Problem) -> Problem:
        self.institution.logger.warning("epoch not closed", type=problem.type.value)
        return problem

    async def _until_wanted(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(max(seconds, 0.0)):
                await self._wanted.wait()
        except TimeoutError:
            return
