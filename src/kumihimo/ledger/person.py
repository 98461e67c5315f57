"""Reading one person's chain: the live list, and everything that a proof is made of, as of one moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from kumihimo.ledger.chains import opened_body
from kumihimo.ledger.cut import Standpoint
from kumihimo.ledger.file import ChainLine
from kumihimo.ledger.model import Entry, Kind, decode_entry
from kumihimo.ledger.treemap import bucket_of
from kumihimo.log import LogReader
from kumihimo.messages import Vault
from kumihimo.node import AnyConnection


@dataclass(frozen=True, slots=True)
class Proved:
    """A person as of one closed epoch: their chain, their leaf's bucket, the proof of the epoch's record.

    `tlog` is None as long as no checkpoint that covers the epoch is vouched for.
    """

    epoch: int
    chain: Sequence[ChainLine] = field(repr=False)
    bucket: bytes = field(repr=False)
    tlog: str | None


async def person_entries(
    conn: AnyConnection, vault: Vault, label: bytes
) -> tuple[Sequence[Entry], Mapping[str, date]]:
    """The entries of one person that are not erased, oldest first, and until which day some are withheld.

    The latter are of the time before withheld events were kept out of the chains.
    """
    rows = await conn.fetch(
        "SELECT sealed FROM ledger.entry WHERE label = $1 AND sealed IS NOT NULL ORDER BY n", label
    )
    entries = [decode_entry(opened_body(vault, label, bytes(row["sealed"]))) for row in rows]
    return entries, await _withheld(conn, label)


async def _withheld(conn: AnyConnection, label: bytes) -> Mapping[str, date]:
    held = await conn.fetch(_WITHHELD, label)
    return {row["tx"].hex(): row["withheld_until"] for row in held}


async def newest_seq(conn: AnyConnection, label: bytes) -> int:
    """The number of the last entry in a person's chain, among all entries of all chains; 0 without any."""
    found = await conn.fetchval(
        "SELECT seq FROM ledger.entry WHERE label = $1 ORDER BY n DESC LIMIT 1", label
    )
    return int(found or 0)


async def proved_person(
    conn: AnyConnection, vault: Vault, label: bytes, last: Standpoint, *, today: date, cosigned: bool
) -> Proved:
    """The person as of the last closed epoch; with `cosigned` only a checkpoint of the witnesses will do."""
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        epoch = int(await conn.fetchval("SELECT coalesce(max(number), 0) FROM ledger.epoch"))
        rows = await conn.fetch(_CHAIN, label, last.through)
        withheld = {tx for tx, until in (await _withheld(conn, label)).items() if until > today}
        number = bucket_of(label, last.top.depth)
        bucket = await conn.fetchval("SELECT leaves FROM ledger.bucket WHERE number = $1", number)
        prove = LogReader.cosigned_proof if cosigned else LogReader.proof
        proof = await prove(conn, last.log_index)
    chain = [
        ChainLine(
            Kind(row["kind"]),
            row["tx"].hex(),
            bytes(row["hash"]),
            None
            if row["sealed"] is None or row["tx"].hex() in withheld
            else opened_body(vault, label, bytes(row["sealed"])),
        )
        for row in rows
    ]
    return Proved(epoch, chain, bytes(bucket or b""), proof.text if proof else None)


_CHAIN = "SELECT kind, tx, hash, sealed FROM ledger.entry WHERE label = $1 AND seq <= $2 ORDER BY n"
_WITHHELD = """
    SELECT tx, withheld_until FROM ledger.event
    WHERE label = $1 AND withheld_until IS NOT NULL AND state = 'chained'
"""
