"""Answers that a human must approve (自動応答不可), and how outcomes reach the ledger and the inquirer.

A clerk of the provider sees who asks under which row; approving reads the register then and there. The
later answer is delivered to the inquirer until it takes it.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from kumihimo.base import ErrorType, Problem
from kumihimo.codes import InstitutionCode
from kumihimo.exchange.envelopes import Delivery, Reports, answer_form, delivery_form, reports_form
from kumihimo.exchange.gates import Accepted, accepted_before, check_stamps, today
from kumihimo.exchange.provider import Provider, Verdict, find_person, select_items
from kumihimo.exchange.receiving import TARGET_BOX, open_box, take_codes
from kumihimo.exchange.slip import Conditions, Outcome, Report, new_tx
from kumihimo.exchange.visits import PASSING, visit
from kumihimo.node import AnyConnection

REPORT_BATCH = 200
REPORT_PAUSE = 0.25
IDLE_PAUSE = 5.0


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
        """Approve or refuse a waiting question once; the answer is written down, then delivered."""
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
        verdict = Verdict(Outcome.REFUSED, ErrorType.NOT_PERMITTED, reason="refused by a human")
        if approve:
            found = await self._read(delivery, accepted)
            verdict = Verdict(Outcome.REFUSED, found.type) if isinstance(found, Problem) else found
        if not await self._record(accepted, verdict, by, approve=approve):
            return Problem(ErrorType.NOT_FOUND, detail="somebody else has decided this question meanwhile")
        self.provider.on_answer()
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
            await conn.execute(
                "UPDATE exchange.answer SET outcome = $2, envelope = $3, report = $4, told = false "
                "WHERE tx = $1",
                accepted.slip.tx,
                verdict.outcome.value,
                envelope,
                msgspec.json.encode(replace(report, withhold=report.withhold or said.withhold)),
            )
        return True


@dataclass(slots=True)
class Courier:
    """Brings outcomes to the ledger and later answers to their inquirers, until each has taken them.

    What is to be brought stands in the tables `answer` (not `told`) and `approval` (not delivered), so
    nothing is lost when the courier dies; the receivers take a thing once however often it is brought.
    """

    provider: Provider
    wake: asyncio.Event

    async def run(self) -> None:
        """Go until cancelled; after an answer soon, otherwise every few seconds."""
        while True:
            try:
                brought = await self.tell_ledger() + await self.deliver_later_answers()
            except PASSING as fault:
                self.provider.institution.logger.warning("courier waits", fault=type(fault).__name__)
                brought = 0
            if brought:
                await asyncio.sleep(REPORT_PAUSE)
                continue
            try:
                await asyncio.wait_for(self.wake.wait(), IDLE_PAUSE)
                await asyncio.sleep(REPORT_PAUSE)
            except TimeoutError:
                pass
            self.wake.clear()

    async def tell_ledger(self) -> int:
        """Report one batch of outcomes; give how many the ledger acknowledged."""
        institution = self.provider.institution
        async with institution.db.read() as conn:
            rows = await conn.fetch(
                "SELECT tx, report FROM exchange.answer WHERE NOT told ORDER BY at LIMIT $1", REPORT_BATCH
            )
            if not rows:
                return 0
            reports = tuple(msgspec.json.decode(row["report"], type=Report) for row in rows)
            ledger = institution.directory.current.service("ledger").id
            body = reports_form.write(Reports(reports=reports))
            answered = await visit(institution, ledger, "outcome", body, new_tx(), 0.0)
            if isinstance(answered, Problem):
                return 0
            await conn.execute(
                "UPDATE exchange.answer AS a SET told = true "
                "FROM unnest($1::bytea[], $2::bytea[]) AS t(tx, report) "
                "WHERE a.tx = t.tx AND a.report = t.report",
                [row["tx"] for row in rows],
                [row["report"] for row in rows],
            )
        return len(rows)

    async def deliver_later_answers(self) -> int:
        """Bring decided answers to the inquirers that wait for them; give how many were taken."""
        institution, taken = self.provider.institution, 0
        async with institution.db.read() as conn:
            rows = await conn.fetch(
                "SELECT p.tx, p.inquirer, a.envelope FROM exchange.approval AS p JOIN exchange.answer AS a "
                "USING (tx) WHERE p.decision IS NOT NULL AND p.delivered_at IS NULL "
                "ORDER BY p.decided_at LIMIT 50"
            )
            for row in rows:
                tx = bytes(row["tx"])
                answered = await visit(institution, row["inquirer"], "later", bytes(row["envelope"]), tx, 0.0)
                if not isinstance(answered, Problem):
                    await self._delivered(conn, tx)
                    taken += 1
        return taken

    async def _delivered(self, conn: AnyConnection, tx: bytes) -> None:
        await conn.execute("UPDATE exchange.approval SET delivered_at = now() WHERE tx = $1", tx)
