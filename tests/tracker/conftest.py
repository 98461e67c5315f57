import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "exchange"))

from exchange_client import setting, stage

__all__ = ["setting", "stage"]
