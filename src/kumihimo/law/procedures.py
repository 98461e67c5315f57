"""The detail articles: in which step of an affair whose data may be asked (order 9, articles 3 to 175-2)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from kumihimo.law.model import Row

_OPENING = "（「『〔"
_CLOSING = "）」』〕"
_CONCERNING = "に係る"


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of information that a procedure may ask for (イ, ロ, ハ …).

    ``rows`` are the permissions that cover it, ``types`` the defined terms it falls under, ``see`` the
    references of the pieces it points to, ``basis`` how its link to the rows was found when not by a term.
    """

    reference: str
    no: str | None
    text: str
    types: tuple[str, ...]
    rows: tuple[str, ...]
    see: tuple[str, ...] = ()
    basis: str | None = None

    @property
    def person(self) -> str | None:
        """Whose data it is: the words before the last に係る outside brackets; ``None`` if unsaid."""
        return person_concerned(self.text)


@dataclass(frozen=True, slots=True)
class Procedure:
    """One step of an affair (事務手続) and the pieces of information that may be asked in it.

    Text of the newest revision in the source; ``since`` is the first day of its present wording.
    """

    item: str
    article: str
    inquirer: str
    no: str | None
    text: str
    since: date
    pieces: tuple[Piece, ...]
    lead: str | None = None
    scope: str | None = None


def piece_reference(article: str, procedure_no: str | None, piece_no: str | None) -> str:
    """The name of a piece on a slip, such as ``108/1/イ``; ``-`` where the article has no number there."""
    return f"{article}/{procedure_no or '-'}/{piece_no or '-'}"


def person_concerned(text: str) -> str | None:
    """Read whose data a piece is about: the text before the last に係る that no bracket encloses."""
    depth, found = 0, -1
    for place, character in enumerate(text):
        if character in _OPENING:
            depth += 1
        elif character in _CLOSING:
            depth -= 1
        elif depth == 0 and text.startswith(_CONCERNING, place):
            found = place
    return text[:found] if found > 0 else None


class Details:
    """All procedures, found by item, by piece, and by the row that covers them."""

    def __init__(self, procedures: Iterable[Procedure], rows: Mapping[str, Row]) -> None:
        self.all = tuple(procedures)
        self._rows = rows
        self._by_item: dict[str, list[Procedure]] = {}
        self._pieces: dict[str, tuple[Procedure, Piece]] = {}
        for procedure in self.all:
            self._by_item.setdefault(procedure.item, []).append(procedure)
            for piece in procedure.pieces:
                self._pieces[piece.reference] = (procedure, piece)

    def of_item(self, item: str) -> tuple[Procedure, ...]:
        """The procedures of an affair, by its item number in the newest revision."""
        return tuple(self._by_item.get(item, ()))

    def piece(self, reference: str) -> tuple[Procedure, Piece] | None:
        """A piece with the procedure it stands in."""
        return self._pieces.get(reference)

    def meant(self, piece: Piece) -> tuple[Piece, ...]:
        """The pieces meant: those a reference (前号に掲げる情報) points to, else the piece itself.

        A piece that adds something of its own to what it points to comes last in the list.
        """
        pointed = tuple(self._pieces[reference][1] for reference in piece.see)
        own = not set(piece.rows) <= {row for each in pointed for row in each.rows}
        return (*pointed, piece) if own else pointed

    def covers(self, row: Row, reference: str, on: date) -> bool:
        """Whether the row permits that piece on that day.

        A piece is known only in its present wording, so never before ``since``; the row counts if a covering
        row is it, or continues it with only wording or number changed.
        """
        found = self._pieces.get(reference)
        return found is not None and found[0].since <= on and row.id in self._ancestry(found[1].rows)

    def _ancestry(self, ids: Iterable[str]) -> set[str]:
        known: set[str] = set()
        for start in ids:
            here: str | None = start
            while here is not None and here not in known:
                known.add(here)
                here = self._rows[here].lineage
        return known
