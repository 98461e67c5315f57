"""What becomes of a recorded exchange: it waits for its outcome, then enters the chain, or the deferral set.

```
open ── outcome, or 60 s ──┬─ not withheld ─▶ chained
                           └─ withheld ─────▶ deferred ── its day, or the commission ─▶ released
```

A disclosure is chained from the start. What is chained stays: a withholding that is reported later than that
hides nothing any more. Moves are gathered while a batch's jobs are gone through, and written together.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

import asyncpg

from kumihimo.exchange import Outcome
from kumihimo.ledger.chains import Addition, extend, kept_addition, new_addition, opened_entry, sealed_entry
from kumihimo.ledger.deferral import Deferred, Terms
from kumihimo.ledger.model import Entry, Kind, released_entry
from kumihimo.messages import Vault
from kumihimo.node import Batch


class State(StrEnum):
    """Where an event stands."""

    OPEN = "open"
    CHAINED = "chained"
    DEFERRED = "deferred"
    RELEASED = "released"


@dataclass(frozen=True, slots=True)
class OutcomeJob:
    """How a recorded exchange ended, as reported by its provider `sender`; `terms` if that withholds it."""

    tx: bytes
    sender: str
    outcome: str
    entry: Entry
    terms: Terms | None


@dataclass(slots=True)
class Event:
    """One recorded exchange, as the table has it and as this batch leaves it.

    `asked` is the sealed entry of what is not in the chain yet, `told` the sealed outcome of a deferred one.
    """

    tx: bytes
    label: bytes = field(repr=False)
    provider: str
    outcome: str | None
    state: State
    asked: bytes | None = field(repr=False)
    told: bytes | None = field(repr=False)
    terms: Terms | None
    x_index: int | None
    commit: bytes

    @classmethod
    def of(cls, row: asyncpg.Record) -> "Event":
        """An event as it is stored."""
        until, ground, by = row["withheld_until"], row["withheld_ground"], row["withheld_by"]
        return cls(
            tx=bytes(row["tx"]),
            label=bytes(row["label"]),
            provider=row["provider"],
            outcome=row["outcome"],
            state=State(row["state"]),
            asked=row["asked"],
            told=row["told"],
            terms=Terms(until, ground or "", by or "") if until else None,
            x_index=row["x_index"],
            commit=bytes(row["commit"]),
        )

    def takes(self, job: OutcomeJob) -> bool:
        """Whether a report is news: from the provider that was asked, about what has not ended yet.

        What was provided stays provided: no provider takes back what its person has been shown.
        """
        open_still = self.outcome is None or self.outcome == Outcome.PENDING
        return self.provider == job.sender and open_still and self.outcome != job.outcome

    def withheld_also(self, terms: Terms | None) -> None:
        """A second claim: the later day holds, the first ground stays."""
        if terms is not None and self.terms is not None:
            until = max(self.terms.until, terms.until)
            self.terms = Terms(until, self.terms.ground or terms.ground, terms.by)
        else:
            self.terms = self.terms or terms


@dataclass(slots=True)
class Moves:
    """What the jobs of one batch make of events that are stored: gathered, then written together."""

    vault: Vault
    today: date
    maximum: int
    events: dict[bytes, Event] = field(default_factory=dict)
    additions: list[Addition] = field(default_factory=list)
    deferred: list[Deferred] = field(default_factory=list)
    released: list[bytes] = field(default_factory=list)
    _touched: dict[bytes, None] = field(default_factory=dict)

    async def load(self, batch: Batch, names: Iterable[bytes]) -> None:
        """Read these events, those that are not read yet."""
        wanted = list(set(names) - self.events.keys())
        if wanted:
            rows = await batch.fetch(_EVENTS + "WHERE tx = ANY($1::bytea[])", wanted)
            self.events.update((bytes(row["tx"]), Event.of(row)) for row in rows)

    async def load_quiet(self, batch: Batch, seconds: float, limit: int) -> Sequence[Event]:
        """Open events that have waited for their outcome long enough, the oldest first."""
        rows = await batch.fetch(_QUIET, seconds, limit)
        for row in rows:
            self.events.setdefault(bytes(row["tx"]), Event.of(row))
        return [self.events[bytes(row["tx"])] for row in rows]

    def report(self, job: OutcomeJob) -> bool:
        """Take an outcome; whether its exchange is known here and was asked of the sender."""
        event = self.events.get(job.tx)
        if event is None or event.provider != job.sender:
            return False
        if event.takes(job):
            event.outcome = job.outcome
            self._touched[event.tx] = None
            match event.state:
                case State.OPEN:
                    event.withheld_also(job.terms)
                    self.settle(event, job.entry)
                case State.DEFERRED:
                    event.told = sealed_entry(self.vault, event.label, job.entry)
                case State.CHAINED | State.RELEASED:
                    self.additions.append(new_addition(self.vault, event.label, job.entry))
        return True

    def settle(self, event: Event, outcome: Entry | None = None) -> None:
        """An open event enters the chain, or the deferral set when it is withheld by law."""
        asked = event.asked
        if event.state is not State.OPEN or asked is None:
            return
        self._touched[event.tx] = None
        if event.terms is not None and event.terms.holds(self.today) and event.x_index is not None:
            event.state = State.DEFERRED
            event.told = sealed_entry(self.vault, event.label, outcome) if outcome else None
            self.deferred.append(
                Deferred.of(
                    event.tx,
                    event.x_index,
                    event.commit,
                    event.terms,
                    today=self.today,
                    maximum=self.maximum,
                )
            )
            return
        event.state, event.asked = State.CHAINED, None
        self.additions.append(kept_addition(self.vault, event.label, asked, Kind.ASKED, event.tx))
        if outcome is not None:
            self.additions.append(new_addition(self.vault, event.label, outcome))

    def release(self, event: Event, ground: str) -> None:
        """A deferred event enters its person's chain as `released`, with its outcome where it is known."""
        if event.state is not State.DEFERRED or event.asked is None:
            return
        asked = opened_entry(self.vault, event.label, event.asked)
        self.additions.append(new_addition(self.vault, event.label, released_entry(asked, ground)))
        if event.told is not None:
            self.additions.append(kept_addition(self.vault, event.label, event.told, Kind.OUTCOME, event.tx))
        event.state, event.asked, event.told = State.RELEASED, None, None
        self.released.append(event.tx)
        self._touched[event.tx] = None

    async def write(self, batch: Batch) -> None:
        """Gather the writes of everything that moved."""
        if self.additions:
            await extend(batch, self.additions)
        touched = [self.events[tx] for tx in self._touched if tx in self.events]
        if touched:
            batch.add(_UPDATE, *zip(*map(_columns, touched), strict=True))
        if self.deferred:
            batch.add(_DEFER, *zip(*map(_deferral, self.deferred), strict=True))
        if self.released:
            batch.add(_RELEASE, self.released)


