"""A person's records as they read them: one story for each event, and the filters to find one among many.

Pure. The newest comes first; what the person themselves asked for (disclosures) stands beside what others
asked about them, and a request for correction belongs to the event it is about.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from enum import StrEnum

from kumihimo.base import JST
from kumihimo.exchange import Outcome
from kumihimo.ledger.corrections import Correction
from kumihimo.ledger.model import Entry, Kind, Line
from kumihimo.node.pages import read_day


class State(StrEnum):
    """How an event ended, as far as the ledger knows."""

    PROVIDED = "provided"
    REFUSED = "refused"
    PENDING = "pending"
    OPEN = "open"


class Sort(StrEnum):
    """What a person may want to see alone: single questions, bulk questions, or what was hidden by law."""

    SINGLE = "single"
    BULK = "bulk"
    RELEASED = "released"


_ENDED = {
    Outcome.PROVIDED: State.PROVIDED,
    Outcome.REFUSED: State.REFUSED,
    Outcome.PENDING: State.PENDING,
}


@dataclass(frozen=True, slots=True)
class Story:
    """One event of a person: what was asked, how it ended, and what came of a request to correct it."""

    asked: Entry
    outcome: Entry | None
    corrections: tuple[Correction, ...] = ()

    @property
    def own(self) -> bool:
        """Whether the person themselves asked, to see their own records."""
        return self.asked.kind is Kind.DISCLOSED

    @property
    def state(self) -> State:
        """How it ended."""
        if self.outcome is None or self.outcome.outcome is None:
            return State.OPEN
        return _ENDED[self.outcome.outcome]

    @property
    def bulk(self) -> bool:
        """Whether it was one of a run of questions about many people."""
        return self.asked.bulk is True

    @property
    def released(self) -> bool:
        """Whether the law had kept this event from the person until a day that has come."""
        return self.asked.kind is Kind.RELEASED

    @property
    def day(self) -> date:
        """The day in Japan."""
        return datetime.fromtimestamp(self.asked.time / 1000, JST).date()


def stories(lines: Sequence[Line], corrections: Sequence[Correction] = ()) -> tuple[Story, ...]:
    """What the ledger disclosed, newest first."""
    said: dict[str, tuple[Correction, ...]] = {}
    for one in corrections:
        said[one.record] = (*said.get(one.record, ()), one)
    found = [Story(line.asked, line.outcome, said.get(line.asked.tx, ())) for line in lines]
    return tuple(sorted(found, key=lambda story: story.asked.time, reverse=True))


@dataclass(frozen=True, slots=True)
class Filter:
    """What the person wants to see; every empty field lets everything through. Days are inclusive."""

    who: str = ""
    information: str = ""
    state: State | None = None
    sort: Sort | None = None
    since: date | None = None
    until: date | None = None

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Filter":
        """Read a filter from an address; what is no choice of the form counts as not chosen."""
        state, sort = query.get("state", ""), query.get("sort", "")
        return cls(
            who=query.get("who", ""),
            information=query.get("information", ""),
            state=State(state) if state in State else None,
            sort=Sort(sort) if sort in Sort else None,
            since=read_day(query.get("since", "")),
            until=read_day(query.get("until", "")),
        )

    @property
    def active(self) -> bool:
        """Whether anything was chosen."""
        return any(getattr(self, each.name) for each in fields(self))

    def takes(self, story: Story) -> bool:
        """Whether an event is among what the person wants to see."""
        return (
            (not self.who or story.asked.inquirer == self.who)
            and (not self.information or story.asked.information == self.information)
            and (self.state is None or story.state is self.state)
            and (self.sort is None or self._sorted(story))
            and (self.since is None or self.since <= story.day)
            and (self.until is None or story.day <= self.until)
        )

    def _sorted(self, story: Story) -> bool:
        if self.sort is Sort.RELEASED:
            return story.released
        return story.bulk is (self.sort is Sort.BULK)
