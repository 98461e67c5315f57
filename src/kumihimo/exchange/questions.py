"""What an institution's clerk may ask: from the affair and procedure to the one institution that may answer.

Pure. A question stands on a row of the table (who may ask whom for what) and on a piece of a procedure in
the detail articles (whose data, in which step); a clerk chooses the procedure, and the law does the rest.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from kumihimo.exchange.gates import Rules, party
from kumihimo.exchange.layouts import Layout
from kumihimo.exchange.layouts.matter import without_brackets
from kumihimo.exchange.slip import ACQUIRE_RIGHT, DISCLOSE_RIGHT
from kumihimo.law import Law, Permitted, Piece, Procedure, Row
from kumihimo.node import Directory, Entry

_AS_PROVIDED = re.compile(r"であって第[一二三四五六七八九十百の]+条で定めるもの")
_CONCERNING = "に係る"
_RIGHTS = {ACQUIRE_RIGHT: "番号法21条の2", DISCLOSE_RIGHT: "番号法附則6条3項"}


@dataclass(frozen=True, slots=True)
class Affair:
    """An affair (事務) an institution may ask for, with the procedures in which it may."""

    item: str
    title: str
    citation: str
    procedures: tuple[Procedure, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One institution that may be asked for one kind of information under one row."""

    provider: Entry
    row: Row
    layout: Layout
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """A piece of a procedure: whose data, what, and who may be asked for it in this nation."""

    piece: Piece
    whose: str
    what: str
    text: str
    candidates: tuple[Candidate, ...]


def plain(text: str) -> str:
    """A statute's words as one reads them aloud: no brackets, no 「であって第…条で定めるもの」."""
    return _AS_PROVIDED.sub("", without_brackets(text))


def citation(law: Law, permission: str) -> str:
    """The provision under which an exchange stands, as one cites it: a row of the table, or the Act."""
    row = law.row(permission)
    return f"番号法19条8号・{row.citation}" if row else _RIGHTS.get(permission, permission)


def whose_and_what(piece: Piece) -> tuple[str, str]:
    """Whose data a piece is about, and what; whose is empty where the piece does not say."""
    whose = plain(piece.person or "")
    what = plain(piece.text)
    return whose, what.removeprefix(whose).removeprefix(_CONCERNING)


def affairs(law: Law, asking: Entry, on: date) -> tuple[Affair, ...]:
    """The affairs for which an institution may ask anything that day, in statute order."""
    rows = {row.id: row for row in law.options(party(asking), on)}
    found: dict[str, list[Procedure]] = {}
    title: dict[str, Row] = {}
    for procedure in law.procedures():
        covering = [row for piece in procedure.pieces for row in piece.rows if row in rows]
        if covering:
            found.setdefault(procedure.item, []).append(procedure)
            title.setdefault(procedure.item, rows[covering[0]])
    return tuple(
        Affair(item, plain(title[item].affair), title[item].citation, tuple(procedures))
        for item, procedures in found.items()
    )


def search(choices: tuple[Affair, ...], words: str) -> tuple[Affair, ...]:
    """The affairs in which all the words stand, with the procedures that hold what the title lacks."""
    wanted = unicodedata.normalize("NFKC", words).split()
    if not wanted:
        return choices
    found = []
    for affair in choices:
        rest = [word for word in wanted if word not in affair.title]
        steps = tuple(step for step in affair.procedures if all(word in step.text for word in rest))
        if steps:
            found.append(Affair(affair.item, affair.title, affair.citation, steps))
    return tuple(found)


def find_procedure(law: Law, article: str, no: str | None) -> Procedure | None:
    """The procedure of an article by its number; null where there is none."""
    return next((one for one in law.procedures() if one.article == article and one.no == no), None)


def pieces(
    rules: Rules, directory: Directory, asking: Entry, procedure: Procedure, on: date
) -> tuple[Asked, ...]:
    """The pieces of a procedure an institution may ask for that day, each with whom it may ask."""
    rows = {row.id: row for row in rules.law.options(party(asking), on)}
    found = []
    for piece in procedure.pieces:
        covering = [rows[row] for row in piece.rows if row in rows]
        if covering:
            whose, what = whose_and_what(piece)
            candidates = tuple(
                one for row in covering for one in _candidates(rules, directory, asking, piece, row, on)
            )
            found.append(Asked(piece, whose, what, _full(rules.law, piece), candidates))
    return tuple(found)


def find_candidate(asked: tuple[Asked, ...], choice: Mapping[str, str]) -> tuple[Asked, Candidate] | None:
    """The choice a clerk made: piece, row, provider and information together, or null if the law has none."""
    for one in asked:
        for candidate in one.candidates:
            if (
                one.piece.reference == choice.get("piece")
                and candidate.row.id == choice.get("row")
                and candidate.provider.id == choice.get("to")
                and candidate.layout.information == choice.get("information")
            ):
                return one, candidate
    return None


def _candidates(
    rules: Rules, directory: Directory, asking: Entry, piece: Piece, row: Row, on: date
) -> list[Candidate]:
    found = []
    for information in row.names:
        layout = rules.layouts.latest(information)
        allowed = rules.layouts.items_of(information, piece, rules.law)
        if layout is None or not allowed:
            continue
        items = tuple(key for key in layout.items if key in allowed)
        for provider in directory.entries.values():
            if provider.id == asking.id or information not in provider.provides:
                continue
            decision = rules.law.permits(row.id, party(asking), party(provider), information, on)
            if isinstance(decision, Permitted):
                found.append(Candidate(provider, row, layout, items))
    return found


def _full(law: Law, piece: Piece) -> str:
    meant = [one.text for one in law.meant(piece) if one.text != piece.text]
    return piece.text + (f"（{'、'.join(meant)}）" if meant else "")
