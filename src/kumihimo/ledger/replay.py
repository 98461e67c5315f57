"""The replay of epochs: an auditor keeps its own copy of the map's leaves and follows every step. Pure.

`Auditor.take` accepts an epoch only if all of this holds, else says what does not and stays where it is:

1. record and transition read in their one form; the record names this transition; its number is the next
   one, its time is not earlier, the depth is the same;
2. X (operator 1's log): the entries since the last epoch lead to x_root at x_size, and to every checkpoint
   of X that the auditor has seen on the way: the ledger was shown no other log;
3. every moved leaf goes on from the auditor's own copy of it: counts only grow, heads only extend;
4. these leaves give the map's root, total and number of persons;
5. every person-event of X is counted, deferred, void or open, each once; lists and numbers agree; nothing is
   open longer than promised, nothing deferred beyond its day or released in the epoch that deferred it; no
   entry stands twice in one transition (across epochs nobody keeps all hashes: the person's file shows that);
6. total + deferred + open + void = person-events of X.

What it cannot see is whose label an event was counted under: for that there is the sampled audit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import msgspec

from kumihimo.base import Problem
from kumihimo.ledger.faults import Discrepancy, Fault
from kumihimo.ledger.model import EMPTY_HEAD, next_head
from kumihimo.ledger.standing import Standing, move, person_events
from kumihimo.ledger.transition import (
    EpochRecord,
    Moved,
    Transition,
    decode_record,
    decode_transition,
    transition_hash,
)
from kumihimo.ledger.treemap import RECORD, Leaf, hash_of, sum_of
from kumihimo.ledger.wholemap import WholeMap
from kumihimo.log import Checkpoint, Edge, leaf_hash

MAX_DEPTH = 24
"""A deeper map than this no auditor holds in memory (2^25 nodes); refused before anything is made of it."""


@dataclass(frozen=True, slots=True)
class _State:
    """What an auditor carries from epoch to epoch, in the form in which it can be put aside."""

    epoch: int
    time: int
    depth: int
    x_origin: str
    edge: Edge
    standing: Standing
    leaves: bytes


_state = msgspec.msgpack.Decoder(_State)


class Auditor:
    """Follows the ledger from epoch to epoch, and believes none of it.

    Begin before epoch 1, or where an earlier one was put aside (`dump`, `load`). `x_origin` names X; without
    it the first epoch does.
    """

    __slots__ = ("_edge", "_map", "depth", "epoch", "persons", "standing", "time", "x_origin")

    def __init__(self, x_origin: str = "") -> None:
        self.epoch, self.time, self.depth, self.persons = 0, 0, 0, 0
        self.x_origin = x_origin
        self.standing = Standing()
        self._edge = Edge()
        self._map = WholeMap(0)

    @property
    def x_size(self) -> int:
        """How many entries of X are accounted for; the next epoch's entries begin here."""
        return self._edge.size

    @property
    def total(self) -> int:
        """How many records the map counts."""
        return sum_of(self._map.root)

    def leaf(self, label: bytes) -> Leaf | None:
        """What the map says of one label after the last epoch taken."""
        return self._map.leaf(label)

    def take(
        self,
        record: bytes,
        transition: bytes,
        entries: Sequence[bytes],
        seen: Sequence[Checkpoint] = (),
    ) -> tuple[Discrepancy, ...]:
        """Take the next epoch, or say what is wrong with it and stay as before.

        record: the entry of the ledger's log; transition: its document; entries: X from `x_size` up to the
        record's; seen: checkpoints of X that others signed or cosigned, in any order. One of before
        `x_size`, or beyond the record's, is not compared here: for that there are consistency proofs.
        """
        read, document = decode_record(record), decode_transition(transition)
        if isinstance(read, Problem) or isinstance(document, Problem):
            return (Discrepancy(Fault.UNREADABLE, self.epoch + 1),)
        found = self._sequence(read, document, transition)
        if found:
            return found
        edge, found = self._exchange_log(read, entries, seen)
        if found:
            return found
        standing, wrong = move(self.standing, person_events(entries, self.x_size), read, document)
        if not self.epoch:
            self._map = WholeMap(read.depth)
        leaves, broken = self._leaves(document)
        if broken:
            return (*broken, *wrong)
        change = self._map.moved(leaves)
        new = sum(self._map.leaf(leaf.label) is None for leaf in leaves)
        found = (*_map_faults(read, change.root, self.persons + new), *wrong)
        if not found:
            self._map.settle(change)
            self.persons += new
            self.epoch, self.time, self.depth, self.x_origin = (
                read.epoch,
                read.time,
                read.depth,
                read.x_origin,
            )
            self._edge, self.standing = edge, standing
        return found

    def _sequence(
        self, read: EpochRecord, document: Transition, transition: bytes
    ) -> tuple[Discrepancy, ...]:
        if read.epoch != self.epoch + 1:
            return (Discrepancy(Fault.GAP, read.epoch, self.epoch + 1, read.epoch),)
        if read.transition != transition_hash(transition) or document.epoch != read.epoch:
            return (Discrepancy(Fault.TRANSITION, read.epoch),)
        if read.time < self.time:
            return (Discrepancy(Fault.TIME, read.epoch, self.time, read.time),)
        if not 0 <= read.depth <= MAX_DEPTH or (self.epoch and read.depth != self.depth):
            return (Discrepancy(Fault.DEPTH, read.epoch, self.depth, read.depth),)
        if self.x_origin not in ("", read.x_origin):
            return (Discrepancy(Fault.FORKED, read.epoch),)
        return ()

    def _exchange_log(
        self,
        read: EpochRecord,
        entries: Sequence[bytes],
        seen: Sequence[Checkpoint],
    ) -> tuple[Edge, tuple[Discrepancy, ...]]:
        """The edge of X at x_size; every checkpoint on the way there is compared."""
        size = self.x_size + len(entries)
        if read.x_size != size:
            return self._edge, (Discrepancy(Fault.X_SIZE, read.epoch, size, read.x_size),)
        marks = {(one.size, one.root) for one in seen if self.x_size <= one.size <= size}
        edge = self._edge
        for mark, root in sorted({*marks, (size, bytes.fromhex(read.x_root))}):
            part = entries[edge.size - self.x_size : mark - self.x_size]
            edge, _ = edge.extend([leaf_hash(entry) for entry in part])
            if edge.root != root:
                fault = Fault.FORKED if (mark, root) in marks else Fault.X_ROOT
                return self._edge, (Discrepancy(fault, read.epoch, None, mark),)
        return edge, ()

    def _leaves(self, document: Transition) -> tuple[list[Leaf], tuple[Discrepancy, ...]]:
        """The leaves after the epoch, if each goes on from the auditor's own copy."""
        labels = [one.label for one in document.moved]
        if any(one >= other for one, other in pairwise(labels)):
            return [], (Discrepancy(Fault.ORDER, document.epoch),)
        leaves = [self._extended(one) for one in document.moved]
        known = [leaf for leaf in leaves if leaf is not None]
        if len(known) < len(leaves):
            return [], (Discrepancy(Fault.REWRITTEN, document.epoch, 0, len(leaves) - len(known)),)
        return known, ()

    def _extended(self, moved: Moved) -> Leaf | None:
        label, head = bytes.fromhex(moved.label), bytes.fromhex(moved.head)
        own = self._map.leaf(label) or Leaf(label, 0, EMPTY_HEAD)
        if not moved.entries or (moved.n, head) != (own.n, own.head):
            return None
        for hashed, _ in moved.entries:
            head = next_head(head, bytes.fromhex(hashed))
        return Leaf(label, own.n + sum(flag for _, flag in moved.entries), head)

    def dump(self) -> bytes:
        """Everything this auditor knows, to go on from later; 72 bytes a person and a little more."""
        leaves = b"".join(leaf.record for leaf in self._map.leaves())
        return msgspec.msgpack.encode(
            _State(self.epoch, self.time, self.depth, self.x_origin, self._edge, self.standing, leaves)
        )

    @classmethod
    def load(cls, data: bytes) -> Self:
        """The auditor that was put aside. Raises msgspec.MsgspecError for anything but its own `dump`."""
        state, auditor = _state.decode(data), cls()
        auditor.epoch, auditor.time, auditor.depth = state.epoch, state.time, state.depth
        auditor.x_origin, auditor._edge, auditor.standing = state.x_origin, state.edge, state.standing
        records = (state.leaves[at : at + RECORD] for at in range(0, len(state.leaves), RECORD))
        auditor._map = WholeMap(state.depth, map(Leaf.of, records))
        auditor.persons = auditor._map.persons
        return auditor


def _map_faults(read: EpochRecord, root: bytes, persons: int) -> tuple[Discrepancy, ...]:
    found: list[Discrepancy] = []
    if hash_of(root).hex() != read.map_root:
        found.append(Discrepancy(Fault.MAP_ROOT, read.epoch))
    if sum_of(root) != read.total:
        found.append(Discrepancy(Fault.TOTAL, read.epoch, sum_of(root), read.total))
    if persons != read.persons:
        found.append(Discrepancy(Fault.PERSONS, read.epoch, persons, read.persons))
    return tuple(found)
