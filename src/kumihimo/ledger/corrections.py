"""Requests to correct a record: checked, put on the person's chain, told to all holders (番号法31条).

A request comes from the disclosure system that showed the record, within 15 minutes of showing it; so whoever
asks is the person who was signed in, without the ledger learning who that is. All that follows is one
transaction: the request, its holders, and the promises to chain it and to tell each of them. A promise to
tell is never given up: where others would be parked after an hour of trying, it is made anew.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import asyncpg
import msgspec

from kumihimo.base import ErrorType, Problem
from kumihimo.exchange import (
    CorrectionNotice,
    CorrectionRequest,
    CorrectionVerdict,
    Decision,
    Ground,
    Role,
    Wrong,
    correction_acknowledged,
    correction_notice,
    correction_request,
    correction_verdict,
    new_tx,
    visit,
)
from kumihimo.ledger.model import Entry, Kind
from kumihimo.ledger.store import AppendJob
from kumihimo.node import AnyConnection, Institution, OutboxRow
from kumihimo.node import Entry as Sender

NOTICE, CHAINED = "ledger.correction-notice", "ledger.correction-entry"
MINUTES = 15
"""How long after a disclosure its person may say that something in it is wrong."""
LAST_TRY = 10
"""After so many tries in a row a notice is promised anew, `PAUSE` seconds later."""
PAUSE = 300.0
_MOST_BOX = 8192

type Append = Callable[[AppendJob], Awaitable[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """How far one holder is: times in Unix milliseconds, null for what has not happened yet."""

    holder: str
    role: Role
    acknowledged: int | None
    decision: Decision | None
    ground: Ground | None
    decided: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """One request of a person about one of their records, and how far each holder is."""

    id: str
    record: str
    wrong: Wrong
    time: int
    holders: tuple[Holder, ...]


@dataclass(frozen=True, slots=True)
class _Seen:
    """The record as the ledger knows it: whose chain it is in and who took part."""

    label: bytes = field(repr=False)
    inquirer: str
    provider: str


@dataclass(frozen=True, slots=True)
class Corrections:
    """The ledger's desk for corrections."""

    institution: Institution
    append: Append

    @classmethod
    def open(
        cls, institution: Institution, append: Callable[[AppendJob], Awaitable[object]]
    ) -> "Corrections":
        """Take on the promised work of corrections; `append` puts an entry on a chain."""
        desk = cls(institution, append)
        institution.outbox.register(NOTICE, desk.tell)
        institution.outbox.register(CHAINED, desk.chain)
        return desk

    async def request(self, body: bytes, sender: Sender | None) -> bytes | Problem:
        """Take a request of the portal that showed the record; brought again, it is the same request."""
        asked = correction_request.read(body)
        if isinstance(asked, Problem) or sender is None:
            return asked if isinstance(asked, Problem) else Problem(ErrorType.UNAUTHENTICATED)
        if (len(asked.id), len(asked.disclosure), len(asked.record)) != (16, 16, 16):
            return Problem(ErrorType.MALFORMED, detail="names are 16 bytes")
        async with self.institution.db.read() as conn, conn.transaction():
            row = await conn.fetchrow(_SEEN, asked.disclosure, asked.record, sender.id, MINUTES)
            seen = _Seen(bytes(row["label"]), row["sender"], row["provider"]) if row else None
            if seen is None:
                return _not_shown()
            boxes = {one.holder: one.box for one in asked.texts}
            if set(boxes) != {seen.inquirer, seen.provider} or max(map(len, boxes.values())) > _MOST_BOX:
                return Problem(ErrorType.MALFORMED, detail="one sealed text for each of the two parties")
            await self._write_down(conn, asked, seen, sender.id, boxes)
        return b"{}"

    async def _write_down(
        self,
        conn: AnyConnection,
        asked: CorrectionRequest,
        seen: _Seen,
        portal: str,
        boxes: dict[str, bytes],
    ) -> None:
        fresh = await conn.execute(
            _REQUEST, asked.id, seen.label, asked.record, portal, asked.wrong.value, asked.time
        )
        if fresh == "INSERT 0 0":
            return
        roles = self._holders(seen)
        await conn.execute(_HOLDERS, asked.id, list(roles), [role.value for role in roles.values()])
        notices = [
            (
                holder,
                correction_notice.write(
                    CorrectionNotice(
                        id=asked.id,
                        record=asked.record,
                        role=role,
                        wrong=asked.wrong,
                        time=asked.time,
                        box=boxes.get(holder),
                    )
                ),
            )
            for holder, role in roles.items()
        ]
        entry = correction_entry(asked.id, asked.record, portal, "requested", asked.wrong, asked.time)
        await self._promise_entry(conn, asked.id, entry)
        await self.institution.outbox.put(conn, NOTICE, notices)

    def _holders(self, seen: _Seen) -> dict[str, Role]:
        directory = self.institution.directory.current
        return {
            seen.inquirer: Role.INQUIRER,
            seen.provider: Role.PROVIDER,
            directory.operator(1).id: Role.OPERATOR,
            directory.operator(2).id: Role.OPERATOR,
        }

    async def verdict(self, body: bytes, sender: Sender | None) -> bytes | Problem:
        """Take what a holder decided, once; nobody decides for another."""
        told = correction_verdict.read(body)
        if isinstance(told, Problem) or sender is None:
            return told if isinstance(told, Problem) else Problem(ErrorType.UNAUTHENTICATED)
        async with self.institution.db.read() as conn, conn.transaction():
            known = await conn.fetchrow(_ASKED_OF, told.id, sender.id)
            if known is None:
                return Problem(ErrorType.NOT_FOUND, detail="this request was not made to the sender")
            done = await conn.execute(
                _DECIDED, told.id, sender.id, told.decision.value, told.ground.value, told.time
            )
            if done == "UPDATE 1":
                await self._promise_entry(conn, told.id, _verdict_entry(told, known["record"], sender.id))
        return b"{}"

    async def _promise_entry(self, conn: AnyConnection, name: bytes, entry: Entry) -> None:
        work = [(name.hex(), msgspec.json.encode(entry))]
        await self.institution.outbox.put(conn, CHAINED, work)

    async def chain(self, rows: Sequence[OutboxRow]) -> Sequence[Problem | None]:
        """Put promised entries on their chains; an entry that stands there already is not repeated."""
        async with self.institution.db.read() as conn:
            found = await conn.fetch(
                "SELECT id, label FROM ledger.correction WHERE id = ANY($1::bytea[])",
                [bytes.fromhex(row.key) for row in rows],
            )
        labels = {one["id"].hex(): bytes(one["label"]) for one in found}
        for row in rows:
            if row.key in labels:
                await self.append(AppendJob(labels[row.key], msgspec.json.decode(row.payload, type=Entry)))
        return [None] * len(rows)

    async def tell(self, rows: Sequence[OutboxRow]) -> Sequence[Problem | None]:
        """Tell holders; who does not acknowledge is told again, and never given up."""
        return await asyncio.gather(*(self._tell(row) for row in rows))

    async def _tell(self, row: OutboxRow) -> Problem | None:
        answer = await visit(self.institution, row.key, "correction-notice", row.payload, new_tx(), 0.0)
        said = answer if isinstance(answer, Problem) else correction_acknowledged.read(answer)
        async with self.institution.db.read() as conn, conn.transaction():
            if not isinstance(said, Problem):
                name = correction_notice.read(row.payload)
                assert not isinstance(name, Problem)
                await conn.execute(_ACKNOWLEDGED, name.id, row.key, said.held)
                return None
            if row.attempts < LAST_TRY:
                return said
            await self.institution.outbox.put(conn, NOTICE, [(row.key, row.payload)], PAUSE)
        return None


