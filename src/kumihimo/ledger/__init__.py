"""The ledger: each person's record of exchange, kept so that it can be shown whole."""

from kumihimo.ledger.model import Entry, Kind, Line, chain_head, entry_hash, label_of, lines

__all__ = ["Entry", "Kind", "Line", "chain_head", "entry_hash", "label_of", "lines"]
