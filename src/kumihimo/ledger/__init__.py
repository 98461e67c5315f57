"""The ledger: each person's record of exchange, kept so that it can be shown whole."""

from kumihimo.ledger.file import ChainLine, write_file
from kumihimo.ledger.model import Entry, Kind, Line, chain_head, entry_hash, label_of, lines
from kumihimo.ledger.policy import RecordsPolicy, read_policy, write_policy
from kumihimo.ledger.verdict import Finding, Verdict, explain
from kumihimo.ledger.verifying import verify_file

__all__ = [
    "ChainLine",
    "Entry",
    "Finding",
    "Kind",
    "Line",
    "RecordsPolicy",
    "Verdict",
    "chain_head",
    "entry_hash",
    "explain",
    "label_of",
    "lines",
    "read_policy",
    "reading",
    "verify_file",
    "write_file",
    "write_policy",
]
