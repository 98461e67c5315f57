"""Logs of a small network in memory, and a commission's office over a real database that reads them."""

import asyncio
import hashlib
import json
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from kumihimo.base import ErrorType, Problem, Secret
from kumihimo.log import Checkpoint, LogAppender, NoteSigner, NoteVerifier, root_of, sign_note
from kumihimo.node import Database, Journal, Metrics, Outbox, migrate
from kumihimo.node.telemetry import logger_of
from kumihimo.oversight import alarms_store
from kumihimo.oversight.alarms_store import Standing
from kumihimo.oversight.collecting import Collector
from kumihimo.oversight.reconciling import Network
from kumihimo.oversight.runs import Outcome, Reconciliation
from kumihimo.oversight.store import Books

START = datetime(2026, 7, 1, 3, 30, tzinfo=UTC)
CITY, PENSION, PORTAL, LEDGER = "muni-131016", "nenkin", "portal", "ledger"
ONE, TWO = "digital", "jlis"
NETWORK = Network(ONE, TWO, LEDGER)
ROW = "o9/92/3@2024-05-27"
EVERYBODY = (CITY, ONE, TWO, PENSION)
ALL = (*EVERYBODY, PORTAL, LEDGER)


def commit_of(number: int) -> bytes:
    return hashlib.sha256(b"exchange %d" % number).digest()


def entry(number: int, at: datetime, **other: object) -> bytes:
    """The entry that all logs of an exchange bear."""
    said = {
        "commit": b64encode(commit_of(number)).decode(),
        "hour": int(at.timestamp()) // 3600,
        "inquirer": CITY,
        "kind": "inquire",
        "provider": PENSION,
        "row": ROW,
        "v": 1,
        **other,
    }
    return json.dumps(said, sort_keys=True, separators=(",", ":")).encode()


@dataclass
class MemoryLogs:
    """Everybody's log, as everybody shows it; a test may show something else."""

    now: Callable[[], datetime]
    entries_of: dict[str, list[bytes]] = field(default_factory=lambda: {log: [] for log in ALL})
    signed: dict[str, str] = field(default_factory=dict)
    down: set[str] = field(default_factory=set)
    transitions: dict[int, bytes] = field(default_factory=dict)
    fetched: list[tuple[str, int]] = field(default_factory=list)
    cut_after: int | None = None

    @staticmethod
    def signer(log: str) -> NoteSigner:
        return NoteSigner(f"kumihimo.example/{log}", Secret(hashlib.sha256(log.encode()).digest()))

    def names(self) -> dict[str, NoteVerifier]:
        return {log: self.signer(log).verifier for log in self.entries_of}

    def note(self, log: str) -> str:
        """The checkpoint over what the log holds now."""
        signer, entries = self.signer(log), self.entries_of[log]
        return sign_note(Checkpoint(signer.name, len(entries), root_of(entries)).text, signer)

    async def checkpoint(self, log: str) -> str | Problem:
        if log in self.down:
            return Problem(ErrorType.PROVIDER_UNAVAILABLE)
        return self.signed.get(log) or self.note(log)

    async def entries(self, log: str, start: int, end: int) -> list[bytes] | Problem:
        if log in self.down:
            return Problem(ErrorType.PROVIDER_UNAVAILABLE)
        if self.cut_after is not None and len(self.fetched) >= self.cut_after:
            raise asyncio.CancelledError
        self.fetched.append((log, start))
        return self.entries_of[log][start : min(end, start + 100)]

    async def transition(self, epoch: int) -> bytes | Problem:
        return self.transitions.get(epoch) or Problem(ErrorType.NOT_FOUND)

    def exchange(self, number: int, *logs: str, settled: bool = True, **other: object) -> None:
        """An exchange in these logs (by default in all of its way), counted by the ledger."""
        logs = logs or EVERYBODY
        for log in logs:
            self.entries_of[log].append(entry(number, self.now(), **other))
        if settled and ONE in logs:
            self.epoch(len(self.entries_of[ONE]) - 1)

    def epoch(
        self,
        *settled: int,
        deferred: tuple[dict[str, object], ...] = (),
        body: bytes | None = None,
        record: Mapping[str, object] | None = None,
    ) -> None:
        """Another epoch of the ledger that counts these places of operator 1's log, or says otherwise."""
        number = len(self.transitions) + 1
        document = {"v": 1, "epoch": number, "moved": [], "settled": settled, "deferred": deferred}
        if body is None:
            body = json.dumps({**document, "released": [], "open": [], "void": []}).encode()
        self.transitions[number] = body
        honest = {
            "v": 1,
            "kind": "epoch",
            "epoch": number,
            "time": int(self.now().timestamp() * 1000),
            "total": number,
            "persons": number,
            "deferred": 0,
            "open": 0,
            "void": 0,
            "x_size": len(self.entries_of[ONE]),
            "transition": hashlib.sha256(body).hexdigest(),
        }
        said = {**honest, **(record or {})}
        self.entries_of[LEDGER].append(json.dumps(said, sort_keys=True).encode())


@dataclass
class CommissionOffice:
    """A commission over its own database."""

    dsn: str
    db: Database
    books: Books
    write: object
    logs: MemoryLogs
    at: datetime = START

    def now(self) -> datetime:
        return self.at

    def later(self, **time: int) -> None:
        self.at += timedelta(**time)

    def collector(self) -> Collector:
        return Collector(self.logs, self.db, self.write, self.now, ONE, LEDGER)

    async def compare(self) -> Outcome:
        return await Reconciliation(self.collector(), NETWORK).run()

    async def settled(self) -> Outcome:
        """Compare now and after everything has settled; what the second comparison found."""
        await self.compare()
        self.later(minutes=6)
        return await self.compare()

    async def alarms(self) -> list[Standing]:
        async with self.db.read() as conn:
            found = await alarms_store.standing(conn, 1000)
        return [one for one in found if one.closed_at is None]

    async def found(self) -> set[tuple[str, str]]:
        return {(one.alarm.kind.value, one.alarm.owner) for one in await self.alarms()}

    async def waiting_lines(self) -> int:
        async with self.db.read() as conn:
            return await conn.fetchval("SELECT count(*) FROM oversight.line")

    async def tally(self) -> dict[str, int]:
        async with self.db.read() as conn:
            row = await conn.fetchrow(
                "SELECT coalesce(sum(complete), 0)::int AS complete, "
                "coalesce(sum(abandoned), 0)::int AS abandoned, "
                "coalesce(sum(unstamped), 0)::int AS unstamped FROM oversight.tally"
            )
        return dict(row)


@asynccontextmanager
async def open_office(dsn: str) -> AsyncIterator[CommissionOffice]:
    """The commission's database, journal and outbox, without its HTTP."""
    metrics, logger = Metrics(), logger_of("ppc")
    db = await Database.open(dsn, name="ppc")
    async with db.pool.acquire() as conn:
        for package in ("node", "log", "oversight"):
            await migrate(conn, f"kumihimo.{package}")
    office: CommissionOffice

    async def open_log(conn: object) -> LogAppender:
        return await LogAppender.open(
            conn, "kumihimo.example/ppc", MemoryLogs.signer("ppc"), lambda: office.at
        )

    journal = Journal(dsn, open_log, name="ppc", metrics=metrics, logger=logger)
    await journal.open()
    books = Books(Outbox(dsn, journal, name="ppc", metrics=metrics, logger=logger))
    office = CommissionOffice(
        dsn, db, books, journal.register("oversight", books.apply), MemoryLogs(lambda: office.at)
    )
    try:
        yield office
    finally:
        await journal.close()
        await db.close()
