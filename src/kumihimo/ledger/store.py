"""The ledger's one kind of write, in plain SQL: many jobs at a time, in the journal's transaction.

Records, outcomes and everything else that extends chains are one kind of job, because they touch the same
heads. Closing an epoch is one too: it is written first, apart from the others of its batch.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from kumihimo.base import JST, Clock, ErrorType, Problem, system_clock
from kumihimo.exchange import Recorded, Seen, Signed, replayed
from kumihimo.ledger.chains import known_hashes, new_addition, sealed_entry
from kumihimo.ledger.deferral import MAXIMUM_DAYS, Approval, Terms
from kumihimo.ledger.epoch_store import CloseJob, newest_record, write_epoch
from kumihimo.ledger.events import Moves, OutcomeJob, State
from kumihimo.ledger.model import QUIET, Entry, Kind
from kumihimo.log import LogAppender
from kumihimo.messages import Vault
from kumihimo.node import AnyConnection, Batch

AT_ONCE = 1000
"""Events that one settling job moves; what is left waits for the next one."""


@dataclass(frozen=True, slots=True)
class RecordJob:
    """An exchange to be recorded on its person; `receipt` is what the ledger signs for it.

    `x_index` is its place in operator 1's log as the first stamp says, `material` what the sampled audit will
    need, sealed; `terms` if the inquirer withholds it.
    """

    slip: Recorded
    label: bytes = field(repr=False)
    entry: Entry
    receipt: Signed
    x_index: int
    commit: bytes
    material: bytes = field(repr=False)
    terms: Terms | None


@dataclass(frozen=True, slots=True)
class AppendJob:
    """An entry for a person's chain that belongs to no new exchange: a correction (番号法31条)."""

    label: bytes = field(repr=False)
    entry: Entry


@dataclass(frozen=True, slots=True)
class SettleJob:
    """Move what has waited long enough: open events into the chain, due ones out of the deferral set."""


@dataclass(frozen=True, slots=True)
class DecideJob:
    """The commission's word on the withholding of the event with this commitment."""

    commit: bytes
    approval: Approval


@dataclass(frozen=True, slots=True)
class EraseJob:
    """Erase what has been kept long enough: records written and material taken in before these moments."""

    records: datetime
    material: datetime


type Job = RecordJob | OutcomeJob | AppendJob | SettleJob | DecideJob | EraseJob | CloseJob
type Answered = Signed | Problem | bool | int


@dataclass(slots=True)
class Book:
    """The ledger's tables under its vault key. `voided` are places in operator 1's log given up for good."""

    vault: Vault
    clock: Clock = system_clock
    maximum_days: int = MAXIMUM_DAYS
    seen: Seen = field(default_factory=Seen)
    voided: set[int] = field(default_factory=set)

    async def apply(self, batch: Batch, log: LogAppender, jobs: Sequence[Job]) -> Sequence[Answered]:
        """Do each job once, in the order in which they came; one answer for each.

        An exchange brought again gets its first receipt. An outcome is taken from the provider that was
        asked only, and once: the answer tells whether its exchange is known here.
        """
        at_once = [await self._at_once(batch, log, job) for job in jobs]
        records = [job for job in jobs if isinstance(job, RecordJob)]
        known = await self._receipts(batch, self.seen.again(job.slip.tx for job in records))
        moves = Moves(self.vault, self.clock().astimezone(JST).date(), self.maximum_days)
        await moves.load(batch, [job.tx for job in jobs if isinstance(job, OutcomeJob)])
        fresh: list[RecordJob] = []
        answers = [
            done if done is not None else await self._one(batch, moves, job, known, fresh)
            for job, done in zip(jobs, at_once, strict=True)
        ]
        await moves.write(batch)
        if fresh:
            batch.add(_EVENTS, *([column(self, job) for job in fresh] for column in _EVENT_COLUMNS))
            batch.add(
                _MATERIAL,
                [job.x_index for job in fresh],
                [job.slip.tx for job in fresh],
                [job.material for job in fresh],
            )
        return answers

    async def _at_once(self, batch: Batch, log: LogAppender, job: Job) -> int | bool | None:
        """Jobs whose writes do not wait for the end of the batch; None for the others."""
        match job:
            case CloseJob():
                return await write_epoch(batch, log, job)
            case DecideJob():
                done = await batch.execute(_DECIDE, job.commit, job.approval.value)
                return done != "UPDATE 0"
            case EraseJob():
                await batch.execute(_ERASE_MATERIAL, job.material)
                await batch.execute(_ERASE_EVENTS, job.records)
                await batch.execute(_ERASE_CORRECTIONS, job.records)
                done = await batch.execute(_ERASE_ENTRIES, job.records)
                return int(done.rsplit(" ", 1)[1])
            case _:
                return None

    async def _one(
        self,
        batch: Batch,
        moves: Moves,
        job: Job,
        known: dict[bytes, tuple[Recorded, Signed]],
        fresh: list[RecordJob],
    ) -> Answered:
        match job:
            case RecordJob():
                return self._record(moves, job, known, fresh)
            case OutcomeJob():
                return moves.report(job)
            case AppendJob():
                addition = new_addition(self.vault, job.label, job.entry)
                if not await known_hashes(batch, job.label, [addition.hash]):
                    moves.additions.append(addition)
                return True
            case _:
                return await _settle(batch, moves)

    def _record(
        self,
        moves: Moves,
        job: RecordJob,
        known: dict[bytes, tuple[Recorded, Signed]],
        fresh: list[RecordJob],
    ) -> Signed | Problem:
        if job.slip.tx in known:
            slip, receipt = known[job.slip.tx]
            return receipt if slip == job.slip else replayed()
        if job.x_index in self.voided:
            return Problem(ErrorType.EXPIRED, detail="this event was given up: it came too late")
        known[job.slip.tx] = (job.slip, job.receipt)
        fresh.append(job)
        if job.entry.kind is Kind.DISCLOSED:
            moves.additions.append(new_addition(self.vault, job.label, job.entry))
        return job.receipt

    async def _receipts(self, batch: Batch, names: Sequence[bytes]) -> dict[bytes, tuple[Recorded, Signed]]:
        if not names:
            return {}
        rows = await batch.fetch(
            "SELECT tx, slip, sender, body, jws FROM ledger.event WHERE tx = ANY($1::bytea[])", names
        )
        return {
            row["tx"]: (
                Recorded(row["tx"], row["slip"], row["sender"]),
                Signed(body=row["body"], jws=row["jws"]),
            )
            for row in rows
        }

    def asked(self, job: RecordJob) -> bytes | None:
        """The sealed entry that waits with its event; None for what is chained at once."""
        return None if job.entry.kind is Kind.DISCLOSED else sealed_entry(self.vault, job.label, job.entry)


