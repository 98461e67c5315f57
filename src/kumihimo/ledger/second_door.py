"""The same disclosure for another room of the ledger's institution, which shows it in a form of its own.

Nothing is easier here than at the first door: the slip, both stamps and the box must be whole, the look is
recorded first, and the answer is sealed to the disclosure system that asked.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from kumihimo.base import ErrorType, Problem
from kumihimo.exchange import Accepted, AnswerEnvelope, Delivery, Rules, Seen, Signed
from kumihimo.ledger.app import ROOM, ledger_secret
from kumihimo.ledger.disclosing import disclosed
from kumihimo.ledger.model import Kind, Line, erased_before, lines
from kumihimo.ledger.person import person_entries
from kumihimo.ledger.service import Ledger
from kumihimo.ledger.store import RecordJob
from kumihimo.node import Entry, Institution


@dataclass(frozen=True, slots=True)
class Shown:
    """What a person is shown of their records, newest first, and the slip that it answers."""

    accepted: Accepted
    lines: tuple[Line, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class SecondDoor:
    """Disclosure to another room of this institution; its ledger room must be open."""

    ledger: Ledger

    @classmethod
    def of(cls, institution: Institution, rules: Rules) -> "SecondDoor":
        """The door of an institution that keeps the ledger."""

        async def write(job: object) -> object:
            return await institution.journal.write(ROOM, job)

        record = Seen().once(cast(Callable[[RecordJob], Awaitable[Signed | Problem]], write))
        outcome = cast(Callable[[object], Awaitable[bool]], write)
        secret = ledger_secret(institution.settings.runtime.keys)
        return cls(Ledger(institution, rules, secret, record, outcome))

    async def show(self, delivery: Delivery, sender: Entry | None, item: str) -> Shown | Problem:
        """Record the look and give the person's lines, or the refusal of the gates; the slip names `item`."""
        opened = self.ledger.open(delivery, sender, ledger=False)
        if isinstance(opened, Problem):
            return opened
        if opened.accepted.slip.items != (item,):
            return Problem(ErrorType.ITEMS_NOT_PERMITTED, detail=f"a slip for this door names {item} only")
        recorded = await self.ledger.record_write(self.ledger.job(delivery, opened, Kind.DISCLOSED))
        if isinstance(recorded, Problem):
            return recorded
        institution = self.ledger.institution
        async with institution.db.read() as conn:
            entries, withheld = await person_entries(conn, institution.keys.vault, opened.label)
        return Shown(opened.accepted, lines(entries, withheld, institution.clock()))

    def answer(self, shown: Shown, items: dict[str, object]) -> AnswerEnvelope:
        """The answer to the slip: these items, sealed to whoever asked."""
        return disclosed(self.ledger.institution, shown.accepted, items)

    async def kept_since(self) -> datetime:
        """Since when records are held: seven years back, or the ledger's first epoch if that is later."""
        institution = self.ledger.institution
        async with institution.db.read() as conn:
            first = await conn.fetchval("SELECT at FROM ledger.epoch ORDER BY number LIMIT 1")
        now = institution.clock()
        return max(erased_before(now), first or now)
