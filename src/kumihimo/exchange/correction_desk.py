"""What a holder of a record does when its person says that it is wrong (番号法31条, 個人情報保護法97条).

The notice is kept before it is acknowledged. A clerk of the inquirer or provider decides, and the verdict
goes back to the ledger by the outbox; an operator keeps the notice and decides nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import asyncpg

from kumihimo.base import ErrorType, Problem
from kumihimo.exchange.corrections import (
    CORRECTION_BOX,
    GROUNDS,
    MOST_BOX,
    Acknowledged,
    CorrectionNotice,
    CorrectionVerdict,
    Decision,
    Ground,
    Role,
    Wrong,
    correction_acknowledged,
    correction_notice,
    correction_verdict,
)
from kumihimo.exchange.slip import new_tx
from kumihimo.exchange.visits import visit
from kumihimo.log import LogAppender
from kumihimo.node import AnyConnection, Batch, Entry, Institution, OutboxRow, Write

VERDICT = "exchange.correction-verdict"
_MOST_SHOWN = 100
_HELD = {
    Role.INQUIRER: "SELECT EXISTS (SELECT FROM exchange.inquiry WHERE tx = $1)",
    Role.PROVIDER: "SELECT EXISTS (SELECT FROM exchange.answer WHERE tx = $1)",
    Role.OPERATOR: "SELECT EXISTS (SELECT FROM exchange.stamp WHERE tx = $1)",
}
_KEEP = """
INSERT INTO exchange.correction (id, record, role, fault, asked_at, box, held)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING
"""
_DECIDE = """
UPDATE exchange.correction
SET decision = $2, ground = $3, decided_by = $4, decided_at = statement_timestamp()
WHERE id = $1 AND decision IS NULL AND role <> 'operator' RETURNING id
"""
_COLUMNS = "SELECT id, record, role, fault, asked_at, box, held, decision, ground, decided_at "


@dataclass(frozen=True, slots=True)
class Decide:
    """A clerk's decision on a request that waits here."""

    id: bytes
    decision: Decision
    ground: Ground
    by: str
    time: int


@dataclass(frozen=True, slots=True)
class Kept:
    """A request as its holder keeps it."""

    id: str
    record: str
    role: Role
    wrong: Wrong
    asked_at: datetime
    held: bool
    decision: Decision | None
    ground: Ground | None
    decided_at: datetime | None
    box: bytes | None = field(repr=False)

    @classmethod
    def of(cls, row: asyncpg.Record) -> "Kept":
        """A request as it is stored."""
        return cls(
            id=row["id"].hex(),
            record=row["record"].hex(),
            role=Role(row["role"]),
            wrong=Wrong(row["fault"]),
            asked_at=row["asked_at"],
            held=row["held"],
            decision=Decision(row["decision"]) if row["decision"] else None,
            ground=Ground(row["ground"]) if row["ground"] else None,
            decided_at=row["decided_at"],
            box=row["box"],
        )


