"""What numbering keeps, in plain SQL."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from kumihimo.base import Problem
from kumihimo.exchange import replayed
from kumihimo.log import LogAppender
from kumihimo.node import AnyConnection, Batch


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asked, with which bytes (their SHA-256), and the answer: the same request gets the same answer."""

    requester: str
    request: bytes
    answer: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Look:
    """One look into the registry: for whom, under which affair, how many numbers, how many persons found."""

    tx: bytes
    by: Asked
    recipient: str
    affair: str
    asked: int
    found: int


async def apply_looks(batch: Batch, log: LogAppender, jobs: Sequence[Look]) -> Sequence[bytes | Problem]:
    """Record looks, each once; the first answer to a tx stands, and nobody else gets one under it."""
    results: list[bytes | Problem] = []
    for job in jobs:
        await batch.execute(
            "INSERT INTO numbering.look (tx, requester, request, recipient, affair, asked, found, answer) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (tx) DO NOTHING",
            job.tx,
            job.by.requester,
            job.by.request,
            job.recipient,
            job.affair,
            job.asked,
            job.found,
            job.by.answer,
        )
        kept = await recall(batch, job.tx)
        same = kept is not None and (kept.requester, kept.request) == (job.by.requester, job.by.request)
        results.append(kept.answer if kept is not None and same else replayed())
    return results


async def recall(conn: AnyConnection | Batch, tx: bytes) -> Asked | None:
    """What was asked and answered before under this tx."""
    row = await conn.fetchrow("SELECT requester, request, answer FROM numbering.look WHERE tx = $1", tx)
    return Asked(row["requester"], bytes(row["request"]), bytes(row["answer"])) if row else None


async def find_persons(conn: AnyConnection, indexes: Sequence[bytes]) -> Mapping[bytes, bytes]:
    """The sealed persons under these number indexes."""
    rows = await conn.fetch(
        "SELECT number_index, sealed FROM numbering.person WHERE number_index = ANY($1::bytea[])", indexes
    )
    return {bytes(row["number_index"]): bytes(row["sealed"]) for row in rows}


async def enrol(conn: AnyConnection, rows: Sequence[tuple[bytes, bytes]]) -> None:
    """Add numbered persons (index, sealed); a number that is already there is refused as a whole."""
    await conn.copy_records_to_table(
        "person", schema_name="numbering", columns=("number_index", "sealed"), records=rows
    )
