"""The ledger's desk: record on the person before the answer, take outcomes afterwards.

Recording is a condition of every answer: a provider answers only to a slip with the ledger's receipt.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import msgspec

from kumihimo.base import ErrorType, Problem
from kumihimo.codes import InstitutionCode
from kumihimo.exchange import (
    LEDGER_BOX,
    TARGET_BOX,
    VERSION,
    Accepted,
    Delivery,
    Mark,
    Opening,
    Receipt,
    Recorded,
    Report,
    Rules,
    Signed,
    Stamps,
    check_slip,
    check_stamps,
    delivery_form,
    needs_ledger,
    open_box,
    receipt_codec,
    reports_form,
    sign,
    take_codes,
)
from kumihimo.ledger.deferral import Terms
from kumihimo.ledger.events import OutcomeJob
from kumihimo.ledger.material import Material, seal_material
from kumihimo.ledger.model import Kind, asked_entry, label_of, outcome_entry, withheld_until
from kumihimo.ledger.store import RecordJob, recall_receipt
from kumihimo.node import Entry, Institution


@dataclass(frozen=True, slots=True)
class Opened:
    """A delivery that was accepted at the ledger: its person's code and label, and what opened them."""

    accepted: Accepted
    stamps: Stamps
    opening: Opening = field(repr=False)
    code: InstitutionCode
    label: bytes = field(repr=False)


@dataclass(slots=True)
class Ledger:
    """The keeper of each person's record of exchange."""

    institution: Institution
    rules: Rules
    secret: bytes = field(repr=False)
    record_write: Callable[[RecordJob], Awaitable[Signed | Problem]]
    outcome_write: Callable[[OutcomeJob], Awaitable[bool]]

    async def record(self, body: bytes, sender: Entry | None) -> Signed | Problem:
        """Record an exchange on its person and give the receipt; brought again, the same receipt."""
        delivery = delivery_form.read(body)
        opened = delivery if isinstance(delivery, Problem) else self.open(delivery, sender, ledger=True)
        if isinstance(opened, Problem):
            return await self._given_before(delivery, sender, opened)
        assert isinstance(delivery, Delivery)
        return await self.record_write(self.job(delivery, opened, Kind.ASKED))

    async def _given_before(
        self, delivery: Delivery | Problem, sender: Entry | None, problem: Problem
    ) -> Signed | Problem:
        """A slip that has expired may be a retry: then its receipt, else the refusal."""
        if problem.type is not ErrorType.EXPIRED or sender is None or isinstance(delivery, Problem):
            return problem
        async with self.institution.db.read() as conn:
            return await recall_receipt(conn, Recorded.of(delivery.slip, sender.id)) or problem

    async def outcome(self, body: bytes, sender: Entry | None) -> bytes | Problem:
        """Take a provider's reports; an exchange it was never asked for is an alarm, not a record."""
        message = reports_form.read(body)
        if isinstance(message, Problem):
            return message
        if sender is None:
            return Problem(ErrorType.UNAUTHENTICATED)
        known = await asyncio.gather(
            *(self.outcome_write(_outcome_job(report, sender.id)) for report in message.reports)
        )
        unknown = known.count(False)
        if unknown:
            self.institution.logger.warning(
                "outcomes of exchanges not asked of the sender", sender=sender.id, count=unknown
            )
        return msgspec.json.encode({"taken": len(message.reports) - unknown})

    def open(self, delivery: Delivery, sender: Entry | None, *, ledger: bool) -> Opened | Problem:
        """Pass a delivery through the gates and open it: an exchange (`ledger`), or a person's own look."""
        directory, now = self.institution.directory.current, self.institution.clock()
        accepted = check_slip(delivery.slip, sender=sender, directory=directory, rules=self.rules, now=now)
        if isinstance(accepted, Problem):
            return accepted
        if needs_ledger(accepted) is not ledger:
            return Problem(ErrorType.NOT_PERMITTED, detail="this slip belongs to another desk of the ledger")
        stamps = check_stamps(delivery.first, delivery.second, accepted, directory)
        if isinstance(stamps, Problem):
            return stamps
        named = accepted.slip.sealed.ledger if ledger else accepted.slip.sealed.target
        info = LEDGER_BOX if ledger else TARGET_BOX
        box = open_box(self.institution, accepted, delivery.box, info=info, named=named)
        if isinstance(box, Problem):
            return box
        codes = take_codes(self.institution, accepted, stamps, box, ledger=ledger)
        if isinstance(codes, Problem):
            return codes
        return Opened(accepted, stamps, box.openings[0], codes[0], label_of(self.secret, codes[0]))

    def job(self, delivery: Delivery, opened: Opened, kind: Kind) -> RecordJob:
        """What is written down of an accepted delivery."""
        accepted, slip = opened.accepted, opened.accepted.slip
        receipt = Receipt(
            v=VERSION,
            slip=accepted.digest,
            tx=slip.tx,
            commit=accepted.commit,
            time=int(self.institution.clock().timestamp() * 1000),
        )
        material = Material(
            slip=delivery.slip,
            first=delivery.first,
            second=delivery.second,
            b=opened.opening.b,
            r=opened.opening.r,
        )
        return RecordJob(
            slip=Recorded(slip.tx, accepted.digest, accepted.inquirer.id),
            label=opened.label,
            entry=asked_entry(slip, accepted.commit, kind),
            receipt=sign(self.institution, receipt_codec.encode(receipt)),
            x_index=opened.stamps.first.log.index,
            commit=accepted.commit,
            material=seal_material(self.institution.keys.vault, slip.tx, material),
            terms=_terms(slip.mark, accepted.inquirer.id),
        )


def _terms(mark: Mark | None, by: str) -> Terms | None:
    """A claim to withhold; without a day and a ground nothing is withheld."""
    until = withheld_until(mark)
    return Terms(until, mark.ground, by) if until and mark and mark.ground else None


def _outcome_job(report: Report, sender: str) -> OutcomeJob:
    terms = _terms(report.withhold, sender)
    return OutcomeJob(report.tx, sender, report.outcome.value, outcome_entry(report), terms)
