"""The law of exchange as dated data, and one pure decision over it."""

from functools import cache

from kumihimo.law.audit import Unresolved, UnresolvedKind
from kumihimo.law.diff import Change, Widening, row_document
from kumihimo.law.lines import answer_line
from kumihimo.law.load import Reader, Tables, load, package_data
from kumihimo.law.model import (
    Affair,
    Part,
    Party,
    Permitted,
    Phrase,
    RefusalReason,
    Refused,
    Revision,
    Role,
    Row,
    Snapshot,
    Term,
)
from kumihimo.law.parties import Bodies, Qualification, qualification_id
from kumihimo.law.procedures import Piece, Procedure, piece_reference
from kumihimo.law.statutes import Law

__all__ = [
    "Affair",
    "Bodies",
    "Change",
    "Law",
    "Part",
    "Party",
    "Permitted",
    "Phrase",
    "Piece",
    "Procedure",
    "Qualification",
    "Reader",
    "RefusalReason",
    "Refused",
    "Revision",
    "Role",
    "Row",
    "Snapshot",
    "Tables",
    "Term",
    "Unresolved",
    "UnresolvedKind",
    "Widening",
    "answer_line",
    "law",
    "load",
    "package_data",
    "piece_reference",
    "qualification_id",
    "row_document",
]


@cache
def law() -> Law:
    """The law the package carries; read once, then kept."""
    return Law(load())
