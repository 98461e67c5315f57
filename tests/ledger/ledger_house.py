"""A ledger without a nation: book, journal and closer over a database of their own, and a log X to follow.

Slips and codes are left out: whom a record is about is said by a label, and X is a table.
"""

import hashlib
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace

import asyncpg
import msgspec

from kumihimo.base import Secret, system_clock
from kumihimo.exchange import Outcome, Recorded, Signed
from kumihimo.ledger import Kind
from kumihimo.ledger.closer import Closer
from kumihimo.ledger.cut import News
from kumihimo.ledger.deferral import Terms
from kumihimo.ledger.events import OutcomeJob
from kumihimo.ledger.model import Entry
from kumihimo.ledger.replay import Auditor
from kumihimo.ledger.store import Book, RecordJob, SettleJob
from kumihimo.ledger.transition import EpochRecord
from kumihimo.log import Edge, LogAppender, NoteSigner, leaf_hash
from kumihimo.messages import Vault
from kumihimo.node import Connection, Database, Journal, Metrics, migrate
from kumihimo.node.telemetry import logger_of

ORIGIN, X_ORIGIN = "kumihimo.example/ledger", "kumihimo.example/digital"
SIGNER = NoteSigner(ORIGIN, Secret(bytes(range(32))))
VAULT = Vault(bytes(32))
DEPTH = 4


class HouseClock:
    """The time of day, moved by hand."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return system_clock() + self.ahead


@dataclass
class XTable:
    """Operator 1's log as a table; an entry stands there before anything is recorded."""

    uri: str

    async def append(self, commits: Sequence[bytes], kind: str = "inquire") -> list[int]:
        conn = await asyncpg.connect(self.uri)
        entries = [msgspec.json.encode({"kind": kind, "commit": commit}) for commit in commits]
        try:
            rows = await conn.fetch(
                "INSERT INTO drill.x (entry) SELECT * FROM unnest($1::bytea[]) RETURNING index", entries
            )
        finally:
            await conn.close()
        return [row["index"] for row in rows]

    async def entries(self, start: int, end: int | None = None) -> list[bytes]:
        conn = await asyncpg.connect(self.uri)
        try:
            rows = await conn.fetch(
                "SELECT entry FROM drill.x WHERE index >= $1 AND index < $2 ORDER BY index",
                start,
                1 << 40 if end is None else end,
            )
        finally:
            await conn.close()
        return [bytes(row["entry"]) for row in rows]

    async def read(self, edge: Edge) -> News:
        found = await self.entries(edge.size)
        events = {}
        for index, entry in enumerate(found, edge.size):
            read = msgspec.json.decode(entry, type=_XEntry)
            if read.kind == "inquire":
                events[index] = read.commit
        after, _ = edge.extend([leaf_hash(entry) for entry in found])
        return News(events, after, "")


class _XEntry(msgspec.Struct):
    kind: str
    commit: bytes


@dataclass
class House:
    """An open ledger; `write` is durable when it returns."""

    uri: str
    journal: Journal
    db: Database
    book: Book
    closer: Closer
    x: XTable
    clock: HouseClock
    write: object = field(default=None)

    async def ask(self, *labels: bytes, terms: Terms | None = None, kind: Kind = Kind.ASKED) -> list[bytes]:
        """Record an exchange on each of these persons; their txs."""
        commits = [os.urandom(32) for _ in labels]
        indexes = await self.x.append(commits)
        jobs = [
            record_job(label, commit, index, self.clock(), terms=terms, kind=kind)
            for label, commit, index in zip(labels, commits, indexes, strict=True)
        ]
        for job in jobs:
            assert isinstance(await self.write(job), Signed)
        return [job.slip.tx for job in jobs]

    async def tell(
        self, *txs: bytes, terms: Terms | None = None, outcome: Outcome = Outcome.PROVIDED
    ) -> None:
        """The provider's reports."""
        for tx in txs:
            assert await self.write(outcome_job(tx, self.clock(), outcome, terms)) is True

    async def happened(self, *labels: bytes, terms: Terms | None = None) -> list[bytes]:
        """Exchanges with their outcomes."""
        txs = await self.ask(*labels, terms=terms)
        await self.tell(*txs)
        return txs

    async def settle(self) -> int:
        return await self.write(SettleJob())

    async def close(self) -> EpochRecord:
        """Close an epoch; the newest record."""
        assert await self.closer.close() is None
        assert self.closer.last is not None and self.closer.last.record is not None
        return self.closer.last.record

    async def rows(self, query: str, *arguments: object) -> list[asyncpg.Record]:
        async with self.db.read() as conn:
            return await conn.fetch(query, *arguments)

    async def execute(self, statement: str, *arguments: object) -> None:
        conn = await asyncpg.connect(self.uri)
        await conn.execute(statement, *arguments)
        await conn.close()

    async def replay(self) -> Auditor:
        """Follow all epochs as an auditor does, from nothing; nothing may be wrong."""
        auditor = Auditor(X_ORIGIN)
        for row in await self.rows("SELECT record, transition FROM ledger.epoch ORDER BY number"):
            record = msgspec.json.decode(row["record"], type=EpochRecord)
            entries = await self.x.entries(auditor.x_size, record.x_size)
            assert auditor.take(bytes(row["record"]), bytes(row["transition"]), entries) == ()
        return auditor


