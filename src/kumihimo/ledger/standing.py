"""Where each person-event of the exchange log X stands: counted, deferred, void, or still open. Pure.

Every event is in exactly one of the four. An event enters as waiting with the epoch that covers it in X; each
epoch's transition moves some on. Counted and void are final; a deferred one is counted when it is released.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import pairwise

import msgspec

from kumihimo.base import JST
from kumihimo.ledger.deferral import deferral_root
from kumihimo.ledger.faults import Discrepancy, Fault
from kumihimo.ledger.transition import Deferral, EpochRecord, Transition

OPEN_SECONDS = 180
"""The longest that an event may be neither counted nor deferred nor void."""
PERSON_EVENT = "inquire"
"""The kind of those entries of X that are about one person."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A person-event not yet counted, deferred or void: its commit, and the time of its first epoch (ms)."""

    commit: str
    since: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How all person-events of X stand after an epoch. Counted ones are only counted: they can be many."""

    counted: int = 0
    waiting: Mapping[int, Waiting] = field(default_factory=dict)
    deferred: Mapping[str, Deferral] = field(default_factory=dict)
    void: Mapping[int, str] = field(default_factory=dict)

    @property
    def events(self) -> int:
        """How many person-events X holds, as far as it was read."""
        return self.counted + len(self.waiting) + len(self.deferred) + len(self.void)


class _Entry(msgspec.Struct, frozen=True):
    kind: str
    commit: bytes


_entry = msgspec.json.Decoder(_Entry)


def person_events(entries: Sequence[bytes], first: int) -> dict[int, str]:
    """The person-events among entries of X that begin at index `first`: index to commit (hex).

    Ledger and auditors read X by this one rule; an entry that cannot be read is no person-event.
    """
    found: dict[int, str] = {}
    for index, entry in enumerate(entries, first):
        try:
            read = _entry.decode(entry)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            continue
        if read.kind == PERSON_EVENT:
            found[index] = read.commit.hex()
    return found


def move(
    before: Standing, events: Mapping[int, str], record: EpochRecord, transition: Transition
) -> tuple[Standing, tuple[Discrepancy, ...]]:
    """The standing after an epoch that covers these new events of X, and what is wrong with it."""
    waiting = dict(before.waiting) | {
        index: Waiting(commit, record.time) for index, commit in events.items() if index not in before.waiting
    }
    held = dict(before.deferred) | {one.leaf: one for one in transition.deferred}
    released = {held.pop(leaf).index for leaf in transition.released if leaf in held}
    settled = set(transition.settled)
    gone = (settled, {one.index for one in transition.deferred}, set(transition.void))
    taken = set[int]().union(*gone)
    after = Standing(
        counted=before.counted + len(settled) + len(released),
        waiting={index: one for index, one in waiting.items() if index not in taken},
        deferred=held,
        void={**before.void, **{index: waiting[index].commit for index in gone[2] if index in waiting}},
    )
    found = (
        *_once(before, waiting, transition, gone),
        *_open(after, record, transition),
        *_deferrals(before, after, waiting, record, transition),
        *_written(transition),
        *_numbers(after, record, len(settled) + len(released), transition),
    )
    return after, found


def _once(
    before: Standing, waiting: Mapping[int, Waiting], transition: Transition, gone: Sequence[set[int]]
) -> Iterable[Discrepancy]:
    """Every index that moves was waiting, moves to one place, and is named once."""
    epoch = transition.epoch
    taken = set[int]().union(*gone)
    leaves = before.deferred.keys() | {one.leaf for one in transition.deferred}
    unknown = len(taken - waiting.keys()) + len(set(transition.released) - leaves)
    if unknown or sum(map(len, gone)) > len(taken):
        yield Discrepancy(Fault.UNKNOWN_EVENT, epoch, 0, unknown or sum(map(len, gone)) - len(taken))
    # What is taken in and let go at once was never withheld: a way to count an event by another entry.
    at_once = len(set(transition.released) & {one.leaf for one in transition.deferred})
    if at_once:
        yield Discrepancy(Fault.AT_ONCE, epoch, 0, at_once)
    for indexes in (transition.settled, transition.open, transition.void):
        if any(one >= other for one, other in pairwise(indexes)):
            yield Discrepancy(Fault.ORDER, epoch)
    for names in (transition.released, [one.leaf for one in transition.deferred]):
        if len(set(names)) < len(names):
            yield Discrepancy(Fault.ORDER, epoch)


def _open(after: Standing, record: EpochRecord, transition: Transition) -> Iterable[Discrepancy]:
    """What is left is open, no more and no less, and not for longer than promised."""
    stated = set(transition.open)
    if after.waiting.keys() - stated:
        yield Discrepancy(Fault.MISSING, record.epoch, 0, len(after.waiting.keys() - stated))
    if stated - after.waiting.keys():
        yield Discrepancy(Fault.UNKNOWN_EVENT, record.epoch, 0, len(stated - after.waiting.keys()))
    late = sum(record.time - one.since > OPEN_SECONDS * 1000 for one in after.waiting.values())
    if late:
        yield Discrepancy(Fault.DELAYED, record.epoch, 0, late)


def _deferrals(
    before: Standing,
    after: Standing,
    waiting: Mapping[int, Waiting],
    record: EpochRecord,
    transition: Transition,
) -> Iterable[Discrepancy]:
    """Each new deferral is of its event and has ground, holder and a day; none is kept beyond its day."""
    epoch, day = record.epoch, datetime.fromtimestamp(record.time / 1000, JST).date()
    for one in transition.deferred:
        of_event = one.index in waiting and one.commit == waiting[one.index].commit
        stated = one.ground and one.by and _day(one.until)
        if not of_event or not stated or one.leaf in before.deferred:
            yield Discrepancy(Fault.DEFERRAL, epoch)
    late = overdue(after.deferred.values(), day)
    if late:
        yield Discrepancy(Fault.OVERDUE, epoch, 0, late)


def _written(transition: Transition) -> Iterable[Discrepancy]:
    """No entry is written twice: each has its exchange's tx in it, so that no two are alike."""
    hashes = [hashed for one in transition.moved for hashed, _ in one.entries]
    if len(set(hashes)) < len(hashes):
        yield Discrepancy(Fault.REPEATED, transition.epoch, 0, len(hashes) - len(set(hashes)))


def _numbers(
    after: Standing, record: EpochRecord, settled: int, transition: Transition
) -> Iterable[Discrepancy]:
    """The record's counts are those of the lists, and they make up the events of X."""
    counted = sum(flag for one in transition.moved for _, flag in one.entries)
    if counted != settled:
        yield Discrepancy(Fault.COUNTED, record.epoch, settled, counted)
    root = deferral_root(bytes.fromhex(leaf) for leaf in after.deferred).hex()
    if (record.deferred, record.deferred_root) != (len(after.deferred), root):
        yield Discrepancy(Fault.DEFERRAL_ROOT, record.epoch, len(after.deferred), record.deferred)
    stated = record.total + record.deferred + record.open + record.void
    listed = (record.open, record.void) == (len(after.waiting), len(after.void))
    if stated != after.events or not listed:
        yield Discrepancy(Fault.EQUATION, record.epoch, after.events, stated)


def overdue(deferred: Iterable[Deferral], day: date) -> int:
    """How many of these should have been released before this day."""
    return sum((_day(one.until) or day) < day for one in deferred)


def _day(text: str) -> date | None:
    """A day in its one spelling, YYYY-MM-DD."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.isoformat() == text else None
