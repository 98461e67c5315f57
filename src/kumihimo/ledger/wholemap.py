"""The whole map in memory: for auditors who replay epochs, for measuring, as the judge of the store. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from kumihimo.ledger.treemap import RECORD, Bucket, Leaf, Path, Top, bucket_of, find, leaves_of

_NONE = Bucket.of(b"")


@dataclass(frozen=True, slots=True)
class Change:
    """What some persons' new leaves would make of the map: the buckets, and the top's nodes."""

    buckets: Mapping[int, Bucket]
    nodes: Mapping[int, bytes]

    @property
    def root(self) -> bytes:
        """The map's root node after the change."""
        return self.nodes[1]


class WholeMap:
    """All leaves and the trees above them; about 200 bytes a person beside the top."""

    __slots__ = ("_buckets", "top")

    def __init__(self, depth: int, leaves: Iterable[Leaf] = ()) -> None:
        """Build the map of these leaves, in any order; of two with one label the last one counts."""
        self._buckets: dict[int, Bucket] = {}
        self.top = Top(depth)
        self.update(leaves)

    @property
    def root(self) -> bytes:
        """The node over everything: hash and total (40 bytes)."""
        return self.top.root

    @property
    def persons(self) -> int:
        """How many leaves the map has."""
        return sum(len(bucket.records) for bucket in self._buckets.values()) // RECORD

    def leaf(self, label: bytes) -> Leaf | None:
        """What the map says of one person, or None where it has no such leaf."""
        records = self._bucket(bucket_of(label, self.top.depth)).records
        place = find(records, label)
        return None if place is None else Leaf.of(records[place * RECORD : (place + 1) * RECORD])

    def leaves(self) -> Iterator[Leaf]:
        """All leaves, in no order that means anything."""
        for bucket in self._buckets.values():
            yield from leaves_of(bucket.records)

    def moved(self, leaves: Iterable[Leaf]) -> Change:
        """Work out the map with these leaves put in or replaced; nothing moves yet."""
        touched: defaultdict[int, dict[bytes, bytes]] = defaultdict(dict)
        for leaf in leaves:
            touched[bucket_of(leaf.label, self.top.depth)][leaf.label] = leaf.record
        buckets = {number: self._bucket(number).put(new) for number, new in touched.items()}
        roots = {number: bucket.root for number, bucket in buckets.items()}
        return Change(buckets, self.top.changed(roots) if roots else {1: self.root})

    def settle(self, change: Change) -> None:
        """Take over what `moved` worked out."""
        self._buckets.update(change.buckets)
        self.top.settle(change.nodes)

    def update(self, leaves: Iterable[Leaf]) -> None:
        """Put in or replace these leaves."""
        self.settle(self.moved(leaves))

    def prove(self, label: bytes) -> tuple[Leaf, Path] | None:
        """The leaf of a label and its path to the root, or None where the map has no such leaf."""
        number = bucket_of(label, self.top.depth)
        inside = self._bucket(number).prove(label)
        return None if inside is None else (inside[0], inside[1] + self.top.path(number))

    def _bucket(self, number: int) -> Bucket:
        return self._buckets.get(number, _NONE)