async def _settle(batch: Batch, moves: Moves) -> int:
    quiet = await moves.load_quiet(batch, QUIET.total_seconds(), AT_ONCE)
    for event in quiet:
        moves.settle(event)
    due = await batch.fetch(_DUE, moves.today, AT_ONCE)
    await moves.load(batch, [bytes(row["tx"]) for row in due])
    for row in due:
        moves.release(moves.events[bytes(row["tx"])], row["ground"])
    return len(quiet) + len(due)


_EVENT_COLUMNS: Sequence[Callable[[Book, RecordJob], object]] = (
    lambda book, job: job.slip.tx,
    lambda book, job: job.slip.digest,
    lambda book, job: job.slip.sender,
    lambda book, job: job.entry.provider,
    lambda book, job: job.entry.permission,
    lambda book, job: job.label,
    lambda book, job: job.receipt.body,
    lambda book, job: job.receipt.jws,
    lambda book, job: Kind.DISCLOSED.value if job.entry.kind is Kind.DISCLOSED else None,
    lambda book, job: job.terms.until if job.terms else None,
    lambda book, job: job.terms.ground if job.terms else None,
    lambda book, job: job.terms.by if job.terms else None,
    lambda book, job: job.x_index,
    lambda book, job: job.commit,
    lambda book, job: (State.CHAINED if job.entry.kind is Kind.DISCLOSED else State.OPEN).value,
    lambda book, job: book.asked(job),
)
_EVENTS = """
    INSERT INTO ledger.event (tx, slip, sender, provider, permission, label, body, jws, outcome,
                              withheld_until, withheld_ground, withheld_by, x_index, commit, state, asked)
    SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::text[], $4::text[], $5::text[], $6::bytea[],
                         $7::bytea[], $8::text[], $9::text[], $10::date[], $11::text[], $12::text[],
                         $13::bigint[], $14::bytea[], $15::text[], $16::bytea[])
"""
_MATERIAL = """
    INSERT INTO ledger.evidence (x_index, tx, sealed)
    SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bytea[])
"""
_DUE = """
    SELECT tx, ground FROM ledger.deferred
    WHERE NOT released AND entered IS NOT NULL AND (due <= $1 OR approval = 'refused') ORDER BY due LIMIT $2
"""
# An approved withholding runs to the end that was claimed, longer than the maximum if need be.
_DECIDE = """
    UPDATE ledger.deferred
    SET approval = $2, due = CASE WHEN $2 = 'approved' THEN until ELSE due END
    WHERE commit = $1 AND NOT released
"""
# Of what is withheld it is kept until its release can have been audited.
_ERASE_MATERIAL = """
    DELETE FROM ledger.evidence AS m WHERE m.at < $1 AND NOT EXISTS (
        SELECT FROM ledger.deferred AS d LEFT JOIN ledger.epoch AS e ON e.number = d.gone
        WHERE d.tx = m.tx AND (e.at IS NULL OR e.at >= $1))
"""
_ERASE_EVENTS = "DELETE FROM ledger.event WHERE at < $1 AND state IN ('chained', 'released')"
_ERASE_CORRECTIONS = "DELETE FROM ledger.correction WHERE at < $1"
_ERASE_ENTRIES = "UPDATE ledger.entry SET sealed = NULL WHERE at < $1 AND sealed IS NOT NULL"


async def recall_receipt(conn: AnyConnection, slip: Recorded) -> Signed | None:
    """The receipt this very slip got before, for a retry that comes after the slip has expired."""
    row = await conn.fetchrow(
        "SELECT body, jws FROM ledger.event WHERE tx = $1 AND slip = $2 AND sender = $3",
        slip.tx,
        slip.digest,
        slip.sender,
    )
    return Signed(body=row["body"], jws=row["jws"]) if row else None


async def counts(conn: AnyConnection) -> Mapping[str, int]:
    """Counts as of the last closed epoch: events on record, persons with a chain, events withheld by law.

    Never of this moment: who reads often would see at which moment an event became withheld. Zeros before
    the first epoch.
    """
    record = await newest_record(conn)
    if record is None:
        return {"events": 0, "persons": 0, "withheld": 0}
    return {
        "events": record.total + record.deferred,
        "persons": record.persons,
        "withheld": record.deferred,
    }
