"""Epochs of an honest ledger over made-up people, without a store, to measure what an auditor does. Pure."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

import msgspec

from kumihimo.ledger.deferral import deferral_root
from kumihimo.ledger.model import EMPTY_HEAD, next_head
from kumihimo.ledger.transition import (
    EpochRecord,
    Moved,
    Transition,
    encode_record,
    encode_transition,
    transition_hash,
)
from kumihimo.ledger.treemap import Leaf, hash_of, sum_of
from kumihimo.ledger.wholemap import WholeMap
from kumihimo.log import Edge, leaf_hash

X_ORIGIN = "kumihimo.example/digital"
START = 1_790_000_000_000
STEP = 10_000


@dataclass(frozen=True, slots=True)
class RehearsedEpoch:
    """What an auditor gets of one epoch: record, transition document, and the new entries of X."""

    record: bytes
    transition: bytes
    entries: Sequence[bytes]


def rehearse_epochs(count: int, touched: int, *, depth: int = 16) -> Iterator[RehearsedEpoch]:
    """`count` epochs, each with one new record and its outcome for each of the same `touched` people."""
    people, edge = WholeMap(depth), Edge()
    leaves = {
        label: Leaf(label, 0, EMPTY_HEAD)
        for label in sorted(sha256(b"%d" % number).digest() for number in range(touched))
    }
    for epoch in range(1, count + 1):
        first, entries = edge.size, [_entry() for _ in range(touched)]
        edge, _ = edge.extend([leaf_hash(entry) for entry in entries])
        grown = [_grown(leaf) for leaf in leaves.values()]
        leaves = {leaf.label: leaf for leaf, _ in grown}
        people.update(leaves.values())
        transition = encode_transition(
            Transition(
                v=1,
                epoch=epoch,
                moved=tuple(moved for _, moved in grown),
                settled=tuple(range(first, edge.size)),
                deferred=(),
                released=(),
                open=(),
                void=(),
            )
        )
        record = _record(epoch, people, edge, transition)
        yield RehearsedEpoch(encode_record(record), transition, entries)


def _grown(leaf: Leaf) -> tuple[Leaf, Moved]:
    asked, told = os.urandom(32), os.urandom(32)
    moved = Moved(
        label=leaf.label.hex(), n=leaf.n, head=leaf.head.hex(), entries=((asked.hex(), 1), (told.hex(), 0))
    )
    return Leaf(leaf.label, leaf.n + 1, next_head(next_head(leaf.head, asked), told)), moved


def _record(epoch: int, people: WholeMap, edge: Edge, transition: bytes) -> EpochRecord:
    return EpochRecord(
        v=1,
        kind="epoch",
        epoch=epoch,
        time=START + epoch * STEP,
        depth=people.top.depth,
        map_root=hash_of(people.root).hex(),
        total=sum_of(people.root),
        persons=people.persons,
        deferred=0,
        deferred_root=deferral_root(()).hex(),
        open=0,
        void=0,
        x_origin=X_ORIGIN,
        x_size=edge.size,
        x_root=edge.root.hex(),
        transition=transition_hash(transition),
    )


def _entry() -> bytes:
    """A person-event as operator 1's log holds it."""
    return msgspec.json.encode(
        {
            "commit": os.urandom(32),
            "hour": START // 3_600_000,
            "inquirer": "muni-131016",
            "kind": "inquire",
            "provider": "nenkin",
            "row": "o9/106/3@2024-05-27",
            "v": 1,
        }
    )