@dataclass(frozen=True, slots=True)
class CorrectionDesk:
    """Takes the ledger's notices, shows them to clerks, and brings it their verdicts."""

    institution: Institution
    _keep: Write[CorrectionNotice, bool]
    _decide: Write[Decide, bool]

    @classmethod
    def open(cls, institution: Institution) -> "CorrectionDesk":
        """Name the jobs of corrections at an institution's journal and outbox."""
        verdicts = _Verdicts(institution)
        desk = cls(
            institution,
            institution.journal.register("exchange.correction", _keep_all),
            institution.journal.register("exchange.correction-verdict", verdicts.apply),
        )
        institution.outbox.register(VERDICT, desk.deliver)
        return desk

    async def take(self, body: bytes, sender: Entry | None) -> bytes | Problem:
        """Keep a notice of the ledger and acknowledge it; told again, the same."""
        if sender is None or "ledger" not in sender.services:
            return Problem(ErrorType.NOT_PERMITTED, detail="only the ledger tells of corrections")
        notice = correction_notice.read(body)
        if isinstance(notice, Problem):
            return notice
        if not _sound(notice):
            return Problem(ErrorType.MALFORMED, detail="a notice of correction is out of bounds")
        return correction_acknowledged.write(Acknowledged(held=await self._keep(notice)))

    async def decide(self, told: Decide) -> Problem | None:
        """Decide a waiting request once and for all."""
        if told.ground not in GROUNDS[told.decision]:
            return Problem(ErrorType.MALFORMED, detail="this reason belongs to another decision")
        return None if await self._decide(told) else _nothing_waits()

    async def waiting(self) -> Sequence[Kept]:
        """Requests no clerk has decided, the oldest first, and after them those decided last."""
        async with self.institution.db.read() as conn:
            rows = await conn.fetch(
                _COLUMNS + "FROM exchange.correction WHERE role <> 'operator' "
                "ORDER BY decision IS NOT NULL, told_at LIMIT $1",
                _MOST_SHOWN,
            )
        return [Kept.of(row) for row in rows]

    async def find(self, name: str) -> Kept | Problem:
        """One request by its name."""
        try:
            key = bytes.fromhex(name)
        except ValueError:
            return _nothing_waits()
        async with self.institution.db.read() as conn:
            row = await conn.fetchrow(_COLUMNS + "FROM exchange.correction WHERE id = $1", key)
        return Kept.of(row) if row else _nothing_waits()

    def text(self, kept: Kept) -> str:
        """What the person wrote to this institution; empty where nothing readable came."""
        if kept.box is None:
            return ""
        aad = bytes.fromhex(kept.id)
        plain = self.institution.keys.box.open(kept.box, info=CORRECTION_BOX, aad=aad)
        return "" if isinstance(plain, Problem) else plain.decode("utf-8", errors="replace")

    async def deliver(self, rows: Sequence[OutboxRow]) -> Sequence[Problem | None]:
        """Bring verdicts to the ledger."""
        ledger = self.institution.directory.current.service("ledger").id
        said: list[Problem | None] = []
        for row in rows:
            told = await visit(self.institution, ledger, "correction-verdict", row.payload, new_tx(), 0.0)
            said.append(told if isinstance(told, Problem) else None)
        return said


async def waiting_corrections(conn: AnyConnection) -> int:
    """How many requests wait for a clerk here."""
    return int(
        await conn.fetchval(
            "SELECT count(*) FROM exchange.correction WHERE decision IS NULL AND role <> 'operator'"
        )
    )


def _sound(notice: CorrectionNotice) -> bool:
    return (
        (len(notice.id), len(notice.record)) == (16, 16)
        and 0 <= notice.time < 1 << 53
        and len(notice.box or b"") <= MOST_BOX
        and (notice.role is not Role.OPERATOR or notice.box is None)
    )


async def _keep_all(batch: Batch, log: LogAppender, jobs: Sequence[CorrectionNotice]) -> Sequence[bool]:
    held: list[bool] = []
    for job in jobs:
        known = bool(await batch.fetchval(_HELD[job.role], job.record))
        at = datetime.fromtimestamp(job.time / 1000, UTC)
        await batch.execute(_KEEP, job.id, job.record, job.role.value, job.wrong.value, at, job.box, known)
        held.append(known)
    return held


@dataclass(frozen=True, slots=True)
class _Verdicts:
    institution: Institution

    async def apply(self, batch: Batch, log: LogAppender, jobs: Sequence[Decide]) -> Sequence[bool]:
        taken: list[bool] = []
        for job in jobs:
            rows = await batch.fetch(_DECIDE, job.id, job.decision.value, job.ground.value, job.by)
            if rows:
                verdict = CorrectionVerdict(
                    id=job.id, decision=job.decision, ground=job.ground, time=job.time
                )
                work = [(job.id.hex(), correction_verdict.write(verdict))]
                await self.institution.outbox.put(batch, VERDICT, work)
            taken.append(bool(rows))
        return taken


def _nothing_waits() -> Problem:
    return Problem(
        ErrorType.NOT_FOUND,
        detail="no request for correction waits here under this number",
        detail_ja="この番号の訂正の請求はありません。すでに判断されたものかもしれません。",
    )
