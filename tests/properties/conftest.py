import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "exchange"))
sys.path.insert(0, str(Path(__file__).parents[1] / "drills"))

from exchange_client import setting, stage
from stolen_nation import robbed

__all__ = ["robbed", "setting", "stage"]