def someone(number: int) -> bytes:
    """The label of a made-up person."""
    return hashlib.sha256(b"person %d" % number).digest()


def record_job(
    label: bytes,
    commit: bytes,
    index: int,
    now: datetime,
    *,
    terms: Terms | None = None,
    kind: Kind = Kind.ASKED,
    tx: bytes | None = None,
) -> RecordJob:
    tx = tx or os.urandom(16)
    entry = Entry(
        v=1,
        kind=kind,
        tx=tx.hex(),
        time=int(now.timestamp() * 1000),
        inquirer="muni-131016",
        provider="nenkin",
        permission="o9/1/1@2024-05-27",
        items=("a", "b"),
        commit=commit.hex(),
    )
    return RecordJob(
        slip=Recorded(tx, hashlib.sha256(tx).digest(), "muni-131016"),
        label=label,
        entry=entry,
        receipt=Signed(body=msgspec.json.encode({"commit": commit}), jws="j"),
        x_index=index,
        commit=commit,
        material=VAULT.seal(b"papers", tx),
        terms=terms,
    )


def outcome_job(tx: bytes, now: datetime, outcome: Outcome, terms: Terms | None = None) -> OutcomeJob:
    time = int(now.timestamp() * 1000)
    entry = Entry(v=1, kind=Kind.OUTCOME, tx=tx.hex(), time=time, outcome=outcome)
    return OutcomeJob(tx, "nenkin", outcome.value, entry, terms)


async def fresh(uri: str) -> None:
    """Give a database the ledger's schemas, empty, and the table X."""
    conn = await asyncpg.connect(uri)
    for schema in ("log", "ledger", "node", "drill"):
        await conn.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
    await conn.execute("CREATE SCHEMA drill")
    await conn.execute(
        "CREATE TABLE drill.x"
        " (index bigint GENERATED ALWAYS AS IDENTITY (START WITH 0 MINVALUE 0), entry bytea)"
    )
    for room in ("node", "log", "ledger"):
        await migrate(conn, f"kumihimo.{room}")
    await conn.close()


@asynccontextmanager
async def open_house(uri: str, *, depth: int = DEPTH, maximum_days: int = 365) -> AsyncIterator[House]:
    """Open the ledger over its database; the closer closes when it is told to."""
    clock = HouseClock()

    async def open_log(conn: Connection) -> LogAppender:
        return await LogAppender.open(conn, ORIGIN, SIGNER, clock)

    async with AsyncExitStack() as stack:
        db = await Database.open(uri, name="house")
        stack.push_async_callback(db.close)
        logger = logger_of("ledger")
        journal = Journal(uri, open_log, name="house", metrics=Metrics(), logger=logger)
        book = Book(VAULT, clock, maximum_days=maximum_days)
        write = journal.register("ledger", book.apply)
        await journal.open(patience=30.0)
        stack.push_async_callback(journal.close)
        x = XTable(uri)
        operator = SimpleNamespace(id="digital")
        directory = SimpleNamespace(current=SimpleNamespace(operator=lambda _: operator))
        institution = SimpleNamespace(db=db, clock=clock, logger=logger, directory=directory)
        closer = Closer(
            institution=institution, book=book, read_x=x.read, settle=write, close_write=write, depth=depth
        )
        yield House(uri, journal, db, book, closer, x, clock, write)
