"""Work to do later, promised in the same transaction as its cause: at least once, parked, never dropped.

A row is leased for LEASE seconds (SKIP LOCKED), handed to the handler of its kind together with others, and
deleted when the handler accepts it. A refusal or a crash brings it again with back-off; after ATTEMPTS it is
parked where a person can see and resend it. A process that dies leaves its rows leased; they come again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from kumihimo.base import Problem
from kumihimo.node.batch import Batch
from kumihimo.node.database import AWAY, AnyConnection, Connection, connect
from kumihimo.node.journal import Journal
from kumihimo.node.telemetry import Logger, Metrics, where

BATCH = 100
ATTEMPTS = 12  # the last ones 15 minutes apart: about 50 minutes in all
LEASE = 30.0
_CHANNEL = "outbox"
_IDLE = 5.0  # seconds between looks when nothing is known to be due


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """One piece of work: its kind, the key it concerns, its payload, and how often it was tried before."""

    id: int
    kind: str
    key: str
    payload: bytes
    attempts: int


type OutboxHandler = Callable[[Sequence[OutboxRow]], Awaitable[Sequence[Problem | None]]]
"""Does several pieces of work of one kind; None for each that is done, the Problem for each that is not."""

_PUT = """
INSERT INTO node.outbox (kind, key, payload, due)
SELECT $1, key, payload, statement_timestamp() + $4::float8 * interval '1 second'
FROM unnest($2::text[], $3::bytea[]) AS work (key, payload)
"""
_TAKE = """
UPDATE node.outbox SET due = now() + $1 * interval '1 second', attempts = attempts + 1
WHERE id IN (
    SELECT id FROM node.outbox WHERE parked_at IS NULL AND due <= now() AND kind = ANY($3)
    ORDER BY due LIMIT $2 FOR UPDATE SKIP LOCKED
)
RETURNING id, kind, key, payload, attempts - 1 AS attempts
"""
_DONE = "DELETE FROM node.outbox WHERE id = ANY($1)"
_AGAIN = """
UPDATE node.outbox SET
    last_problem = failed.problem,
    due = now() + least(power(2, attempts - 1) * $3, 900) * interval '1 second',
    parked_at = CASE WHEN attempts >= $4 THEN now() END
