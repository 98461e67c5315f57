import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "exchange"))

from exchange_client import setting, stage
from stolen_nation import robbed

__all__ = ["robbed", "setting", "stage"]
