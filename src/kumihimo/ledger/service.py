"""The ledger's desk: record on the person before the answer, take outcomes afterwards, show the person.

Recording is a condition of every answer: a provider answers only to a slip with the ledger's receipt.
The only way to read a person's records is the disclosure slip of the disclosure system (番号法附則6条3項),
which is itself recorded; there is no query for any other purpose.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import msgspec

from kumihimo.base import ErrorType, Problem
from kumihimo.exchange import (
    LEDGER_BOX,
    TARGET_BOX,
    VERSION,
    Accepted,
    Answer,
    AnswerEnvelope,
    Delivery,
    Outcome,
    Receipt,
    Recorded,
    Report,
    Rules,
    Signed,
    answer_codec,
    answer_form,
    check_slip,
    check_stamps,
    delivery_form,
    digest,
    needs_ledger,
    open_box,
    receipt_codec,
    reports_form,
    seal_answer,
    sign,
    take_codes,
)
from kumihimo.ledger.model import Kind, Line, asked_entry, label_of, lines, outcome_entry, withheld_until
from kumihimo.ledger.store import Book, OutcomeJob, RecordJob, recall_receipt
from kumihimo.node import Entry, Institution


@dataclass(slots=True)
class Ledger:
    """The keeper of each person's record of exchange."""

    institution: Institution
    rules: Rules
    book: Book
    secret: bytes = field(repr=False)
    record_write: Callable[[RecordJob], Awaitable[Signed | Problem]]
    outcome_write: Callable[[OutcomeJob], Awaitable[bool]]

    async def record(self, body: bytes, sender: Entry | None) -> Signed | Problem:
        """Record an exchange on its person and give the receipt; brought again, the same receipt."""
        opened = self._open(body, sender, ledger=True)
        if isinstance(opened, Problem):
            return await self._given_before(body, sender, opened)
        accepted, label = opened
        return await self.record_write(self._job(accepted, label, Kind.ASKED))

    async def _given_before(self, body: bytes, sender: Entry | None, problem: Problem) -> Signed | Problem:
        """A slip that has expired may be a retry: then its receipt, else the refusal."""
        delivery = delivery_form.read(body)
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

    async def disclose(self, body: bytes, sender: Entry | None) -> bytes | Problem:
        """Show a person their own records, sealed to the disclosure system, and record this look too."""
        opened = self._open(body, sender, ledger=False)
        if isinstance(opened, Problem):
            return opened
        accepted, label = opened
        recorded = await self.record_write(self._job(accepted, label, Kind.DISCLOSED))
        if isinstance(recorded, Problem):
            return recorded
        async with self.institution.db.read() as conn:
            entries, withheld = await self.book.person_entries(conn, label)
        shown = lines(entries, withheld, self.institution.clock())
        return answer_form.write(self._answer(accepted, shown))

    def _open(self, body: bytes, sender: Entry | None, *, ledger: bool) -> tuple[Accepted, bytes] | Problem:
        delivery = delivery_form.read(body)
        if isinstance(delivery, Problem):
            return delivery
        directory, now = self.institution.directory.current, self.institution.clock()
        accepted = check_slip(delivery.slip, sender=sender, directory=directory, rules=self.rules, now=now)
        if isinstance(accepted, Problem):
            return accepted
        if needs_ledger(accepted) is not ledger:
            return Problem(ErrorType.NOT_PERMITTED, detail="this slip belongs to another desk of the ledger")
        return self._label(delivery, accepted, ledger=ledger)

    def _label(
        self, delivery: Delivery, accepted: Accepted, *, ledger: bool
    ) -> tuple[Accepted, bytes] | Problem:
        stamps = check_stamps(delivery.first, delivery.second, accepted, self.institution.directory.current)
        if isinstance(stamps, Problem):
            return stamps
        named = accepted.slip.sealed.ledger if ledger else accepted.slip.sealed.target
        info = LEDGER_BOX if ledger else TARGET_BOX
        box = open_box(self.institution, accepted, delivery.box, info=info, named=named)
        if isinstance(box, Problem):
            return box
        codes = take_codes(self.institution, accepted, stamps, box, ledger=ledger)
        return codes if isinstance(codes, Problem) else (accepted, label_of(self.secret, codes[0]))

    def _job(self, accepted: Accepted, label: bytes, kind: Kind) -> RecordJob:
        slip = accepted.slip
        receipt = Receipt(
            v=VERSION,
            slip=accepted.digest,
            tx=slip.tx,
            commit=accepted.commit,
            time=int(self.institution.clock().timestamp() * 1000),
        )
        until = withheld_until(slip.mark)
        return RecordJob(
            slip=Recorded(slip.tx, accepted.digest, accepted.inquirer.id),
            label=label,
            entry=asked_entry(slip, accepted.commit, kind),
            receipt=sign(self.institution, receipt_codec.encode(receipt)),
            withheld_until=until,
            withheld_ground=slip.mark.ground if until and slip.mark else None,
        )

    def _answer(self, accepted: Accepted, shown: tuple[Line, ...]) -> AnswerEnvelope:
        sealed = seal_answer(accepted, msgspec.json.encode({"records": shown}))
        answer = Answer(
            v=VERSION,
            slip=accepted.digest,
            tx=accepted.slip.tx,
            outcome=Outcome.PROVIDED,
            row=accepted.slip.basis.permission,
            relayed="番号法附則6条3項",
            replaces="",
            layout=accepted.slip.layout,
            withheld=(),
            absent=(),
            cached_at=None,
            sealed=digest(sealed),
            problem=None,
            time=int(self.institution.clock().timestamp() * 1000),
        )
        return AnswerEnvelope(answer=sign(self.institution, answer_codec.encode(answer)), sealed=sealed)


def _outcome_job(report: Report, sender: str) -> OutcomeJob:
    until = withheld_until(report.withhold)
    ground = report.withhold.ground if until and report.withhold else None
    return OutcomeJob(report.tx, sender, report.outcome.value, outcome_entry(report), until, ground)
