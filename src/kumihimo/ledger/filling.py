"""Filling a rehearsal's tables in bulk: people's chains with exchanges that ended long ago.

The rows are those the book would have written by and by (`kumihimo.ledger.store`), under the same seals and
hashes; what an exchange leaves only for hours, the audit's material, is left out. Several processes may fill
at once, each its own people.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from kumihimo.exchange import Recorded, Signed
from kumihimo.ledger.model import EMPTY_HEAD, Entry, encode_entry, entry_hash, next_head
from kumihimo.messages import Vault
from kumihimo.node import AnyConnection

VAULT = Vault(bytes(range(32)))
"""The vault of a rehearsal, where nothing is secret."""
_SLICE = 5000


@dataclass(frozen=True, slots=True)
class Ended:
    """One exchange that has ended: the slip, the receipt, what was asked and how it ended.

    A person's own look has no outcome.
    """

    slip: Recorded
    receipt: Signed
    asked: Entry
    outcome: Entry | None


type Chains = Iterable[tuple[bytes, Sequence[Ended]]]
"""People by label, each with their exchanges in order."""


async def fill(conn: AnyConnection, people: Chains, first: int = 0) -> int:
    """Write whole chains, by COPY, some thousand exchanges a transaction; the number of exchanges.

    `first` is the place in operator 1's log that the first exchange is given.
    """
    persons, entries, events, count = list[_Row](), list[_Row](), list[_Row](), 0
    for label, exchanges in people:
        head, n = EMPTY_HEAD, 0
        for one in exchanges:
            for entry in filter(None, (one.asked, one.outcome)):
                body = encode_entry(entry)
                hashed, n = entry_hash(body), n + 1
                head = next_head(head, hashed)
                sealed = VAULT.seal(body, label)
                entries.append((label, n, entry.kind.value, one.slip.tx, hashed, sealed))
            events.append(_event(label, one, first + count + len(events)))
        persons.append((label, n, len(exchanges), head))
        if len(events) >= _SLICE:
            count += len(events)
            await _copy(conn, persons, entries, events)
    count += len(events)
    await _copy(conn, persons, entries, events)
    return count


type _Row = tuple[object, ...]
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "person": ("label", "count", "counted", "head"),
    "entry": ("label", "n", "kind", "tx", "hash", "sealed"),
    "event": (
        *("tx", "slip", "sender", "provider", "permission", "label", "body", "jws", "outcome"),
        *("x_index", "commit", "state"),
    ),
}


def _event(label: bytes, one: Ended, index: int) -> _Row:
    slip, asked, receipt = one.slip, one.asked, one.receipt
    told = one.outcome.outcome if one.outcome else None
    return (
        *(slip.tx, slip.digest, slip.sender, asked.provider, asked.permission, label),
        *(receipt.body, receipt.jws, told.value if told else None),
        *(index, bytes.fromhex(asked.commit), "chained"),
    )


async def _copy(conn: AnyConnection, *rows: list[_Row]) -> None:
    async with conn.transaction():
        for (table, columns), some in zip(_COLUMNS.items(), rows, strict=True):
            await conn.copy_records_to_table(table, schema_name="ledger", columns=columns, records=some)
            some.clear()
