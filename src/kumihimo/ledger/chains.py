"""Appending to persons' chains: heads are read once, chained in memory, and written once a batch."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from kumihimo.base import Problem
from kumihimo.ledger.model import (
    COUNTED,
    EMPTY_HEAD,
    Entry,
    Kind,
    decode_entry,
    encode_entry,
    entry_hash,
    next_head,
)
from kumihimo.messages import Vault
from kumihimo.node import AnyConnection, Batch


@dataclass(frozen=True, slots=True)
class Addition:
    """One entry on its way into a chain: its hash, and its bytes sealed under the person's label."""

    label: bytes = field(repr=False)
    kind: Kind
    tx: bytes
    hash: bytes
    sealed: bytes = field(repr=False)


def sealed_entry(vault: Vault, label: bytes, entry: Entry) -> bytes:
    """An entry as it is kept, in the chain or before it is there."""
    return vault.seal(encode_entry(entry), label)


def opened_body(vault: Vault, label: bytes, sealed: bytes) -> bytes:
    """The exact bytes of a kept entry; RuntimeError when our own vault does not open it."""
    body = vault.open(sealed, label)
    if isinstance(body, Problem):
        raise RuntimeError("an entry of the ledger cannot be opened with its vault key")
    return body


def opened_entry(vault: Vault, label: bytes, sealed: bytes) -> Entry:
    """A kept entry; RuntimeError when our own vault does not open it."""
    return decode_entry(opened_body(vault, label, sealed))


def new_addition(vault: Vault, label: bytes, entry: Entry) -> Addition:
    """An entry made just now."""
    body = encode_entry(entry)
    return Addition(label, entry.kind, bytes.fromhex(entry.tx), entry_hash(body), vault.seal(body, label))


def kept_addition(vault: Vault, label: bytes, sealed: bytes, kind: Kind, tx: bytes) -> Addition:
    """An entry that was kept sealed until now."""
    return Addition(label, kind, tx, entry_hash(opened_body(vault, label, sealed)), sealed)


async def extend(batch: Batch, additions: Sequence[Addition]) -> None:
    """Append entries to chains, each behind what is there, in their order."""
    labels = list({one.label for one in additions})
    rows = await batch.fetch(
        "SELECT label, count, counted, head FROM ledger.person WHERE label = ANY($1::bytea[])", labels
    )
    heads = {bytes(row["label"]): (row["count"], row["counted"], bytes(row["head"])) for row in rows}
    new: list[tuple[bytes, int, str, bytes, bytes, bytes]] = []
    for one in additions:
        count, counted, head = heads.get(one.label, (0, 0, EMPTY_HEAD))
        counted += one.kind in COUNTED
        heads[one.label] = (count + 1, counted, next_head(head, one.hash))
        new.append((one.label, count + 1, one.kind.value, one.tx, one.hash, one.sealed))
    batch.add(_PERSONS, labels, *zip(*(heads[label] for label in labels), strict=True))
    batch.add(_ENTRIES, *zip(*new, strict=True))


async def known_hashes(conn: Batch | AnyConnection, label: bytes, hashes: Sequence[bytes]) -> set[bytes]:
    """Those of the hashes that already stand in a chain."""
    rows = await conn.fetch(
        "SELECT hash FROM ledger.entry WHERE label = $1 AND hash = ANY($2::bytea[])", label, hashes
    )
    return {bytes(row["hash"]) for row in rows}


_PERSONS = """
    INSERT INTO ledger.person (label, count, counted, head)
    SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::bigint[], $4::bytea[])
    ON CONFLICT (label) DO UPDATE
    SET count = excluded.count, counted = excluded.counted, head = excluded.head
"""
_ENTRIES = """
    INSERT INTO ledger.entry (label, n, kind, tx, hash, sealed)
    SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::text[], $4::bytea[], $5::bytea[], $6::bytea[])
"""
