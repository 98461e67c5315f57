"""Witness: watches the logs of all institutions, so that none can show two histories (C2SP tlog-witness)."""

from kumihimo.witness.app import POLICY_FILE, open_room
from kumihimo.witness.keys import KEY_FILES, load_cosigners

__all__ = ["KEY_FILES", "POLICY_FILE", "load_cosigners", "open_room"]
