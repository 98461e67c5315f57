"""What about the law no program can settle, and what in its data does not fit together."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from kumihimo.law.load import Tables
from kumihimo.law.model import Row
from kumihimo.law.parties import Bodies


class UnresolvedKind(StrEnum):
    """What a person must settle."""

    QUALIFICATION = "qualification"  # words that narrow who is meant: to be shown of each institution
    ROLE_BY_ARTICLE = "role-by-article"  # a kind of body described only by an article: which bodies?
    PIECE_OF_TWO_ROWS = "piece-of-two-rows"  # a piece that two permissions cover: the provider tells which


@dataclass(frozen=True, slots=True)
class Unresolved:
    """One thing in the law that cannot be resolved mechanically, and the rows in force that hang on it."""

    kind: UnresolvedKind
    subject: str
    text: str
    rows: tuple[str, ...]


def unresolved(tables: Tables, bodies: Bodies, on: date) -> Iterator[Unresolved]:
    """Everything in the law of that day that is left to persons."""
    uses: list[tuple[str, frozenset[str]]] = [
        *((row.id, frozenset((row.inquirer, row.provider))) for row in tables.rows if row.in_force(on)),
        *((a.id, frozenset((a.user,))) for a in tables.table1 + tables.order8 if a.in_force(on)),
    ]

    def using(phrases: set[str]) -> tuple[str, ...]:
        return tuple(place for place, words in uses if not words.isdisjoint(phrases))

    for words in bodies.qualifications:
        if found := using(set(words.phrases)):
            yield Unresolved(UnresolvedKind.QUALIFICATION, words.id, words.text, found)
    for role in bodies.roles.values():
        described = role.kind == "open" or "規定する" in role.name
        if described and (found := using({p.phrase for p in tables.phrases if role.id in p.any_of})):
            yield Unresolved(UnresolvedKind.ROLE_BY_ARTICLE, role.id, role.name, found)
    standing = {place for place, _ in uses}
    for procedure in tables.procedures:
        for piece in procedure.pieces:
            if len(piece.rows) > 1 and not piece.see and standing.issuperset(piece.rows):
                yield Unresolved(UnresolvedKind.PIECE_OF_TWO_ROWS, piece.reference, piece.text, piece.rows)


def faults(tables: Tables, bodies: Bodies) -> Iterator[str]:
    """Each place where the data files contradict one another, in plain words; none in good data."""
    ever = {row.id: row for row in tables.rows}
    if len(ever) < len(tables.rows):
        yield "a permission id occurs twice"
    for row in tables.rows:
        yield from _faults_of_row(row, ever, tables, bodies)
    for affair in tables.table1 + tables.order8:
        if affair.user not in bodies.phrases:
            yield f"{affair.id}: its user is not among the phrases of roles.json"
    for phrase in tables.phrases:
        for role in phrase.any_of:
            if role not in bodies.roles:
                yield f"{phrase.phrase}: no role {role}"
    for procedure in tables.procedures:
        for piece in procedure.pieces:
            for name in piece.rows:
                if name not in ever:
                    yield f"{piece.reference}: no permission {name}"


def _faults_of_row(row: Row, ever: dict[str, Row], tables: Tables, bodies: Bodies) -> Iterator[str]:
    for phrase in (row.inquirer, row.provider):
        if phrase not in bodies.phrases:
            yield f"{row.id}: {phrase} is not among the phrases of roles.json"
    for name in row.info_types:
        if not any(term.term == name and term.in_force(row.valid_from) for term in tables.terms):
            yield f"{row.id}: {name} is not defined on the day the row begins"
    for earlier in (row.lineage, row.amends):
        if earlier is not None and (earlier not in ever or ever[earlier].valid_to != row.valid_from):
            yield f"{row.id}: {earlier} does not end on the day the row begins"
