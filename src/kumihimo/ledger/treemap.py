"""The map of all persons, with sums: what the ledger commits to each epoch. Pure.

```
leaf   = SHA-256(0x02 ‖ I ‖ u64(n) ‖ head)                                      carries the sum n
node   = SHA-256(0x03 ‖ h_left ‖ u64(s_left) ‖ h_right ‖ u64(s_right))          carries s_left + s_right
empty  = 32 zero bytes, sum 0: a bucket without a leaf (the nodes above two empty buckets are hashed)
top    = the dense tree over 2^T buckets, by the leading T bits of I
bucket = its leaves sorted by I, split like RFC 6962: at the largest power of two below their number
```

Numbers are big-endian. Two byte forms do all the work, because they are what the hashes eat: a leaf's
**record** (72 bytes: I ‖ u64(n) ‖ head) and a **node** (40 bytes: hash ‖ u64(sum)). A bucket is the
concatenation of its records. A path leads from the leaf upward; its last T steps are the top, and there
the side of each sibling follows from the bits of I, so that a leaf can stand in one bucket only.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from itertools import accumulate
from struct import Struct

RECORD = 72
NODE = 40
MAX_DEPTH = 32
MAX_STEPS = 64
"""More steps than this no map needs; a longer path is refused unread."""
EMPTY = bytes(NODE)
"""The node of a bucket without a leaf."""

_record = Struct(">32sQ32s")
_sums = Struct(">32xQ32xQ").unpack


class Side(StrEnum):
    """Where the sibling stands at one step of a path."""

    LEFT = "L"
    RIGHT = "R"


type Step = tuple[Side, bytes]
"""One step of a path: the side of the sibling, and its node (40 bytes)."""

type Path = tuple[Step, ...]
"""From a leaf's sibling up to below the root."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """What the map says of one person: the label I (32 bytes), how many records are counted, the head."""

    label: bytes
    n: int
    head: bytes

    @property
    def record(self) -> bytes:
        """The 72 bytes that are hashed. Raises struct.error when n is no unsigned 64-bit number."""
        return _record.pack(self.label, self.n, self.head)

    @classmethod
    def of(cls, record: bytes) -> "Leaf":
        """The leaf of a record."""
        return cls(*_record.unpack(record))


def leaf_node(record: bytes) -> bytes:
    """The node of one leaf: its hash, and n as the sum."""
    return sha256(b"\x02" + record).digest() + record[32:40]


def parent(pair: bytes) -> bytes:
    """The node above two (80 bytes, left first). Raises OverflowError when the sum outgrows 64 bits."""
    left, right = _sums(pair)
    return sha256(b"\x03" + pair).digest() + int.to_bytes(left + right, 8)


def hash_of(node: bytes) -> bytes:
    """The hash of a node, 32 bytes."""
    return node[:32]


def sum_of(node: bytes) -> int:
    """The sum a node carries."""
    return int.from_bytes(node[32:])


def bucket_of(label: bytes, depth: int) -> int:
    """The bucket a label stands in: its leading `depth` bits."""
    return int.from_bytes(label[:4]) >> 32 - depth


def leaves_of(bucket: bytes) -> list[Leaf]:
    """The leaves of a bucket, sorted by label."""
    return [Leaf(*fields) for fields in _record.iter_unpack(bucket)]


def find(bucket: bytes, label: bytes) -> int | None:
    """The position of a label among the records of its bucket, or None."""
    at = bucket.find(label)
    while at % RECORD and at >= 0:  # the same bytes inside another record are not this label
        at = bucket.find(label, at + 1)
    return at // RECORD if at >= 0 else None


def put(bucket: bytes, moved: Iterable[bytes]) -> bytes:
    """The bucket after the records of some persons were replaced or added."""
    added = {}
    for record in moved:
        place = find(bucket, record[:32])
        if place is None:
            added[record[:32]] = record
        else:
            bucket = bucket[: place * RECORD] + record + bucket[(place + 1) * RECORD :]
    if not added:
        return bucket
    kept = (bucket[at : at + RECORD] for at in range(0, len(bucket), RECORD))
    return b"".join(sorted((*kept, *added.values())))


def bucket_root(bucket: bytes) -> bytes:
    """The node of a bucket, from its records sorted by label; `EMPTY` of none."""
    return Bucket.of(bucket).root


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket with the tree inside it: its records sorted by label, and the levels above them.

    The first level holds the leaves' nodes, the last one the root alone. An unpaired last node rises to
    the next level as it is, which is the split of RFC 6962.
    """

    records: bytes = field(repr=False)
    levels: tuple[bytes, ...] = field(repr=False)

    @classmethod
    def of(cls, records: bytes) -> "Bucket":
        """Build the tree over records that are sorted by label."""
        level = [leaf_node(records[at : at + RECORD]) for at in range(0, len(records), RECORD)]
        levels = [b"".join(level) or EMPTY]
        while len(level) > 1:
            above = [parent(left + right) for left, right in zip(level[::2], level[1::2], strict=False)]
            level = above + level[len(level) & ~1 :]
            levels.append(b"".join(level))
        return cls(records, tuple(levels))

    @property
    def root(self) -> bytes:
        """The node of the bucket."""
        return self.levels[-1]

    def put(self, moved: Mapping[bytes, bytes]) -> "Bucket":
        """The bucket after some persons' records (by label) were replaced or added."""
        places = {find(self.records, label): record for label, record in moved.items()}
        if None in places:
            return Bucket.of(put(self.records, moved.values()))
        records, level = bytearray(self.records), bytearray(self.levels[0])
        for place, record in places.items():
            assert place is not None
            records[place * RECORD : (place + 1) * RECORD] = record
            level[place * NODE : (place + 1) * NODE] = leaf_node(record)
        levels, touched = [bytes(level)], {place for place in places if place is not None}
        for above in self.levels[1:]:
            touched = {place >> 1 for place in touched}
            levels.append(_above(levels[-1], above, touched))
        return Bucket(bytes(records), tuple(levels))

    def prove(self, label: bytes) -> tuple[Leaf, Path] | None:
        """The leaf of a label and the steps inside the bucket, or None where there is no such leaf."""
        place = find(self.records, label)
        if place is None:
            return None
        leaf, steps = Leaf.of(self.records[place * RECORD : (place + 1) * RECORD]), list[Step]()
        for level in self.levels[:-1]:
            sibling = level[(place ^ 1) * NODE : ((place ^ 1) + 1) * NODE]
            if sibling:
                steps.append((_SIDES[place & 1], sibling))
            place >>= 1
        return leaf, tuple(steps)


