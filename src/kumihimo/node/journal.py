"""The one writer of an institution: what it acknowledges is on disk, together with its log entries.

1. One connection is pinned, with an advisory lock: a second writer process refuses to start.
2. The writer takes whatever is queued, at most BATCH jobs and at most every PACE, applies them kind by
   kind, adds what the log writes (tiles, checkpoint), and sends all of it as one durable statement.
3. A batch that fails is rolled back and each job is tried alone, so only the poisonous job fails.
4. When the connection is lost, nobody knows whether the last commit happened. The jobs of that batch get
   JournalUnavailable and may be brought again: every apply is idempotent by its transaction number.
5. A full queue refuses at once (JournalBusy) instead of making everybody wait.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any, cast

from kumihimo.log import LogAppender, LogConflictError, log_moved
from kumihimo.node.batch import Batch
from kumihimo.node.database import AWAY, Connection, connect
from kumihimo.node.telemetry import Logger, Metrics

BATCH = 256
QUEUE = 4096
PACE = 0.010  # seconds from batch to batch while jobs come several at a time; a lone job is written at once
_WRITER_LOCK = 0x6B6D77  # "kmw"; any constant: the lock is per database
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 2.0

type Apply[J, R] = Callable[[Batch, LogAppender, Sequence[J]], Awaitable[Sequence[R]]]
type Write[J, R] = Callable[[J], Awaitable[R]]
type OpenLog = Callable[[Connection], Awaitable[LogAppender]]


class JournalBusy(Exception):  # noqa: N818 a state of the journal, not a fault
    """The queue of the writer is full; nothing was written, and the caller may come again soon."""


class JournalUnavailable(Exception):  # noqa: N818
    """The database is away; whether the job was written is unknown, so bring the same job again."""


class SecondWriterError(Exception):
    """Another process already writes this institution's journal."""


@dataclass(slots=True)
class _Job:
    kind: str
    value: object
    done: asyncio.Future[object]


