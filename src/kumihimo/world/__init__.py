"""The nation in miniature: institutions and synthetic residents, opened from one data folder."""

from kumihimo.world.cast import Case, cases, load_cast
from kumihimo.world.founding import (
    NODES,
    Places,
    current_directory,
    institution_ids,
    publish,
    served_directory,
)
from kumihimo.world.nation import Nation, open_nation
from kumihimo.world.office import Office
from kumihimo.world.processes import NodeFailedError
from kumihimo.world.selfcheck import SelfCheckError, ask_one, find_case, self_check
from kumihimo.world.settlement import SettlementError
from kumihimo.world.trust import quorum

__all__ = [
    "NODES",
    "Case",
    "Nation",
    "NodeFailedError",
    "Office",
    "Places",
    "SelfCheckError",
    "SettlementError",
    "ask_one",
    "cases",
    "current_directory",
    "find_case",
    "institution_ids",
    "load_cast",
    "open_nation",
    "publish",
    "quorum",
    "self_check",
    "served_directory",
]
