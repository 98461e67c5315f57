"""Witness: watches the logs of all institutions, so that none can show two histories (C2SP tlog-witness)."""

from kumihimo.witness.app import open_room

__all__ = ["open_room"]
