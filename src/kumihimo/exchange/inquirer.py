"""The inquirer's gateway: write the slip, carry it from desk to desk, keep the answer with its evidence.

The slip and its boxes are written down before they leave the house, so that a gateway that dies on the
way brings the very same slip again when it comes back, and no exchange is in the operators' logs without
being in the inquirer's.
"""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec
from msgspec import UNSET

from kumihimo.base import ErrorType, Problem
from kumihimo.codes import InstitutionCode, request
from kumihimo.exchange.answers import (
    Evidence,
    Given,
    Papers,
    Stamped,
    evidence_form,
    papers_form,
    read_items,
    verify_answer,
)
from kumihimo.exchange.envelopes import (
    AnswerEnvelope,
    Delivery,
    answer_form,
    delivery_form,
    signed_form,
)
from kumihimo.exchange.gates import Accepted, Rules, accepted_before, check_own, needs_ledger, today
from kumihimo.exchange.receiving import ANSWER_BOX, LEDGER_BOX, TARGET_BOX
from kumihimo.exchange.slip import (
    LIVE_SECONDS,
    OWN_RECORDS,
    VERSION,
    Basis,
    Box,
    Conditions,
    MalformedError,
    Mark,
    Opening,
    Sealed,
    Sender,
    Signed,
    Slip,
    Verb,
    answer_codec,
    box_codec,
    digest,
    entry_of,
    new_tx,
    nonce_of,
    slip_codec,
)
from kumihimo.exchange.store import CloseJob, OpenJob, Refusal
from kumihimo.exchange.visits import (
    PASSING,
    PATIENCE_SECONDS,
    RETRYABLE,
    code_header,
    collect_stamps,
    sign,
    visit,
)
from kumihimo.exchange.writes import Writes
from kumihimo.messages import boxes
from kumihimo.node import Entry, Institution