async def corrections_of(conn: AnyConnection, label: bytes) -> tuple[Correction, ...]:
    """All requests of one person, the oldest first, and how far their holders are."""
    rows = await conn.fetch(_OF_PERSON, label)
    found: dict[bytes, list[asyncpg.Record]] = {}
    for row in rows:
        found.setdefault(bytes(row["id"]), []).append(row)
    return tuple(
        Correction(
            id=name.hex(),
            record=some[0]["record"].hex(),
            wrong=Wrong(some[0]["fault"]),
            time=some[0]["asked"],
            holders=tuple(map(_holder, some)),
        )
        for name, some in found.items()
    )


def correction_entry(
    name: bytes, record: bytes, by: str, state: str, reason: Wrong | Ground, time: int
) -> Entry:
    """The entry of a request or of a verdict: which record, who speaks, and how it stands; no text."""
    return Entry(
        v=1,
        kind=Kind.CORRECTION,
        tx=record.hex(),
        time=time,
        inquirer=by,
        reason=reason.value,
        correction=name.hex(),
        state=state,
    )


def _verdict_entry(told: CorrectionVerdict, record: bytes, by: str) -> Entry:
    return correction_entry(told.id, record, by, told.decision.value, told.ground, told.time)


def _holder(row: asyncpg.Record) -> Holder:
    at = row["acknowledged"]
    return Holder(
        holder=row["holder"],
        role=Role(row["role"]),
        acknowledged=int(at.timestamp() * 1000) if at else None,
        decision=Decision(row["decision"]) if row["decision"] else None,
        ground=Ground(row["ground"]) if row["ground"] else None,
        decided=row["decided"],
    )