def _above(level: bytes, before: bytes, places: Iterable[int]) -> bytes:
    """The level above, worked out anew at these places."""
    above = bytearray(before)
    for place in places:
        pair = level[place * 2 * NODE : (place + 1) * 2 * NODE]
        above[place * NODE : (place + 1) * NODE] = parent(pair) if len(pair) == 2 * NODE else pair
    return bytes(above)


_SIDES = (Side.RIGHT, Side.LEFT)


class Top:
    """The dense tree over the buckets: 2^(T+1) nodes, of which equal ones are held once (T = 20: 170 MB).

    Node k has the children 2k and 2k+1; node 1 is the root, node 2^T + b is bucket b. A change is first
    worked out (`changed`) and, once it is durable, taken over (`settle`); until then nothing moves.
    """

    __slots__ = ("_nodes", "depth")

    def __init__(self, depth: int, roots: Iterable[tuple[int, bytes]] = ()) -> None:
        """`depth` is T, 0..32; `roots` are the nodes of the buckets that are not empty."""
        if not 0 <= depth <= MAX_DEPTH:
            raise ValueError("the depth of a map is 0..32")
        self.depth = depth
        empties = list(accumulate(range(depth), lambda node, _: parent(node + node), initial=EMPTY))
        self._nodes = [EMPTY]  # node 0 is nobody
        for level in range(depth + 1):
            self._nodes.extend([empties[depth - level]] * (1 << level))
        self.settle(self.changed(dict(roots)))

    @property
    def root(self) -> bytes:
        """The node over everything: the map's root and its total."""
        return self._nodes[1]

    def bucket(self, number: int) -> bytes:
        """The node of a bucket."""
        return self._nodes[(1 << self.depth) + number]

    def changed(self, roots: Mapping[int, bytes]) -> dict[int, bytes]:
        """Every node of the top that is another once these buckets have these nodes; key 1 is the root.

        Nothing moves yet. Raises OverflowError when the total outgrows 64 bits.
        """
        held = self._nodes
        nodes = {(1 << self.depth) + number: node for number, node in roots.items()}
        changed = nodes.copy()
        for _ in range(self.depth):
            above = {}
            for k in {k >> 1 for k in nodes}:
                left, right = nodes.get(2 * k) or held[2 * k], nodes.get(2 * k + 1) or held[2 * k + 1]
                above[k] = parent(left + right)
            changed.update(above)
            nodes = above
        return changed

    def settle(self, changed: Mapping[int, bytes]) -> None:
        """Take over what `changed` worked out."""
        for k, node in changed.items():
            self._nodes[k] = node

    def path(self, number: int) -> Path:
        """The steps from a bucket's node to the root."""
        nodes, k = self._nodes, (1 << self.depth) + number
        return tuple((_SIDES[k >> level & 1], nodes[k >> level ^ 1]) for level in range(self.depth))


def climb(leaf: Leaf, path: Sequence[Step], depth: int) -> bytes | None:
    """The root node a path leads to; None when it cannot be a path of a map of this depth.

    Refused are a path too short or too long for the map, a step of the top on the wrong side for the
    label's bits, an empty sibling with a sum, and sums beyond 64 bits. Whoever gets a root compares it,
    hash and sum, with the one the ledger signed.
    """
    inside = len(path) - depth
    fits = 0 <= depth <= MAX_DEPTH and 0 <= inside <= MAX_STEPS and len(leaf.label) == len(leaf.head) == 32
    if not fits or not 0 <= leaf.n < 1 << 64:
        return None
    number = bucket_of(leaf.label, depth)
    if any(side is not _SIDES[number >> level & 1] for level, (side, _) in enumerate(path[inside:])):
        return None
    node, total = leaf_node(leaf.record), leaf.n
    for side, sibling in path:
        total += sum_of(sibling)
        if len(sibling) != NODE or total >> 64 or (sibling != EMPTY and not any(sibling[:32])):
            return None
        node = parent(sibling + node if side is Side.LEFT else node + sibling)
    return node


def verify(leaf: Leaf, path: Sequence[Step], depth: int, *, root: bytes, total: int) -> bool:
    """Whether the leaf stands in the map of this root (32 bytes), depth and total."""
    node = climb(leaf, path, depth)
    return node is not None and hash_of(node) == root and sum_of(node) == total
