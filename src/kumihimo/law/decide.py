"""The one decision: does a row in force on that day permit this exchange?

Every row of the affair is scored, and the first of the best in statute order is the answer: it permits if
nothing is missing, else it is the row that comes closest and what it lacks is the reason. So for one request
there is exactly one row, whatever roles the parties hold.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from kumihimo.law.model import Party, Permitted, RefusalReason, Refused, Revision, Row, Snapshot
from kumihimo.law.parties import Bodies
from kumihimo.law.procedures import Details
from kumihimo.law.snapshot import BEFORE_ALL, snapshot_of

# One weight per finding, so that a sum compares rows: first that the inquirer is meant, then that the
# information is named, then that the provider is meant; qualifications that are shown break ties.
_INQUIRER, _INFORMATION, _PROVIDER = 16, 8, 4
_ALL = 31
_AS_INQUIRER = bytes.maketrans(bytes((0, 1, 2)), bytes((0, _INQUIRER, _INQUIRER + 2)))
_AS_PROVIDER = bytes.maketrans(bytes((0, 1, 2)), bytes((0, _PROVIDER, _PROVIDER + 1)))


_BOTH = _ALL - _INFORMATION
_PARTIES_KEPT = 4096  # what a directory holds; a stranger's inventions must not fill the memory
_NO_SUCH_ITEM = Refused(RefusalReason.NO_SUCH_ITEM, None)


def _reason(score: int) -> RefusalReason:
    if not score & _INQUIRER:
        return RefusalReason.INQUIRER_NOT_ENTITLED
    if not score & _INFORMATION:
        return RefusalReason.INFORMATION_NOT_NAMED
    if not score & _PROVIDER:
        return RefusalReason.PROVIDER_NOT_NAMED
    return RefusalReason.QUALIFICATION_MISSING


type Answer = Permitted | Refused


class _Entry(NamedTuple):
    """A row made ready for scoring: its phrases by number, what it names, the answer to every score."""

    inquirer: int
    provider: int
    names: frozenset[str]
    answers: tuple[Answer, ...]
    row: Row


@dataclass(frozen=True, slots=True)
class Period:
    """The days between two changes of the table: its rows in statute order, and its snapshot."""

    rows: tuple[Row, ...]
    snapshot: Snapshot
    by_item: dict[str, tuple[_Entry, ...]]
    naming: dict[tuple[str, str], tuple[_Entry, ...]]  # by item and kind of information
    by_id: dict[str, _Entry]


class Decider:
    """Answers questions of law for any day; periods are made on first use and kept."""

    def __init__(
        self, rows: Sequence[Row], revisions: Iterable[Revision], bodies: Bodies, details: Details
    ) -> None:
        self._rows = rows
        self._bodies = bodies
        self._details = details
        self._revisions = sorted(revisions, key=lambda revision: revision.in_force_from)
        self._ever = {row.id: row for row in rows}
        self._ever_of_item: dict[str, list[Row]] = {}
        for row in rows:
            self._ever_of_item.setdefault(row.item, []).append(row)
        changes = {day for row in rows for day in (row.valid_from, row.valid_to) if day is not None}
        self.changes = sorted(changes | {revision.in_force_from for revision in self._revisions})
        self._periods: dict[int, Period] = {}
        self._known: dict[tuple[frozenset[str], frozenset[str]], tuple[bytes, bytes]] = {}

    def period(self, on: date) -> Period:
        """The table as it stood that day."""
        place = bisect_right(self.changes, on)
        return self._periods.get(place) or self._open(place)

    def decide(
        self, inquirer: Party, item: str, provider: Party, information: str, items: frozenset[str], on: date
    ) -> Answer:
        """Find the row of the affair that permits the exchange, or the one that comes closest."""
        place = bisect_right(self.changes, on)  # period and weights written out: a call less each
        period = self._periods.get(place) or self._open(place)
        known = self._known
        asking = (known.get((inquirer.roles, inquirer.qualifications)) or self._weigh(inquirer))[0]
        giving = (known.get((provider.roles, provider.qualifications)) or self._weigh(provider))[1]
        for asks, gives, _, answers, _ in period.naming.get((item, information), ()):
            if asking[asks] + giving[gives] == _BOTH:
                return self._with_items(answers[_ALL], items, on) if items else answers[_ALL]
        entries = period.by_item.get(item) or self._not_in_force(period, item, on)
        return _closest(entries, asking, giving, information) if entries else _NO_SUCH_ITEM

    def permits(
        self,
        permission: str,
        inquirer: Party,
        provider: Party,
        information: str,
        on: date,
        items: frozenset[str] = frozenset(),
    ) -> Answer:
        """Check the row that a slip names: in force that day, both parties meant, the information named."""
        entry = self.period(on).by_id.get(permission)
        if entry is None:
            row = self._ever.get(permission)
            if row is None:
                return Refused(RefusalReason.NO_SUCH_ROW, None)
            return Refused(RefusalReason.NOT_IN_FORCE, self._carried_over(row, on) or row)
        asking, giving = self._weights(inquirer)[0], self._weights(provider)[1]
        return self._with_items(_closest((entry,), asking, giving, information), items, on)

    def means(self, phrase: str, party: Party) -> bool:
        """Whether the phrase of the law means this party for certain."""
        return self._weights(party)[0][self._bodies.number[phrase]] == _INQUIRER + 2

    def _weights(self, party: Party) -> tuple[bytes, bytes]:
        """The weights of a party under every phrase, as inquirer and as provider."""
        return self._known.get((party.roles, party.qualifications)) or self._weigh(party)

    def _weigh(self, party: Party) -> tuple[bytes, bytes]:
        if len(self._known) >= _PARTIES_KEPT:
            self._known.clear()
        grades = self._bodies.grades(party)
        weights = grades.translate(_AS_INQUIRER), grades.translate(_AS_PROVIDER)
        return self._known.setdefault((party.roles, party.qualifications), weights)

    def _with_items(self, answer: Answer, items: frozenset[str], on: date) -> Answer:
        if isinstance(answer, Permitted) and not all(
            self._details.covers(answer.row, item, on) for item in items
        ):
            return Refused(RefusalReason.ITEMS_NOT_NAMED, answer.row)
        return answer

    def _not_in_force(self, period: Period, item: str, on: date) -> tuple[_Entry, ...]:
        """The rows of an item that is not in the day's table: the last before it, else the next after."""
        ever = self._ever_of_item.get(item)
        if ever is None:
            return ()
        past = [row.valid_to for row in ever if row.valid_to is not None and row.valid_to <= on]
        first = min(row.valid_from for row in ever)
        rows = (
            [r for r in ever if r.valid_to == max(past)]
            if past
            else [r for r in ever if r.valid_from == first]
        )
        entries = tuple(
            self._entry(row, (Refused(RefusalReason.NOT_IN_FORCE, row),) * (_ALL + 1)) for row in rows
        )
        return period.by_item.setdefault(item, entries)

    def _carried_over(self, row: Row, on: date) -> Row | None:
        """The row in force that day which carries this one on, or from which this one came."""
        for other in self.period(on).rows:
            if self._came_from(other, row) or self._came_from(row, other):
                return other
        return None

    def _came_from(self, later: Row, earlier: Row) -> bool:
        here: Row | None = later
        while here is not None and here.id != earlier.id:
            here = self._ever.get(here.lineage or here.amends or "")
        return here is not None

    def _open(self, place: int) -> Period:
        if place == 0:
            return self._periods.setdefault(0, Period((), BEFORE_ALL, {}, {}, {}))
        day = self.changes[place - 1]
        rows = tuple(row for row in self._rows if row.in_force(day))
        snapshot = snapshot_of(rows, self._revisions, day)
        by_id = {row.id: self._entry(row, _answers(row, snapshot)) for row in rows}
        by_item: dict[str, tuple[_Entry, ...]] = {}
        naming: dict[tuple[str, str], tuple[_Entry, ...]] = {}
        for entry in by_id.values():
            item = entry.row.item
            by_item[item] = (*by_item.get(item, ()), entry)
            for name in entry.names:
                naming[item, name] = (*naming.get((item, name), ()), entry)
        return self._periods.setdefault(place, Period(rows, snapshot, by_item, naming, by_id))

    def _entry(self, row: Row, answers: tuple[Answer, ...]) -> _Entry:
        number = self._bodies.number
        return _Entry(number[row.inquirer], number[row.provider], frozenset(row.names), answers, row)


def _closest(entries: tuple[_Entry, ...], asking: bytes, giving: bytes, information: str) -> Answer:
    """The answer of the first of the best rows."""
    best, highest = entries[0].answers, -1
    for asks, gives, names, answers, _ in entries:
        score = asking[asks] + giving[gives]
        if information in names:
            score += _INFORMATION
        if score > highest:
            best, highest = answers, score
    return best[highest]


def _answers(row: Row, snapshot: Snapshot) -> tuple[Answer, ...]:
    """The answer to every score, so that deciding makes no objects."""
    refused = {reason: Refused(reason, row) for reason in RefusalReason}
    return (*(refused[_reason(score)] for score in range(_ALL)), Permitted(row, snapshot))
