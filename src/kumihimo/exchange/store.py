"""What the exchange keeps, in plain SQL; every write is one set-based statement for many jobs.

The `apply_*` functions run inside the journal's transaction: what they return is acknowledged only after
COMMIT. A tx that is already there gets what it got before, if it is the same slip by the same sender,
and `replayed` otherwise.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import asyncpg

from kumihimo.base import ErrorType, Problem
from kumihimo.exchange.slip import Signed, digest, slip_codec
from kumihimo.log import LogAppender
from kumihimo.node import AnyConnection, Batch, Write


@dataclass(frozen=True, slots=True)
class Recorded:
    """The identity of a slip at a desk: its tx, its digest, and who brought it."""

    tx: bytes
    digest: bytes
    sender: str

    @classmethod
    def of(cls, signed: Signed, sender: str) -> "Recorded":
        """The identity of a slip that can be read."""
        return cls(slip_codec.decode(signed.body).tx, digest(signed.body), sender)


def replayed() -> Problem:
    """The refusal of a tx that was used before for something else."""
    return Problem(
        ErrorType.REPLAYED,
        detail="this tx was used before for another slip",
        detail_ja="この処理通番は既に別の照会票に使われています",
    )


@dataclass(frozen=True, slots=True)
class StampJob:
    """A stamp to be recorded; `seal` signs it once its place in the log is known."""

    slip: Recorded
    entry: bytes
    seal: Callable[[int], Signed]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal at a gate, without any person in it."""

    digest: bytes
    sender: str
    type: str

    @classmethod
    def of(cls, signed: Signed, sender: str, problem: Problem) -> "Refusal":
        """The trace of refusing this slip."""
        return cls(digest(signed.body), sender, problem.type.value)


class Seen:
    """The transaction names this process has met lately: only these can be in the tables already.

    A name that was met before this process started is caught by the primary key instead (`once`).
    """

    def __init__(self, size: int = 65_536) -> None:
        self._names: dict[bytes, None] = {}
        self._size = size

    def again(self, names: Iterable[bytes]) -> list[bytes]:
        """Those of the names that were met before; all are remembered."""
        met: list[bytes] = []
        for name in names:
            if name in self._names:
                met.append(name)
            else:
                self._names[name] = None
        while len(self._names) > self._size:
            del self._names[next(iter(self._names))]
        return met

    def once[J: Named, R](self, write: Write[J, R]) -> Write[J, R]:
        """Write; a name the tables know though this process does not is written again as met before."""

        async def attempt(job: J) -> R:
            try:
                return await write(job)
            except asyncpg.UniqueViolationError:
                self.again([job.slip.tx])
                return await write(job)

        return attempt


class Named(Protocol):
    """A job that belongs to one slip."""

    @property
    def slip(self) -> Recorded:
        """The slip's identity."""
        ...


class StampBook:
    """The stamps an operator has given: one entry and one stamp for a tx, however often it is brought."""

    def __init__(self) -> None:
        self.seen = Seen()

    async def apply(
        self, batch: Batch, log: LogAppender, jobs: Sequence[StampJob]
    ) -> Sequence[Signed | Problem]:
        """Record stamps with their log entries."""
        known = await self._known(batch, self.seen.again(job.slip.tx for job in jobs))
        fresh: list[tuple[Recorded, Signed]] = []
        for job in jobs:
            if job.slip.tx not in known:
                signed = job.seal(log.stage([job.entry]))
                known[job.slip.tx] = (job.slip, signed)
                fresh.append((job.slip, signed))
        if fresh:
            batch.add(
                "INSERT INTO exchange.stamp (tx, slip, sender, body, jws) "
                "SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::text[], $4::bytea[], $5::text[])",
                [slip.tx for slip, _ in fresh],
                [slip.digest for slip, _ in fresh],
                [slip.sender for slip, _ in fresh],
                [signed.body for _, signed in fresh],
                [signed.jws for _, signed in fresh],
            )
        return [same_slip(known, job.slip) for job in jobs]

    async def _known(self, batch: Batch, names: Sequence[bytes]) -> dict[bytes, tuple[Recorded, Signed]]:
        if not names:
            return {}
        rows = await batch.fetch(
            "SELECT tx, slip, sender, body, jws FROM exchange.stamp WHERE tx = ANY($1::bytea[])", names
        )
        return {
            row["tx"]: (
                Recorded(row["tx"], row["slip"], row["sender"]),
                Signed(body=row["body"], jws=row["jws"]),
            )
            for row in rows
        }


def same_slip[R](known: Mapping[bytes, tuple[Recorded, R]], slip: Recorded) -> R | Problem:
    """What the same slip got before; `replayed` when its tx was used for another slip."""
    before, result = known[slip.tx]
    return result if before == slip else replayed()


