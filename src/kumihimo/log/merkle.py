"""The Merkle tree of the log: hashes, proofs and their verification (RFC 6962 §2.1, RFC 9162 §2.1).

A proof is first named as a list of leaf ranges (pure arithmetic), and then hashed from
whatever holds the tree, through a reader of complete subtrees. Verification follows the
iterative algorithms of RFC 9162 and shares no code with the making of proofs.
"""

from collections.abc import Callable, Sequence
from hashlib import sha256

EMPTY_ROOT = sha256(b"").digest()

type Range = tuple[int, int]
"""Leaves lo..hi-1."""

type Subtree = tuple[int, int]
"""(level, index): the complete subtree over leaves index·2^level .. (index+1)·2^level - 1."""

type HashReader = Callable[[int, int], bytes]
"""Answers the 32-byte hash of the complete subtree (level, index)."""


def leaf_hash(entry: bytes) -> bytes:
    """What the log commits to for one entry: SHA-256(0x00 ‖ entry), 32 bytes (RFC 6962 §2.1)."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The commitment to two neighbouring subtrees: SHA-256(0x01 ‖ left ‖ right) (RFC 6962 §2.1)."""
    return sha256(b"\x01" + left + right).digest()


def pair_up(hashes: Sequence[bytes]) -> list[bytes]:
    """Hash neighbours of one level into the level above; an unpaired last hash is left out."""
    return [
        sha256(b"\x01" + left + right).digest()
        for left, right in zip(hashes[::2], hashes[1::2], strict=False)
    ]


def fold(hashes: Sequence[bytes]) -> bytes:
    """The root over consecutive subtree hashes of equal size (32 bytes each); of none, the empty root."""
    if not hashes:
        return EMPTY_ROOT
    level = list(hashes)
    while len(level) > 1:
        # An unpaired right-most subtree rises unchanged: that is RFC 6962's split at the largest power of 2.
        level = pair_up(level) + level[len(level) & ~1 :]
    return level[0]


def root_of(entries: Sequence[bytes]) -> bytes:
    """The root a log of exactly these entries must show (RFC 6962 §2.1 MTH), 32 bytes."""
    return fold([leaf_hash(entry) for entry in entries])


def split_point(count: int) -> int:
    """The largest power of two smaller than `count` (≥ 2): where RFC 6962 cuts a tree in two."""
    return 1 << (count - 1).bit_length() - 1


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """Which leaf ranges prove that entry `index` is in the tree of `size` entries (RFC 6962 §2.1.1 PATH).

    In proof order, the leaf's sibling first. Raises ValueError unless 0 ≤ index < size.
    """
    if not 0 <= index < size:
        raise ValueError(f"entry {index} is not in a tree of size {size}")
    lo, hi, ranges = 0, size, []
    while hi - lo > 1:
        middle = lo + split_point(hi - lo)
        if index < middle:
            ranges.append((middle, hi))
            hi = middle
        else:
            ranges.append((lo, middle))
            lo = middle
    return ranges[::-1]


def consistency_ranges(old: int, new: int) -> list[Range]:
    """Which leaf ranges prove that the tree of `new` entries extends that of `old` (RFC 6962 §2.1.2 PROOF).

    Empty when old is 0 or equals new. Raises ValueError unless 0 ≤ old ≤ new.
    """
    if not 0 <= old <= new:
        raise ValueError(f"a tree of size {new} cannot extend one of size {old}")
    if old in (0, new):
        return []
    lo, hi, ranges = 0, new, []
    while hi != old:
        middle = lo + split_point(hi - lo)
        if old <= middle:
            ranges.append((middle, hi))
            hi = middle
        else:
            ranges.append((lo, middle))
            lo = middle
    if lo > 0:  # otherwise the old tree is a subtree whose root the verifier already holds
        ranges.append((lo, hi))
    return ranges[::-1]


def subtrees_of(leaves: Range) -> list[Subtree]:
    """The complete subtrees, left to right, that cover a range of leaves."""
    lo, hi = leaves
    found: list[Subtree] = []
    while lo < hi:
        level = (hi - lo).bit_length() - 1
        if lo:
            level = min(level, (lo & -lo).bit_length() - 1)
        found.append((level, lo >> level))
        lo += 1 << level
    return found


def range_hash(reader: HashReader, leaves: Range) -> bytes:
    """The hash of one range of a proof, or of the whole tree (0, size), from complete subtrees."""
    hashes = [reader(level, index) for level, index in subtrees_of(leaves)]
    if not hashes:
        return EMPTY_ROOT
    root = hashes[-1]
    for left in hashes[-2::-1]:
        root = node_hash(left, root)
    return root


def inclusion_proof(reader: HashReader, index: int, size: int) -> tuple[bytes, ...]:
    """The hashes that prove entry `index` is in the tree of `size` entries (RFC 6962 §2.1.1)."""
    return tuple(range_hash(reader, leaves) for leaves in inclusion_ranges(index, size))


def consistency_proof(reader: HashReader, old: int, new: int) -> tuple[bytes, ...]:
    """The hashes that prove nothing of the tree of `old` entries was changed or dropped (RFC 6962 §2.1.2)."""
    return tuple(range_hash(reader, leaves) for leaves in consistency_ranges(old, new))


def verify_inclusion(leaf: bytes, index: int, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the proof shows that the entry with this leaf hash stands at `index` (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size:
        return False
    position, last, running = index, size - 1, leaf
    for sibling in proof:
        if last == 0 or len(sibling) != 32:
            return False
        if position & 1 or position == last:
            running = node_hash(sibling, running)
            while position and not position & 1:
                position >>= 1
                last >>= 1
        else:
            running = node_hash(running, sibling)
        position >>= 1
        last >>= 1
    return last == 0 and running == root


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the proof shows that the new tree only adds to the old one (RFC 9162 §2.1.4.2)."""
    if not 0 <= old <= new or any(len(item) != 32 for item in proof):
        return False
    if old == 0:
        return not proof and old_root == EMPTY_ROOT and (new > 0 or new_root == EMPTY_ROOT)
    if old == new:
        return not proof and old_root == new_root
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    return bool(path) and _replay(old - 1, new - 1, path) == (old_root, new_root)


def _replay(position: int, last: int, path: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    """Both roots as the path rebuilds them, or None when its length does not fit the sizes."""
    while position & 1:
        position >>= 1
        last >>= 1
    old_running = new_running = path[0]
    for item in path[1:]:
        if last == 0:
            return None
        if position & 1 or position == last:
            old_running = node_hash(item, old_running)
            new_running = node_hash(item, new_running)
            while position and not position & 1:
                position >>= 1
                last >>= 1
        else:
            new_running = node_hash(new_running, item)
        position >>= 1
        last >>= 1
    return (old_running, new_running) if last == 0 else None