def _columns(event: Event) -> tuple[object, ...]:
    terms = event.terms
    return (
        event.tx,
        event.outcome,
        event.state.value,
        event.told,
        terms.until if terms else None,
        terms.ground or None if terms else None,
        terms.by or None if terms else None,
    )


def _deferral(one: Deferred) -> tuple[object, ...]:
    terms = one.terms
    return (
        one.leaf,
        one.tx,
        one.x_index,
        one.commit,
        one.salt,
        terms.until,
        one.due,
        terms.ground,
        terms.by,
    )


_EVENTS = """
    SELECT tx, label, provider, outcome, state, asked, told, withheld_until, withheld_ground, withheld_by,
           x_index, commit
    FROM ledger.event
"""
_QUIET = (
    _EVENTS
    + """
    WHERE state = 'open' AND at < statement_timestamp() - $1::float8 * interval '1 second'
    ORDER BY at LIMIT $2
"""
)
_UPDATE = """
    UPDATE ledger.event AS e
    SET outcome = j.outcome, state = j.state, told = j.told, withheld_until = j.until,
        withheld_ground = j.ground, withheld_by = j.by,
        asked = CASE WHEN j.state = 'deferred' THEN e.asked END
    FROM unnest($1::bytea[], $2::text[], $3::text[], $4::bytea[], $5::date[], $6::text[], $7::text[])
        AS j(tx, outcome, state, told, until, ground, by)
    WHERE e.tx = j.tx
"""
_DEFER = """
    INSERT INTO ledger.deferred (leaf, tx, x_index, commit, salt, until, due, ground, by)
    SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::bigint[], $4::bytea[], $5::bytea[], $6::date[],
                         $7::date[], $8::text[], $9::text[])
"""
_RELEASE = "UPDATE ledger.deferred SET released = true WHERE tx = ANY($1::bytea[])"
