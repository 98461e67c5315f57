"""The provider's desk: check everything oneself, find the person by one's own code, answer from the register.

Order: gates; stamps and the ledger's receipt; the box and the proofs; the person; the flags; the
register. From the receipt on the exchange is on record, so every end from there is a signed answer:
provided, refused with its reason, or pending a human.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from kumihimo.base import ErrorType, Problem
from kumihimo.codes import InstitutionCode
from kumihimo.exchange.answer_store import AnswerJob, Approval, recall_answer
from kumihimo.exchange.envelopes import AnswerEnvelope, Delivery, answer_form, delivery_form
from kumihimo.exchange.gates import Accepted, Rules, check_receipt, check_slip, check_stamps, today
from kumihimo.exchange.receiving import ANSWER_BOX, TARGET_BOX, open_box, take_codes
from kumihimo.exchange.registers import Registers
from kumihimo.exchange.slip import (
    VERSION,
    Answer,
    Conditions,
    Mark,
    Outcome,
    Report,
    answer_codec,
    entry_of,
)
from kumihimo.exchange.store import Recorded, Refusal
from kumihimo.exchange.visits import sign
from kumihimo.exchange.writes import Writes
from kumihimo.messages import boxes
from kumihimo.node import AnyConnection, Entry, Institution

RELAYED = "番号法21条2項・22条1項"
WITHHELD_ALL = "every asked item would show where a protected person lives"


@dataclass(frozen=True, slots=True)
class Person:
    """A person as the provider knows them: its own number for them, and the flags set on them."""

    subject: str = field(repr=False)
    flags: Mapping[str, Mark]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the provider makes of a lawful question: an outcome, its items, and what was held back."""

    outcome: Outcome
    problem: ErrorType | None = None
    items: Mapping[str, object] | None = field(default=None, repr=False)
    withheld: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    withhold: Mark | None = None
    reason: str = ""


@dataclass(slots=True)
class Provider:
    """The answering side of an institution's gateway."""

    institution: Institution
    rules: Rules
    registers: Registers
    writes: Writes

    async def answer(self, body: bytes, sender: Entry | None) -> bytes | Problem:
        """Answer a delivery; the same delivery brought again gets the same answer."""
        delivery = delivery_form.read(body)
        if isinstance(delivery, Problem):
            return delivery
        directory = self.institution.directory.current
        now = self.institution.clock()
        accepted = check_slip(delivery.slip, sender=sender, directory=directory, rules=self.rules, now=now)
        if isinstance(accepted, Problem):
            return await self._refuse(delivery, sender, accepted)
        opened = self._open(delivery, accepted)
        if isinstance(opened, Problem):
            return await self._refuse(delivery, sender, opened)
        code, conditions = opened
        verdict = await self._decide(accepted, code, conditions)
        job = self._job(accepted, delivery, verdict)
        written = await self.writes.answer(job)
        return await self._refuse(delivery, sender, written) if isinstance(written, Problem) else written

    def _open(self, delivery: Delivery, accepted: Accepted) -> tuple[InstitutionCode, Conditions] | Problem:
        directory = self.institution.directory.current
        if accepted.target.id != self.institution.settings.id:
            return Problem(ErrorType.NOT_PERMITTED, detail="this slip asks another institution")
        stamps = check_stamps(delivery.first, delivery.second, accepted, directory)
        if isinstance(stamps, Problem):
            return stamps
        receipt = check_receipt(delivery.receipt, accepted, directory)
        if isinstance(receipt, Problem):
            return receipt
        box = open_box(
            self.institution, accepted, delivery.box, info=TARGET_BOX, named=accepted.slip.sealed.target
        )
        if isinstance(box, Problem):
            return box
        codes = take_codes(self.institution, accepted, stamps, box, ledger=False)
        return codes if isinstance(codes, Problem) else (codes[0], box.conditions)

    async def _decide(self, accepted: Accepted, code: InstitutionCode, conditions: Conditions) -> Verdict:
        slip = accepted.slip
        layout = self.rules.layouts.get(slip.information, slip.layout)
        if layout is None:
            return Verdict(Outcome.REFUSED, ErrorType.LAYOUT_UNSUPPORTED)
        if not slip.items or not set(slip.items) <= set(layout.items):
            return Verdict(Outcome.REFUSED, ErrorType.ITEMS_NOT_PERMITTED)
        async with self.institution.db.read() as conn:
            person = await find_person(conn, code)
            if person is None:
                return Verdict(Outcome.REFUSED, ErrorType.NO_RECORD)
            withhold = person.flags.get("withheld")
            if "manual" in person.flags:
                return Verdict(Outcome.PENDING, withhold=withhold, reason=person.flags["manual"].ground)
            found = await self.registers.read(
                conn, slip, person.subject, conditions, today(self.institution.clock)
            )
        if isinstance(found, Problem):
            return Verdict(Outcome.REFUSED, found.type, withhold=withhold)
        return select_items(slip.items, found, layout.locating, person, approved=False)

    def _job(self, accepted: Accepted, delivery: Delivery, verdict: Verdict) -> AnswerJob:
        slip = accepted.slip
        approval = None
        if verdict.outcome is Outcome.PENDING:
            papers = self.institution.keys.vault.seal(delivery_form.write(delivery), slip.tx)
            approval = Approval(
                accepted.inquirer.id, slip.basis.permission, slip.information, verdict.reason, papers
            )
        return AnswerJob(
            slip=Recorded(slip.tx, accepted.digest, accepted.inquirer.id),
            outcome=verdict.outcome,
            envelope=answer_form.write(self.envelope(accepted, verdict)),
            report=msgspec.json.encode(self.report(accepted, verdict)),
            entry=entry_of(slip, accepted.commit),
            approval=approval,
        )

    def envelope(self, accepted: Accepted, verdict: Verdict) -> AnswerEnvelope:
        """The signed answer with the items sealed to the inquirer."""
        slip, sealed = accepted.slip, None
        if verdict.items is not None:
            sealed = seal_answer(accepted, msgspec.json.encode(verdict.items))
        layout = self.rules.layouts.get(slip.information, slip.layout)
        answer = Answer(
            v=VERSION,
            slip=accepted.digest,
            tx=slip.tx,
            outcome=verdict.outcome,
            row=slip.basis.permission,
            relayed=RELAYED,
            replaces=layout.replaces if layout and verdict.outcome is Outcome.PROVIDED else "",
            layout=slip.layout,
            withheld=verdict.withheld,
            absent=verdict.absent,
            cached_at=None,
            sealed=hashlib.sha256(sealed).digest() if sealed is not None else None,
            problem=verdict.problem.value if verdict.problem else None,
            time=int(self.institution.clock().timestamp() * 1000),
        )
        return AnswerEnvelope(answer=sign(self.institution, answer_codec.encode(answer)), sealed=sealed)

    def report(self, accepted: Accepted, verdict: Verdict) -> Report:
        """What the ledger will be told of this answer."""
        return Report(
            tx=accepted.slip.tx,
            outcome=verdict.outcome,
            reason=verdict.problem.value if verdict.problem else None,
            withhold=verdict.withhold,
            time=int(self.institution.clock().timestamp() * 1000),
        )

    async def _refuse(self, delivery: Delivery, sender: Entry | None, problem: Problem) -> bytes | Problem:
        if sender is None:
            return problem
        trace = Refusal.of(delivery.slip, sender.id, problem)
        if problem.type is ErrorType.EXPIRED:
            async with self.institution.db.read() as conn:
                stored = await recall_answer(conn, Recorded.of(delivery.slip, sender.id))
            if stored is not None:
                return stored
        await self.writes.refusal(trace)
        return problem