FROM unnest($1::bigint[], $2::text[]) AS failed (id, problem)
WHERE outbox.id = failed.id
RETURNING parked_at IS NOT NULL
"""
_NEXT = """
SELECT extract(epoch FROM min(due) - now())::float8 FROM node.outbox
WHERE parked_at IS NULL AND kind = ANY($1)
"""


class Outbox:
    """The institution's work to do later; one worker per institution, beside the journal's one writer."""

    def __init__(self, dsn: str, journal: Journal, *, name: str, metrics: Metrics, logger: Logger) -> None:
        self._dsn, self._journal, self._name = dsn, journal, name
        self._metrics, self._logger = metrics, logger
        self._handlers: dict[str, OutboxHandler] = {}
        self._fresh: float | None = None  # in how many seconds what the running batch promises is due
        self._bell: asyncio.TimerHandle | None = None
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.first_pause = 1.0  # seconds before a failed piece is tried a second time; doubles each time
        self.attempts = ATTEMPTS
        journal.after_commit(self._committed)

    def register(self, kind: str, handler: OutboxHandler) -> None:
        """Name who does the work of one kind; rows of a kind without handler wait."""
        self._handlers[kind] = handler
        self._wake.set()

    async def put(
        self, conn: AnyConnection | Batch, kind: str, work: Sequence[tuple[str, bytes]], delay: float = 0.0
    ) -> None:
        """Promise pieces of work (key, payload) within the caller's transaction, due in `delay` seconds."""
        promise = _PUT, kind, [key for key, _ in work], [payload for _, payload in work], delay
        if isinstance(conn, Batch):
            conn.add(*promise)
            # The worker looks after the commit; NOTIFY would serialise all commits.
            self._fresh = delay if self._fresh is None else min(self._fresh, delay)
        else:
            await conn.execute(*promise)
            await conn.execute("SELECT pg_notify($1, '')", _CHANNEL)

    async def parked(self, conn: AnyConnection) -> list[tuple[OutboxRow, str, datetime]]:
        """Work that a person must look at: the row, the last problem's type, and since when."""
        rows = await conn.fetch("SELECT * FROM node.outbox WHERE parked_at IS NOT NULL ORDER BY id")
        return [
            (
                OutboxRow(row["id"], row["kind"], row["key"], row["payload"], row["attempts"]),
                row["last_problem"],
                row["parked_at"].astimezone(UTC),
            )
            for row in rows
        ]

    async def resend(self, conn: AnyConnection, row_id: int) -> bool:
        """Try a parked piece again from the start; False if there is no such parked row."""
        done = await conn.execute(
            "UPDATE node.outbox SET parked_at = NULL, attempts = 0, due = now()"
            " WHERE id = $1 AND parked_at IS NOT NULL",
            row_id,
        )
        await conn.execute("SELECT pg_notify($1, '')", _CHANNEL)
        return done.endswith(" 1")

    async def open(self) -> None:
        """Start the worker; only the process that holds the journal's lock may."""
        self._task = asyncio.create_task(self._run(), name=f"outbox {self._name}")

    async def close(self) -> None:
        """Stop taking work; a piece in hand is tried again after the next start."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _committed(self) -> None:
        delay, self._fresh = self._fresh, None
        if delay is None:
            return
        loop = asyncio.get_running_loop()
        if self._bell is not None:
            if self._bell.when() <= loop.time() + delay:
                return
            self._bell.cancel()
        self._bell = loop.call_later(delay, self._ring)

    def _ring(self) -> None:
        """One bell for all that falls due meanwhile: work that can wait a little is taken together."""
        self._bell = None
        self._wake.set()

    async def _run(self) -> None:
        while True:
            try:
                # A lost lease or deletion only brings the work again, so these commits need not be durable.
                conn = await connect(self._dsn, name=f"{self._name} outbox", durable=False)
            except AWAY:
                await asyncio.sleep(1.0)
                continue
            try:
                await conn.add_listener(_CHANNEL, lambda *_: self._wake.set())
                # No other worker exists: what a killed predecessor had in hand is free at once.
                await conn.execute(
                    "UPDATE node.outbox SET due = now() WHERE attempts > 0 AND parked_at IS NULL"
                )
                await self._work(conn)
            except AWAY as fault:
                self._logger.warning("outbox connection lost", fault=type(fault).__name__)
            finally:
                conn.terminate()

    async def _work(self, conn: Connection) -> None:
        while True:
            self._wake.clear()
            rows = [
                OutboxRow(**dict(row)) for row in await conn.fetch(_TAKE, LEASE, BATCH, list(self._handlers))
            ]
            if rows:
                await self._deliver(conn, rows)
            else:
                await self._rest(conn)

    async def _rest(self, conn: Connection) -> None:
        pause = await conn.fetchval(_NEXT, list(self._handlers))
        try:
            async with asyncio.timeout(min(max(pause, 0.01), _IDLE) if pause is not None else _IDLE):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _deliver(self, conn: Connection, rows: Sequence[OutboxRow]) -> None:
        by_kind: dict[str, list[OutboxRow]] = {}
        for row in rows:
            by_kind.setdefault(row.kind, []).append(row)
        outcomes = await asyncio.gather(*(self._handle(kind, some) for kind, some in by_kind.items()))
        done = [row.id for some in outcomes for row, problem in some if problem is None]
        failed = [(row.id, problem) for some in outcomes for row, problem in some if problem is not None]
        if done:
            await conn.execute(_DONE, done)
            self._metrics.outbox("done", len(done))
        if failed:
            ids, problems = zip(*failed, strict=True)
            parked = await conn.fetch(_AGAIN, ids, problems, self.first_pause, self.attempts)
            given_up = sum(row[0] for row in parked)
            self._metrics.outbox("again", len(failed) - given_up)
            self._metrics.outbox("parked", given_up)

    async def _handle(self, kind: str, rows: Sequence[OutboxRow]) -> list[tuple[OutboxRow, str | None]]:
        """Let the handler work within the lease; a handler that raises or is late has done nothing."""
        try:
            async with asyncio.timeout(LEASE * 0.8):
                problems = await self._handlers[kind](rows)
            return [
                (row, problem.type.value if problem else None)
                for row, problem in zip(rows, problems, strict=True)
            ]
        except Exception as fault:  # noqa: BLE001 whatever a handler raises, its work comes again
            if len(rows) > 1:  # one bad piece must not park its neighbours
                return [(await self._handle(kind, [row]))[0] for row in rows]
            self._logger.error(
                "outbox handler failed", kind=kind, fault=type(fault).__name__, at=where(fault)
            )
            return [(rows[0], type(fault).__name__)]
