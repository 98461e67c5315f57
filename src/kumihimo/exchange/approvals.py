"""Answers that a human must approve (自動応答不可).

A clerk of the provider sees who asks under which row; approving reads the register then and there. The
later answer is promised to the inquirer, and its outcome to the ledger, in the same transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from kumihimo.base import ErrorType, Problem
from kumihimo.codes import InstitutionCode
from kumihimo.exchange.envelopes import Delivery, answer_form, delivery_form
from kumihimo.exchange.gates import Accepted, accepted_before, check_stamps, still_standing, today
from kumihimo.exchange.promises import LATER, OUTCOME, later_key
from kumihimo.exchange.provider import Provider, Verdict, find_person, select_items
from kumihimo.exchange.receiving import TARGET_BOX, open_box, take_codes
from kumihimo.exchange.slip import Conditions, Outcome, Report


@dataclass(frozen=True, slots=True)
class Waiting:
    """A question that waits for a human at the provider."""

    tx: str
    inquirer: str
    permission: str
    information: str
    reason: str
    asked_at: datetime


@dataclass(slots=True)
class Approvals:
    """The provider's queue of questions that a human decides."""

    provider: Provider

    async def waiting(self) -> Sequence[Waiting]:
        """The undecided questions, oldest first, at most 200."""
        async with self.provider.institution.db.read() as conn:
            rows = await conn.fetch(
                "SELECT tx, inquirer, permission, information, reason, asked_at FROM exchange.approval "
                "WHERE decision IS NULL ORDER BY asked_at LIMIT 200"
            )
        return [
            Waiting(
                row["tx"].hex(),
                row["inquirer"],
                row["permission"],
                row["information"],
                row["reason"],
                row["asked_at"],
            )
            for row in rows
        ]

    async def decide(self, tx: bytes, *, approve: bool, by: str) -> Outcome | Problem:
        """Approve or refuse a waiting question once; the answer is written down, then delivered.

        Nobody approves what may no longer be exchanged; the question goes on waiting then.
        """
        institution = self.provider.institution
        async with institution.db.read() as conn:
            row = await conn.fetchrow(
                "SELECT papers FROM exchange.approval WHERE tx = $1 AND decision IS NULL", tx
            )
        if row is None:
            return Problem(ErrorType.NOT_FOUND, detail="no question waits under this number")
        plain = institution.keys.vault.open(bytes(row["papers"]), tx)
        delivery = plain if isinstance(plain, Problem) else delivery_form.read(plain)
        accepted = (
            delivery
            if isinstance(delivery, Problem)
            else accepted_before(delivery.slip, institution.directory.current)
        )
        if isinstance(delivery, Problem) or isinstance(accepted, Problem):
            return accepted if isinstance(accepted, Problem) else Problem(ErrorType.UNKNOWN)
        verdict = Verdict(Outcome.REFUSED, ErrorType.DECLINED, reason="refused by a human")
        if approve:
            fault = still_standing(accepted, institution.directory.current, institution.clock())
            if fault is not None:
                return fault
            found = await self._read(delivery, accepted)
            verdict = Verdict(Outcome.REFUSED, found.type) if isinstance(found, Problem) else found
        if not await self._record(accepted, verdict, by, approve=approve):
            return Problem(ErrorType.NOT_FOUND, detail="somebody else has decided this question meanwhile")
        return verdict.outcome

    async def _read(self, delivery: Delivery, accepted: Accepted) -> Verdict | Problem:
        institution = self.provider.institution
        stamps = check_stamps(delivery.first, delivery.second, accepted, institution.directory.current)
        if isinstance(stamps, Problem):
            return stamps
        named = accepted.slip.sealed.target
        box = open_box(institution, accepted, delivery.box, info=TARGET_BOX, named=named)
        if isinstance(box, Problem):
            return box
        codes = take_codes(institution, accepted, stamps, box, ledger=False)
        return codes if isinstance(codes, Problem) else await self._items(accepted, codes[0], box.conditions)

    async def _items(
        self, accepted: Accepted, code: InstitutionCode, conditions: Conditions
    ) -> Verdict | Problem:
        provider, slip = self.provider, accepted.slip
        layout = provider.rules.layouts.get(slip.information, slip.layout)
        if layout is None:
            return Problem(ErrorType.LAYOUT_UNSUPPORTED)
        async with provider.institution.db.read() as conn:
            person = await find_person(conn, code)
            if person is None:
                return Problem(ErrorType.NO_RECORD)
            found = await provider.registers.read(
                conn, slip, person.subject, conditions, today(provider.institution.clock)
            )
        if isinstance(found, Problem):
            return found
        return select_items(slip.items, found, layout.locating, person, approved=True)

    async def _record(self, accepted: Accepted, verdict: Verdict, by: str, *, approve: bool) -> bool:
        """Write the decision down, if nobody else did; a withholding stays, even if not reported yet."""
        envelope = answer_form.write(self.provider.envelope(accepted, verdict))
        report = self.provider.report(accepted, verdict)
        async with self.provider.institution.db.read() as conn, conn.transaction():
            taken = await conn.execute(
                "UPDATE exchange.approval SET decision = $2, decided_by = $3, decided_at = now() "
                "WHERE tx = $1 AND decision IS NULL",
                accepted.slip.tx,
                "approved" if approve else "refused",
                by,
            )
            if taken != "UPDATE 1":
                return False
            before = await conn.fetchval(
                "SELECT report FROM exchange.answer WHERE tx = $1 FOR UPDATE", accepted.slip.tx
            )
            said = msgspec.json.decode(before, type=Report)
            now_said = msgspec.json.encode(replace(report, withhold=report.withhold or said.withhold))
            await conn.execute(
                "UPDATE exchange.answer SET outcome = $2, envelope = $3, report = $4 WHERE tx = $1",
                accepted.slip.tx,
                verdict.outcome.value,
                envelope,
                now_said,
            )
            outbox, tx = self.provider.institution.outbox, accepted.slip.tx
            await outbox.put(conn, OUTCOME, [(tx.hex(), now_said)])
            await outbox.put(conn, LATER, [(later_key(accepted.inquirer.id, tx), envelope)])
        return True