LIFE_MS = LIVE_SECONDS * 1000
RESUME_PAUSE = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What an office wants to know about one of its people, before it becomes a slip.

    `subject` is the office's own addressee number. `permission` names the row of law, `piece` the
    procedure and piece of information of the detail article; `bulk` says that it is one of a run about many.
    """

    subject: str = field(repr=False)
    to: str
    permission: str
    information: str
    items: tuple[str, ...]
    piece: str | None = None
    layout: int = 1
    conditions: Conditions = field(default_factory=Conditions)
    case: str = ""
    office: str = ""
    operator: str = ""
    mark: Mark | None = None
    bulk: bool = False


@dataclass(slots=True)
class Inquirer:
    """The asking side of an institution's gateway."""

    institution: Institution
    rules: Rules
    writes: Writes
    patience: float = PATIENCE_SECONDS
    _under_way: set[bytes] = field(default_factory=set)

    async def inquire(self, question: Question) -> Given | Problem:
        """Ask; give the answer with its evidence kept, or the refusal (also kept)."""
        code = await self._code(question.subject)
        if isinstance(code, Problem):
            return await self._refused(code)
        written = self._write(question, code)
        if isinstance(written, Problem):
            return await self._refused(written)
        papers, accepted = written
        self._under_way.add(accepted.slip.tx)
        try:
            await self.writes.open(self._open_job(papers, accepted))
            return await self._finish(papers, accepted)
        finally:
            self._under_way.discard(accepted.slip.tx)

    async def _refused(self, problem: Problem) -> Problem:
        """Leave a trace of a question that never became a slip; it names no person."""
        await self.writes.refusal(Refusal(b"", self.institution.settings.id, problem.type.value))
        return problem

    async def run(self) -> None:
        """Go until cancelled: bring again what is left over from a gateway or a store that went down."""
        while True:
            try:
                await self.resume()
            except PASSING as fault:
                self.institution.logger.warning("unfinished inquiries wait", fault=type(fault).__name__)
            await asyncio.sleep(RESUME_PAUSE)

    async def resume(self) -> int:
        """Take up the open inquiries that nobody here is carrying, some at a time; give how many.

        A slip that has expired meanwhile is brought all the same: who stamped or answered it before gives
        the same again, who did not refuses it.
        """
        if not self.institution.directory.fresh:
            return 0
        async with self.institution.db.read() as conn:
            rows = await conn.fetch(
                "SELECT tx, papers FROM exchange.inquiry WHERE state = 'open' AND tx <> ALL($1::bytea[]) "
                "ORDER BY opened_at LIMIT 32",
                list(self._under_way),
            )
        await asyncio.gather(*(self._take_up(bytes(row["tx"]), bytes(row["papers"])) for row in rows))
        return len(rows)

    async def _take_up(self, tx: bytes, sealed: bytes) -> None:
        opened = self.institution.keys.vault.open(sealed, tx)
        papers = opened if isinstance(opened, Problem) else papers_form.read(opened)
        if isinstance(papers, Problem):
            await self._close(tx, "abandoned", papers, None)
            return
        accepted = accepted_before(papers.slip, self.institution.directory.current)
        if isinstance(accepted, Problem):
            await self._close(tx, "abandoned", accepted, None)
        else:
            await self._finish(papers, accepted)

    async def find(self, tx: str) -> Given | Problem:
        """How an inquiry of this office stands, from its kept evidence."""
        evidence = await self._evidence(tx)
        if isinstance(evidence, Problem):
            return evidence
        items = msgspec.json.decode(evidence.items, type=dict[str, object]) if evidence.items else None
        return Given(tx=tx, answer=answer_codec.decode(evidence.answer.body), items=items)

    async def _evidence(self, tx: str) -> Evidence | Problem:
        try:
            key = bytes.fromhex(tx)
        except ValueError:
            key = b""
        async with self.institution.db.read() as conn:
            row = await conn.fetchrow("SELECT evidence, problem FROM exchange.inquiry WHERE tx = $1", key)
        if row is None:
            return Problem(ErrorType.NOT_FOUND, detail="this office has made no such inquiry")
        if row["evidence"] is None:
            return Problem(ErrorType(row["problem"]) if row["problem"] else ErrorType.PENDING_APPROVAL)
        plain = self.institution.keys.vault.open(bytes(row["evidence"]), key)
        return plain if isinstance(plain, Problem) else evidence_form.read(plain)

    async def take_later(self, envelope: AnswerEnvelope, sender: Entry) -> Given | Problem:
        """Take an answer that a human at the provider has decided meanwhile; taken again, nothing changes."""
        try:
            tx = answer_codec.decode(envelope.answer.body).tx
        except MalformedError:
            return Problem(ErrorType.MALFORMED, detail="the answer cannot be read")
        async with self.institution.db.read() as conn:
            row = await conn.fetchrow(
                "SELECT papers, evidence FROM exchange.inquiry WHERE tx = $1 AND provider = $2", tx, sender.id
            )
        waiting = Problem(ErrorType.NOT_FOUND, detail="nobody here waits for this answer")
        if row is None or row["evidence"] is None:
            return waiting
        vault = self.institution.keys.vault
        plain, kept = vault.open(bytes(row["papers"]), tx), vault.open(bytes(row["evidence"]), tx)
        papers = plain if isinstance(plain, Problem) else papers_form.read(plain)
        before = kept if isinstance(kept, Problem) else evidence_form.read(kept)
        if isinstance(papers, Problem) or isinstance(before, Problem):
            return waiting
        accepted = accepted_before(papers.slip, self.institution.directory.current)
        if isinstance(accepted, Problem):
            return accepted
        stamped = Stamped(before.first, before.second, before.receipt)
        opened = self.open_answer(papers, accepted, envelope, stamped)
        return opened if isinstance(opened, Problem) else await self._conclude(tx, *opened)

    async def _code(self, subject: str) -> tuple[InstitutionCode, int] | Problem:
        async with self.institution.db.read() as conn:
            row = await conn.fetchrow(
                "SELECT code, epoch FROM exchange.person_code WHERE subject = $1", subject
            )
        if row is None:
            return Problem(
                ErrorType.CODE_NOT_ACQUIRED,
                detail="this office holds no institution code for this person",
                detail_ja="この方の機関別符号をまだ取得していません",
            )
        return InstitutionCode.parse(bytes(row["code"])), row["epoch"]

    def _write(
        self, question: Question, code: tuple[InstitutionCode, int]
    ) -> tuple[Papers, Accepted] | Problem:
        directory = self.institution.directory.current
        own, target = directory.entries[self.institution.settings.id], directory.entries.get(question.to)
        if target is None:
            return Problem(ErrorType.INSTITUTION_UNKNOWN, detail="no such provider in the directory")
        ledger = directory.service("ledger")
        now = int(self.institution.clock().timestamp() * 1000)
        tx = new_tx()
        epoch = code[1]
        points = own.commitment(1, epoch), own.commitment(2, epoch)
        if points[0] is None or points[1] is None:
            return Problem(ErrorType.CODE_EPOCH_RETIRED, detail="this office's code epoch is retired")
        pair = self.institution.keys.pair
        blinded = request(
            [code[0]], tx=tx, k1=pair[1], k2=pair[2], s1=points[0].element, s2=points[1].element
        )
        opening = (Opening(b=blinded.rows[0].b, r=blinded.rows[0].r),)
        target_box = _seal(target, Box(openings=opening, conditions=question.conditions), tx, TARGET_BOX)
        to_ledger = target.id != ledger.id
        ledger_box = (
            _seal(ledger, Box(openings=opening, conditions=Conditions()), tx, LEDGER_BOX)
            if to_ledger
            else None
        )
        slip = Slip(
            v=VERSION,
            kind=Verb.INQUIRE,
            tx=tx,
            salt=secrets.token_bytes(16),
            sender=Sender(institution=own.id, office=question.office, operator=question.operator),
            to=target.id,
            basis=Basis(
                permission=question.permission,
                snapshot=self.rules.law.snapshot(today(self.institution.clock)).hash,
                piece=question.piece,
            ),
            information=question.information,
            items=question.items,
            layout=question.layout,
            case=question.case,
            time=now,
            expires=now + LIFE_MS,
            codes=code_header(blinded, epoch, target, ledger),
            sealed=Sealed(target=digest(target_box), ledger=digest(ledger_box) if ledger_box else None),
            mark=question.mark,
            bulk=question.bulk or UNSET,
        )
        body = slip_codec.encode(slip)
        accepted = check_own(slip, body, directory=directory, rules=self.rules, now=self.institution.clock())
        if isinstance(accepted, Problem):
            return accepted
        signed = sign(self.institution, body)
        papers = Papers(slip=signed, target_box=target_box, ledger_box=ledger_box, subject=question.subject)
        return papers, accepted

    def _open_job(self, papers: Papers, accepted: Accepted) -> OpenJob:
        slip = accepted.slip
        return OpenJob(
            tx=slip.tx,
            provider=slip.to,
            permission=slip.basis.permission,
            information=slip.information,
            office=slip.sender.office,
            papers=self.institution.keys.vault.seal(papers_form.write(papers), slip.tx),
            entry=entry_of(slip, accepted.commit),
        )

    async def _finish(self, papers: Papers, accepted: Accepted) -> Given | Problem:
        result = await self._carry(papers, accepted)
        if isinstance(result, Problem):
            state = "abandoned" if result.type in RETRYABLE else "refused"
            await self._close(accepted.slip.tx, state, result, None)
            return result
        return await self._conclude(accepted.slip.tx, *result)

    async def _conclude(self, tx: bytes, given: Given, evidence: Evidence) -> Given:
        sealed = self.institution.keys.vault.seal(evidence_form.write(evidence), tx)
        await self.writes.close(CloseJob(tx, given.answer.outcome.value, given.answer.problem, sealed))
        return given

    async def _close(self, tx: bytes, state: str, problem: Problem | None, evidence: bytes | None) -> None:
        kind = problem.type.value if problem else None
        await self.writes.close(CloseJob(tx, state, kind, evidence))

    async def _carry(self, papers: Papers, accepted: Accepted) -> tuple[Given, Evidence] | Problem:
        directory, tx = self.institution.directory.current, accepted.slip.tx
        stamps = await collect_stamps(self.institution, papers.slip, tx, self.patience)
        if isinstance(stamps, Problem):
            return stamps
        first, second = stamps
        receipt: Signed | None = None
        if needs_ledger(accepted) and papers.ledger_box is not None:
            desk = Delivery(slip=papers.slip, first=first, second=second, box=papers.ledger_box)
            ledger = directory.service("ledger").id
            body = await visit(
                self.institution, ledger, "record", delivery_form.write(desk), tx, self.patience
            )
            registered = body if isinstance(body, Problem) else signed_form.read(body)
            if isinstance(registered, Problem):
                return registered
            receipt = registered
        desk = Delivery(slip=papers.slip, first=first, second=second, box=papers.target_box, receipt=receipt)
        body = await visit(
            self.institution, accepted.target.id, "inquire", delivery_form.write(desk), tx, self.patience
        )
        envelope = body if isinstance(body, Problem) else answer_form.read(body)
        if isinstance(envelope, Problem):
            return envelope
        return self.open_answer(papers, accepted, envelope, Stamped(first, second, receipt))

    def open_answer(
        self,
        papers: Papers,
        accepted: Accepted,
        envelope: AnswerEnvelope,
        stamped: Stamped,
    ) -> tuple[Given, Evidence] | Problem:
        """Verify an answer against its slip, open it, and hold its items against the layout."""
        answer = verify_answer(envelope, accepted)
        if isinstance(answer, Problem):
            return answer
        items: Mapping[str, object] | None = None
        plain: bytes | None = None
        if envelope.sealed is not None:
            opened = self.institution.keys.box.open(envelope.sealed, info=ANSWER_BOX, aad=accepted.digest)
            if isinstance(opened, Problem):
                return opened
            plain = opened
            read = read_items(plain, answer, accepted, self.rules.layouts)
            if isinstance(read, Problem):
                return read
            items = read
        evidence = Evidence(
            slip=papers.slip,
            first=stamped.first,
            second=stamped.second,
            receipt=stamped.receipt,
            answer=envelope.answer,
            # A person's own records are shown to them and kept nowhere but in the ledger.
            items=None if accepted.slip.information == OWN_RECORDS else plain,
            subject=papers.subject,
        )
        return Given(tx=nonce_of(accepted.slip.tx), answer=answer, items=items), evidence


def _seal(target: Entry, box: Box, tx: bytes, info: bytes) -> bytes:
    return boxes.seal(target.box_public, box_codec.encode(box), info=info, aad=tx)