class Journal:
    """Durable, ordered writing for one institution; `write` returns after COMMIT."""

    def __init__(self, dsn: str, open_log: OpenLog, *, name: str, metrics: Metrics, logger: Logger) -> None:
        self._dsn, self._open_log, self._name = dsn, open_log, name
        self._metrics, self._logger = metrics, logger
        self._applies: dict[str, Apply[Any, Any]] = {}
        self._after_commit: list[Callable[[], None]] = []
        self._queue: deque[_Job] = deque()
        self._wake = asyncio.Event()
        self._closing = False
        self._taken, self._several = 0.0, False
        self._conn: Connection | None = None
        self._log: LogAppender | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def connected(self) -> bool:
        """Whether the writer holds its connection, its lock and its log."""
        return self._conn is not None and not self._conn.is_closed() and not self._closing

    @property
    def waiting(self) -> int:
        """How many jobs wait for the next batch."""
        return len(self._queue)

    def register[J, R](self, kind: str, apply: Apply[J, R]) -> Write[J, R]:
        """Name one kind of job; `apply` gets many jobs at once and gives one result for each, in order.

        Returns `write` for this kind with its types kept. `apply` must be idempotent by the job's own number.
        """
        if kind in self._applies:
            raise ValueError(f"journal: kind {kind!r} is registered twice")
        self._applies[kind] = apply

        async def write(job: J) -> R:
            return cast(R, await self.write(kind, job))

        return write

    def after_commit(self, wake: Callable[[], None]) -> None:
        """Call `wake` after each commit (the outbox looks for new work)."""
        self._after_commit.append(wake)

    async def write(self, kind: str, job: object) -> Any:
        """Apply one job; its result once it is on disk. Raises JournalBusy or JournalUnavailable."""
        if kind not in self._applies:
            raise ValueError(f"journal: kind {kind!r} is not registered")
        if self._conn is None or self._closing:
            raise JournalUnavailable
        if len(self._queue) >= QUEUE:
            raise JournalBusy
        done: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self._queue.append(_Job(kind, job, done))
        self._wake.set()
        return await done

    async def open(self, *, patience: float = 5.0) -> None:
        """Connect, take the writer's lock and start; SecondWriterError if another process keeps the lock.

        `patience` in seconds: a predecessor that was killed may hold the lock for a moment.
        """
        deadline = perf_counter() + patience
        while not await self._connect():
            if perf_counter() >= deadline:
                raise SecondWriterError(f"another process writes the journal of {self._name}")
            await asyncio.sleep(_FIRST_PAUSE)
        self._task = asyncio.create_task(self._run(), name=f"journal {self._name}")
        self._task.add_done_callback(self._ended)

    async def close(self) -> None:
        """Write what is queued, then let go of the lock."""
        self._closing = True
        self._wake.set()
        if self._task is not None:
            await self._task
        conn, self._conn = self._conn, None
        if conn is not None:
            await _part(conn)

    async def _connect(self) -> bool:
        """Try once to get connection, lock and log; False if the lock is held elsewhere."""
        conn = await connect(self._dsn, name=f"{self._name} journal")
        try:
            if not await conn.fetchval("SELECT pg_try_advisory_lock($1)", _WRITER_LOCK):
                await conn.close()
                return False
            self._log = await self._open_log(conn)
        except BaseException:
            conn.terminate()
            raise
        self._conn = conn
        conn.add_termination_listener(lambda _: self._wake.set())  # an idle writer reconnects, too
        return True

    async def _run(self) -> None:
        while True:
            if not self._closing and (self._conn is None or self._conn.is_closed()):
                await self._recover()
            if self._queue and self._conn is not None:
                await self._pace()
                await self._take(self._conn)
            elif self._closing:
                return
            elif self._conn is not None:
                self._wake.clear()
                await self._wake.wait()

    async def _pace(self) -> None:
        """Wait until PACE seconds after the last batch, if it was of several jobs or several wait now."""
        rest = self._taken + PACE - perf_counter()
        busy = self._several or len(self._queue) > 1
        if busy and rest > 0 and not self._closing and len(self._queue) < BATCH:
            await asyncio.sleep(rest)
        self._taken, self._several = perf_counter(), len(self._queue) > 1

    async def _take(self, conn: Connection) -> None:
        queue = self._queue
        batch = [queue.popleft() for _ in range(min(len(queue), BATCH))]
        started = perf_counter()
        fault = await self._commit(conn, batch)
        if fault is not None:
            await self._isolate(conn, batch, fault)
        self._metrics.journal_batch(len(batch), perf_counter() - started)

    async def _isolate(self, conn: Connection, batch: Sequence[_Job], fault: Exception) -> None:
        """Tell each job of a failed batch its own outcome: several are tried again, one by one."""
        if not await _rolled_back(conn, fault):
            self._lose(conn, batch)
        elif len(batch) == 1:
            _refuse(batch[0], fault)
        else:
            for position, job in enumerate(batch):
                own = await self._commit(conn, [job])
                if own is not None and not await _rolled_back(conn, own):
                    self._lose(conn, batch[position:])
                    return
                if own is not None:
                    _refuse(job, own)

    async def _commit(self, conn: Connection, batch: Sequence[_Job]) -> Exception | None:
        """One transaction for the batch; None when it is on disk, else what went wrong."""
        log = self._log
        assert log is not None
        try:
            writing = Batch(conn)
            results = [(jobs, await self._apply(writing, log, kind, jobs)) for kind, jobs in _by_kind(batch)]
            log.gather(writing.writes)
            await writing.commit()
        except Exception as fault:  # noqa: BLE001 an apply may fail in any way; its jobs are told
            log.rolled_back()
            return LogConflictError("the stored log has moved") if log_moved(fault) else fault
        log.committed()
        for jobs, answers in results:
            for job, answer in zip(jobs, answers, strict=True):
                if not job.done.done():
                    job.done.set_result(answer)
        for wake in self._after_commit:
            wake()
        return None

    async def _apply(
        self, writing: Batch, log: LogAppender, kind: str, jobs: Sequence[_Job]
    ) -> Sequence[object]:
        answers: Sequence[object] = await self._applies[kind](writing, log, [job.value for job in jobs])
        if len(answers) != len(jobs):
            raise RuntimeError(f"journal: {kind!r} gave {len(answers)} results for {len(jobs)} jobs")
        return answers

    def _lose(self, conn: Connection, jobs: Sequence[_Job]) -> None:
        """The connection is gone, and with it the knowledge whether these jobs were committed."""
        self._logger.warning("journal connection lost", jobs=len(jobs))
        self._conn = None
        conn.terminate()
        for job in jobs:
            _refuse(job, JournalUnavailable())

    async def _recover(self) -> None:
        """Get a new connection and reopen the log from the database; meanwhile refuse instead of waiting."""
        self._conn = None
        pause = _FIRST_PAUSE
        while not self._closing:
            try:
                if await self._connect():
                    self._logger.warning("journal connected again")
                    return
            except AWAY as fault:
                self._logger.warning("journal cannot connect", fault=type(fault).__name__)
            self._refuse_queued()
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _refuse_queued(self) -> None:
        while self._queue:
            _refuse(self._queue.popleft(), JournalUnavailable())

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Nobody waits for a writer that is no more, however it ended."""
        self._closing = True
        self._refuse_queued()
        if not task.cancelled() and task.exception() is not None:
            self._logger.error("journal writer died", fault=type(task.exception()).__name__)


def _by_kind(batch: Sequence[_Job]) -> list[tuple[str, list[_Job]]]:
    groups: dict[str, list[_Job]] = {}
    for job in batch:
        groups.setdefault(job.kind, []).append(job)
    return list(groups.items())


def _refuse(job: _Job, fault: Exception) -> None:
    if not job.done.done():  # its caller may have gone away
        job.done.set_exception(fault)


async def _rolled_back(conn: Connection, fault: Exception) -> bool:
    """Whether the failed transaction is surely undone; False when the connection can no longer tell."""
    if conn.is_closed() or isinstance(fault, TimeoutError | LogConflictError):
        return False  # a log that moved is read anew from the database, as after a lost connection
    try:
        await conn.execute("ROLLBACK")
    except AWAY:
        return False
    return True


async def _part(conn: Connection) -> None:
    try:
        await conn.close(timeout=2.0)
    except AWAY:
        conn.terminate()
