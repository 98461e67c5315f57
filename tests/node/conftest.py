"""A real PostgreSQL for the session, an empty database with its own login for each test that asks."""

from asyncio import AbstractEventLoop
from collections.abc import Callable

import pytest
import uvloop
from node_parties import ground, postgres

__all__ = ["ground", "postgres"]

type LoopFactory = Callable[[], AbstractEventLoop]


def pytest_asyncio_loop_factories(config: pytest.Config, item: pytest.Item) -> dict[str, LoopFactory]:
    """The loop the product runs on; it differs from the default one in more than speed."""
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture
def echo_has_no_tables(monkeypatch):
    """The echo room exists only here, so there is no package to migrate."""
    from kumihimo.node import institution

    real = institution.migrate

    async def migrate(conn, package):
        return 0 if package == "kumihimo.echo" else await real(conn, package)

    monkeypatch.setattr(institution, "migrate", migrate)