def _not_shown() -> Problem:
    return Problem(
        ErrorType.NOT_FOUND,
        detail="this record was not shown to its person by the sender within the last 15 minutes",
        detail_ja="この記録は、この15分の間に表示されていません。記録を表示し直してから請求してください。",
    )


_SEEN = """
    SELECT r.label, r.sender, r.provider
    FROM ledger.event AS d JOIN ledger.event AS r ON r.label = d.label
    WHERE d.tx = $1 AND r.tx = $2 AND d.sender = $3 AND d.outcome = 'disclosed'
        AND d.at > statement_timestamp() - $4::int * interval '1 minute'
        AND r.state IN ('chained', 'released') AND r.outcome IS DISTINCT FROM 'disclosed'
"""
_REQUEST = """
    INSERT INTO ledger.correction (id, label, record, portal, fault, asked)
    VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING
"""
_HOLDERS = """
    INSERT INTO ledger.correction_holder (id, holder, role)
    SELECT $1, holder, role FROM unnest($2::text[], $3::text[]) AS h (holder, role)
"""
_ACKNOWLEDGED = """
    UPDATE ledger.correction_holder SET acknowledged = statement_timestamp(), held = $3
    WHERE id = $1 AND holder = $2 AND acknowledged IS NULL
"""
_ASKED_OF = """
    SELECT c.record FROM ledger.correction_holder AS h JOIN ledger.correction AS c USING (id)
    WHERE h.id = $1 AND h.holder = $2 AND h.role <> 'operator'
"""
_DECIDED = """
    UPDATE ledger.correction_holder
    SET decision = $3, ground = $4, decided = $5, acknowledged = coalesce(acknowledged, statement_timestamp())
    WHERE id = $1 AND holder = $2 AND decision IS NULL
"""
_OF_PERSON = """
    SELECT c.id, c.record, c.fault, c.asked, h.holder, h.role, h.acknowledged, h.decision, h.ground, h.decided
    FROM ledger.correction AS c JOIN ledger.correction_holder AS h USING (id)
    WHERE c.label = $1
    ORDER BY c.at, c.id, array_position(ARRAY['inquirer', 'provider', 'operator'], h.role), h.holder
"""