async def apply_refusals(batch: Batch, log: LogAppender, jobs: Sequence[Refusal]) -> Sequence[None]:
    """Record refusals; nothing of them enters the log of exchanges, because nothing was exchanged."""
    batch.add(
        "INSERT INTO exchange.refusal (slip, sender, type) "
        "SELECT * FROM unnest($1::bytea[], $2::text[], $3::text[])",
        [job.digest for job in jobs],
        [job.sender for job in jobs],
        [job.type for job in jobs],
    )
    return [None] * len(jobs)


async def recall_stamp(conn: AnyConnection, slip: Recorded) -> Signed | None:
    """The stamp this very slip got before, for a retry that comes after the slip has expired."""
    row = await conn.fetchrow(
        "SELECT body, jws FROM exchange.stamp WHERE tx = $1 AND slip = $2 AND sender = $3",
        slip.tx,
        slip.digest,
        slip.sender,
    )
    return Signed(body=row["body"], jws=row["jws"]) if row else None


@dataclass(frozen=True, slots=True)
class OpenJob:
    """A slip about to leave the house: written down before it goes."""

    tx: bytes
    provider: str
    permission: str
    information: str
    office: str
    papers: bytes = field(repr=False)
    entry: bytes


async def apply_opens(batch: Batch, log: LogAppender, jobs: Sequence[OpenJob]) -> Sequence[None]:
    """Record slips with their log entries before they are brought anywhere."""
    for job in jobs:
        log.stage([job.entry])
    batch.add(
        "INSERT INTO exchange.inquiry (tx, provider, permission, information, office, papers) "
        "SELECT * FROM unnest($1::bytea[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bytea[])",
        [job.tx for job in jobs],
        [job.provider for job in jobs],
        [job.permission for job in jobs],
        [job.information for job in jobs],
        [job.office for job in jobs],
        [job.papers for job in jobs],
    )
    return [None] * len(jobs)


@dataclass(frozen=True, slots=True)
class CloseJob:
    """How an inquiry ended: its state, the refusal if any, and the sealed papers that prove it."""

    tx: bytes
    state: str
    problem: str | None
    evidence: bytes | None = field(repr=False)


async def apply_closes(batch: Batch, log: LogAppender, jobs: Sequence[CloseJob]) -> Sequence[None]:
    """Record the end of inquiries."""
    batch.add(
        "UPDATE exchange.inquiry AS i SET state = j.state, problem = j.problem, "
        "evidence = j.evidence, closed_at = statement_timestamp() "
        "FROM unnest($1::bytea[], $2::text[], $3::text[], $4::bytea[]) AS j(tx, state, problem, evidence) "
        "WHERE i.tx = j.tx AND i.state IN ('open', 'pending')",
        [job.tx for job in jobs],
        [job.state for job in jobs],
        [job.problem for job in jobs],
        [job.evidence for job in jobs],
    )
    return [None] * len(jobs)


@dataclass(frozen=True, slots=True)
class TakeJob:
    """Codes taken out of one delivery, to be kept under the receiver's own references."""

    tx: bytes
    slip: bytes
    epoch: int
    entry: bytes
    subjects: tuple[str, ...] = field(repr=False)
    codes: tuple[bytes, ...] = field(repr=False)


async def apply_takes(batch: Batch, log: LogAppender, jobs: Sequence[TakeJob]) -> Sequence[int | Problem]:
    """Keep acquired codes, once per delivery; a code already held for somebody else is not overwritten.

    They are kept in the order of the codes: the order of the delivery would tell a thief of two databases
    who is who.
    """
    results: list[int | Problem] = []
    for job in jobs:
        known = await batch.fetchrow("SELECT slip, codes FROM exchange.acquisition WHERE tx = $1", job.tx)
        if known is not None:
            same = known["slip"] == job.slip
            results.append(known["codes"] if same else Problem(ErrorType.REPLAYED, detail="this tx was used"))
            continue
        kept = await batch.execute(
            "INSERT INTO exchange.person_code (subject, code, epoch) "
            "SELECT s, c, $3 FROM unnest($1::text[], $2::bytea[]) AS j(s, c) ORDER BY c "
            "ON CONFLICT DO NOTHING",
            job.subjects,
            job.codes,
            job.epoch,
        )
        count = int(kept.rsplit(" ", 1)[1])
        batch.add(
            "INSERT INTO exchange.acquisition (tx, slip, codes) VALUES ($1, $2, $3)", job.tx, job.slip, count
        )
        log.stage([job.entry])
        results.append(count)
    return results
