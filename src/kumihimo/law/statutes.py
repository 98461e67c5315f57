"""The law of exchange as one object: rows by day, decisions, history, terms, procedures."""

from datetime import date

from kumihimo.law.audit import Unresolved, faults, unresolved
from kumihimo.law.decide import Decider
from kumihimo.law.diff import Widening, widening
from kumihimo.law.load import Tables
from kumihimo.law.model import (
    Affair,
    Party,
    Row,
    Snapshot,
    Term,
)
from kumihimo.law.parties import Bodies, Qualification
from kumihimo.law.picture import Course, course, draw
from kumihimo.law.procedures import Details, Piece, Procedure, piece_reference

_TERM_ORDER = ("order 9 (table)", "別表第二", "order 9 (detail articles)", "Number Act")


class Law:
    """The whole law of exchange as dated data; every question is asked of a day."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._ever = {row.id: row for row in tables.rows}
        self._next: dict[str, list[Row]] = {}
        for row in tables.rows:
            earlier = row.lineage or row.amends
            if earlier is not None:
                self._next.setdefault(earlier, []).append(row)
        self._details = Details(tables.procedures, self._ever)
        self.bodies = Bodies(tables.roles, tables.phrases)
        self._decider = Decider(tables.rows, tables.revisions, self.bodies, self._details)
        self.decide = self._decider.decide
        self.permits = self._decider.permits
        self.party = self.bodies.named

    # The tables by day

    def rows(self, on: date) -> tuple[Row, ...]:
        """The exchange table in force that day, in statute order; empty before 2017-04-01."""
        return self._decider.period(on).rows

    def row(self, permission: str) -> Row | None:
        """A permission by its id, whether or not in force."""
        return self._ever.get(permission)

    def snapshot(self, on: date) -> Snapshot:
        """The version of the table in force that day, with its hash."""
        return self._decider.period(on).snapshot

    def snapshots(self) -> tuple[Snapshot, ...]:
        """Every revision of the exchange table, oldest first."""
        return tuple(dict.fromkeys(self.snapshot(day) for day in self._decider.changes))

    def changes(self) -> tuple[date, ...]:
        """The days on which a revision came into force, oldest first."""
        return tuple(snapshot.in_force_from for snapshot in self.snapshots())

    def history(self, item: str) -> tuple[Row, ...]:
        """Every row that ever bore this item number, in any table: a number means nothing without a day."""
        found = [row for row in self._tables.rows if row.item == item]
        return tuple(sorted(found, key=lambda row: row.valid_from))

    def chain(self, permission: str) -> tuple[Row, ...]:
        """The row with all it came from and all that came of it, oldest first; empty for no row."""
        row = self._ever.get(permission)
        if row is None:
            return ()
        past, here = [row], row
        while (earlier := here.lineage or here.amends) is not None:
            here = self._ever[earlier]
            past.append(here)
        future, waiting = list[Row](), list(self._next.get(row.id, ()))
        while waiting:
            here = waiting.pop(0)
            future.append(here)
            waiting.extend(self._next.get(here.id, ()))
        return (*reversed(past), *future)

    def find(self, text: str, on: date | None = None) -> tuple[Row, ...]:
        """The rows in whose words the text stands, on a day or (``None``) ever."""
        rows = self._tables.rows if on is None else self.rows(on)
        return tuple(
            r for r in rows if any(text in c for c in (r.affair, r.inquirer, r.provider, r.information))
        )

    def diff(self, start: date, end: date) -> Widening:
        """What may be asked on the later day that could not before, by lineage (P-04).

        ``ValueError`` if the days are the wrong way round.
        """
        return widening(self.rows(start), self.rows(end), self._ever, start, end)

    def course(self) -> Course:
        """How many permissions were in force over the years, by the year each first came (P-04)."""
        return course(self.changes(), self.rows, self._first_day)

    def widening_svg(self) -> str:
        """The widening of use over all years as a picture (SVG, Japanese with English)."""
        return draw(self.course())

    def options(self, inquirer: Party, on: date) -> tuple[Row, ...]:
        """The rows an institution may ask under that day: what a clerk may choose from."""
        return tuple(row for row in self.rows(on) if self._decider.means(row.inquirer, inquirer))

    # Who may use the number

    def table1(self, on: date) -> tuple[Affair, ...]:
        """Who may use the number for which affair (別表; 別表第一 before 2024-05-27) that day."""
        return tuple(affair for affair in self._tables.table1 if affair.in_force(on))

    def order8(self, on: date) -> tuple[Affair, ...]:
        """The quasi-statutory affairs (準法定事務) of that day; the number may be used for them as well."""
        return tuple(affair for affair in self._tables.order8 if affair.in_force(on))

    def may_hold(self, party: Party, on: date) -> tuple[Affair, ...]:
        """The affairs for which this institution may use individual numbers that day (番号法9条1項)."""
        affairs = self.table1(on) + self.order8(on)
        return tuple(affair for affair in affairs if self._decider.means(affair.user, party))

    # Words, procedures, open questions

    def terms(self, on: date) -> tuple[Term, ...]:
        """The defined terms of that day; a word may be defined in more than one place."""
        return tuple(term for term in self._tables.terms if term.in_force(on))

    def term(self, name: str, on: date) -> Term | None:
        """What a word meant that day; the definition of the table goes before one of the detail articles."""
        found = [term for term in self.terms(on) if term.term == name]
        return min(found, key=lambda term: _TERM_ORDER.index(term.law), default=None)

    def procedures(self, item: str | None = None) -> tuple[Procedure, ...]:
        """The procedures of an affair by its item number in the newest revision, or (``None``) all."""
        return self._details.all if item is None else self._details.of_item(item)

    def piece(
        self, article: str, procedure_no: str | None = None, piece_no: str | None = None
    ) -> Piece | None:
        """A piece of information of the detail articles, as a slip names it."""
        found = self._details.piece(piece_reference(article, procedure_no, piece_no))
        return found[1] if found else None

    def meant(self, piece: Piece) -> tuple[Piece, ...]:
        """The pieces meant: those a reference (前号に掲げる情報) points to, else the piece itself."""
        return self._details.meant(piece)

    def qualifications(self) -> tuple[Qualification, ...]:
        """All words that narrow a phrase, each with a short id to put on an institution."""
        return self.bodies.qualifications

    def unknown(self, party: Party) -> tuple[str, ...]:
        """Words on an institution that the law does not know, so that they can never count."""
        known = self.bodies.phrases.keys() | {w for q in self.qualifications() for w in (q.id, q.text)}
        return tuple(sorted((party.roles - self.bodies.roles.keys()) | (party.qualifications - known)))

    def unresolved(self, on: date | None = None) -> tuple[Unresolved, ...]:
        """What cannot be resolved mechanically in the law of a day (``None``: the newest); never guessed."""
        return tuple(unresolved(self._tables, self.bodies, on or self.changes()[-1]))

    def faults(self) -> tuple[str, ...]:
        """Where the data files contradict one another, in plain words."""
        return tuple(faults(self._tables, self.bodies))

    def _first_day(self, row: Row) -> date:
        here = row
        while (earlier := here.lineage or here.amends) is not None:
            here = self._ever[earlier]
        return here.valid_from
