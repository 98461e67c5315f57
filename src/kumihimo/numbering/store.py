"""What numbering keeps, in plain SQL."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from kumihimo.log import LogAppender
from kumihimo.node import AnyConnection, Connection


@dataclass(frozen=True, slots=True)
class Look:
    """One look into the registry, and the answer it led to (kept so that a retry gets the same one)."""

    tx: bytes
    requester: str
    recipient: str
    affair: str
    asked: int
    found: int
    answer: bytes = field(repr=False)


async def apply_looks(conn: Connection, log: LogAppender, jobs: Sequence[Look]) -> Sequence[bytes]:
    """Record looks, each once; the first answer to a tx stands."""
    for job in jobs:
        await conn.execute(
            "INSERT INTO numbering.look (tx, requester, recipient, affair, asked, found, answer) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (tx) DO NOTHING",
            job.tx,
            job.requester,
            job.recipient,
            job.affair,
            job.asked,
            job.found,
            job.answer,
        )
    return [job.answer for job in jobs]


async def recall(conn: AnyConnection, tx: bytes, requester: str) -> bytes | None:
    """The answer this requester got before under this tx."""
    answer = await conn.fetchval(
        "SELECT answer FROM numbering.look WHERE tx = $1 AND requester = $2", tx, requester
    )
    return bytes(answer) if answer is not None else None


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
