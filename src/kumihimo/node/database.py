"""One institution's PostgreSQL database: a small pool for reading, and numbered migrations."""

import asyncio
import hashlib
import re
from contextlib import AbstractAsyncContextManager
from importlib import resources
from typing import TYPE_CHECKING

import asyncpg

if TYPE_CHECKING:
    type Connection = asyncpg.Connection[asyncpg.Record]
    type AnyConnection = Connection | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]
    type Pool = asyncpg.Pool[asyncpg.Record]
else:
    Connection = AnyConnection = asyncpg.Connection
    Pool = asyncpg.Pool

_MIGRATION = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")
_MIGRATION_LOCK = 0x6B756D69  # "kumi"; any constant: the lock is per database

_TABLE = """
CREATE SCHEMA IF NOT EXISTS node;
CREATE TABLE IF NOT EXISTS node.migration (
    package text NOT NULL,
    number integer NOT NULL,
    name text NOT NULL,
    sha256 bytea NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (package, number)
);
"""
_SESSION = {
    "timezone": "UTC",
    "jit": "off",  # compiling costs more than any of our short statements
    "plan_cache_mode": "force_generic_plan",  # all go by key: planning anew costs as much as running
    "synchronous_commit": "on",  # acknowledged means durable, whatever the server's default
}
AWAY = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
"""How the driver says that the database cannot be reached or that a connection was cut."""

STORE_AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # the server stops, starts, or ended our session
    asyncpg.InsufficientResourcesError,  # disk full, too many connections
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.InterfaceError,
    OSError,
)
"""How the driver says that the store cannot be used for now, though nothing is wrong with what was asked."""

_TIMEOUT = 20.0  # seconds for one statement; a server that takes longer counts as away


class MigrationError(Exception):
    """A migration that was applied has another text now, or the numbers have a gap."""


async def connect(dsn: str, *, name: str, durable: bool = True) -> Connection:
    """Open one connection; `durable=False` lets a commit return before it is on disk."""
    session = _SESSION | {"application_name": name}
    if not durable:
        session["synchronous_commit"] = "off"
    return await asyncpg.connect(dsn, server_settings=session, command_timeout=_TIMEOUT)


class Database:
    """The institution's own database (nobody else's): read through it, write through the journal."""

    def __init__(self, dsn: str, pool: Pool) -> None:
        self.dsn = dsn
        self.pool = pool

    @classmethod
    async def open(cls, dsn: str, *, name: str, size: int = 4) -> "Database":
        """Connect with a pool of at most `size` connections."""
        pool = await asyncpg.create_pool(
            dsn,
            min_size=1,
            max_size=size,
            max_inactive_connection_lifetime=0,
            reset=_nothing,
            command_timeout=_TIMEOUT,
            server_settings=_SESSION | {"application_name": name},
        )
        return cls(dsn, pool)

    def read(self) -> AbstractAsyncContextManager[AnyConnection]:
        """A connection for reading; a transaction left open is rolled back when it is given back."""
        return self.pool.acquire()

    async def alive(self) -> bool:
        """Whether the database answers now (within one second)."""
        try:
            return bool(await self.pool.fetchval("SELECT true", timeout=1.0))
        except AWAY:
            return False

    async def close(self) -> None:
        """Give the connections back; waits at most five seconds for readers."""
        try:
            async with asyncio.timeout(5.0):
                await self.pool.close()
        except TimeoutError:
            self.pool.terminate()


async def migrate(conn: AnyConnection, package: str) -> int:
    """Bring the tables of one room up to date; returns how many migrations were applied.

    `package` is the room ("kumihimo.ledger"); its files `migrations/NNNN_name.sql` run in order in one
    transaction under an advisory lock, so two processes that start at once do not collide. A file that was
    applied must never change afterwards: MigrationError.
    """
    files = _migrations(package)
    async with conn.transaction():
        await conn.execute("SELECT pg_advisory_xact_lock($1)", _MIGRATION_LOCK)
        await conn.execute(_TABLE)
        rows = await conn.fetch("SELECT number, sha256 FROM node.migration WHERE package = $1", package)
        applied = {row["number"]: row["sha256"] for row in rows}
        for number, (name, text) in files.items():
            digest = hashlib.sha256(text.encode()).digest()
            if number not in applied:
                await conn.execute(text, timeout=600.0)
                await conn.execute(
                    "INSERT INTO node.migration (package, number, name, sha256) VALUES ($1, $2, $3, $4)",
                    *(package, number, name, digest),
                )
            elif applied[number] != digest:
                raise MigrationError(f"{package}: migration {name} was applied with another text")
    return len(files.keys() - applied.keys())


def _migrations(package: str) -> dict[int, tuple[str, str]]:
    folder = resources.files(package) / "migrations"
    if not folder.is_dir():
        return {}
    files = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".sql")), key=lambda e: e.name)
    found: dict[int, tuple[str, str]] = {}
    for number, file in enumerate(files, 1):
        if not _MIGRATION.fullmatch(file.name) or int(file.name[:4]) != number:
            raise MigrationError(
                f"{package}: {file.name} should be number {number:04} and named NNNN_name.sql"
            )
        found[number] = (file.name, file.read_text(encoding="utf-8"))
    return found


async def _nothing(_: object) -> None:
    """Our readers change no session state, so the pool's reset query would be a wasted round trip."""