def seal_answer(accepted: Accepted, items: bytes) -> bytes:
    """Seal items to the inquirer, bound to the slip they answer."""
    return boxes.seal(accepted.inquirer.box_public, items, info=ANSWER_BOX, aad=accepted.digest)


def select_items(
    asked: tuple[str, ...],
    found: Mapping[str, object],
    locating: frozenset[str],
    person: Person,
    *,
    approved: bool,
) -> Verdict:
    """Choose the asked items; a protected person's whereabouts are held back unless a human approved them.

    Protection (支援措置) hides by default: the answer names what it holds back, and is a refusal when
    nothing else was asked.
    """
    withhold = person.flags.get("withheld")
    hidden: tuple[str, ...] = ()
    if "protected" in person.flags and not approved:
        hidden = tuple(key for key in asked if key in locating)
    items = {key: found[key] for key in asked if key in found and key not in hidden}
    if hidden and not items:
        return Verdict(Outcome.REFUSED, ErrorType.PERSON_PROTECTED, withhold=withhold, reason=WITHHELD_ALL)
    absent = tuple(key for key in asked if key not in found and key not in hidden)
    return Verdict(Outcome.PROVIDED, items=items, withheld=hidden, absent=absent, withhold=withhold)


async def find_person(conn: AnyConnection, code: InstitutionCode) -> Person | None:
    """The person an institution knows by this code, with the flags in force on them; null when nobody."""
    rows = await conn.fetch(
        "SELECT c.subject, f.flag, f.ground, f.until FROM exchange.person_code AS c "
        "LEFT JOIN exchange.person_flag AS f ON f.subject = c.subject AND f.until >= "
        "(statement_timestamp() AT TIME ZONE 'Asia/Tokyo')::date "
        "WHERE c.code = $1",
        code.element,
    )
    if not rows:
        return None
    flags = {
        row["flag"]: Mark(ground=row["ground"], until=row["until"].isoformat()) for row in rows if row["flag"]
    }
    return Person(rows[0]["subject"], flags)
