"""The judges are built once; where Go is missing, scripts/test-prerequisites has not been run."""

import sys
from pathlib import Path

import pytest
from judge_tools import Judges, built

sys.path.insert(0, str(Path(__file__).parents[1] / "exchange"))
sys.path.insert(0, str(Path(__file__).parents[1] / "ledger"))

from exchange_client import setting, stage

__all__ = ["setting", "stage"]


@pytest.fixture(scope="session")
def judges(tmp_path_factory: pytest.TempPathFactory) -> Judges:
    return built(tmp_path_factory.mktemp("judges"))
