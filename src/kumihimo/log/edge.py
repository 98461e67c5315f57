"""The growing right edge of the tree: all that must be in memory to append.

Pure and copied on every step, so that a batch that is rolled back leaves no trace.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from kumihimo.log.merkle import EMPTY_ROOT, fold, node_hash, pair_up
from kumihimo.log.tiles import TILE_HEIGHT, TILE_WIDTH, tile_of


@dataclass(frozen=True, slots=True)
class TileRow:
    """What the store keeps of one tile: level, number, its 1..256 hashes one after the other."""

    level: int
    n: int
    hashes: bytes


@dataclass(frozen=True, slots=True)
class Edge:
    """The right edge of a tree of `size` entries.

    `frontier[k]` is the last complete subtree of 2^k entries, read only where bit k of size is set;
    `partial[L]` holds the hashes of the unfinished tile on tile level L.
    """

    size: int = 0
    frontier: tuple[bytes, ...] = ()
    partial: tuple[tuple[bytes, ...], ...] = ()

    @classmethod
    def reopen(cls, size: int, partial: Sequence[Sequence[bytes]]) -> "Edge":
        """The edge of a stored tree, from the unfinished tile of each tile level (empty where none)."""
        frontier = [b""] * size.bit_length()
        for level in range(size.bit_length()):
            if size >> level & 1:
                step, _, first, end = tile_of((level, (size >> level) - 1))
                frontier[level] = fold(partial[step][first:end])
        return cls(size, tuple(frontier), tuple(tuple(hashes) for hashes in partial))

    @property
    def root(self) -> bytes:
        """The Merkle root over all `size` entries, 32 bytes."""
        root = b""
        for level, subtree in enumerate(self.frontier):
            if self.size >> level & 1:
                root = node_hash(subtree, root) if root else subtree
        return root or EMPTY_ROOT

    def extend(self, leaves: Sequence[bytes]) -> tuple["Edge", list[TileRow]]:
        """The edge after these leaf hashes, and the tile rows to store.

        Level 0 yields full tiles only (the rest is rebuilt from entries); the levels above
        also yield their unfinished tile, which changes once in 256^level entries.
        """
        frontier, partial, rows = list(self.frontier), list(self.partial), list[TileRow]()
        fresh, start, level = list(leaves), self.size, 0
        while fresh:
            if level % TILE_HEIGHT == 0:
                _lay(partial, level // TILE_HEIGHT, start, fresh, rows)
            if level == len(frontier):
                frontier.append(b"")
            # `fresh` are the new complete subtrees of this level, `start` the index of the first one.
            line = [frontier[level], *fresh] if start & 1 else fresh
            frontier[level] = line[-1]
            fresh, start, level = pair_up(line), start >> 1, level + 1
        return Edge(self.size + len(leaves), tuple(frontier), tuple(partial)), rows


def _lay(
    partial: list[tuple[bytes, ...]], level: int, start: int, fresh: Sequence[bytes], rows: list[TileRow]
) -> None:
    """Lay new hashes into the tiles of one level and note the rows that changed."""
    if level == len(partial):
        partial.append(())
    hashes = (*partial[level], *fresh)
    n = start // TILE_WIDTH
    full = len(hashes) // TILE_WIDTH
    for at in range(full):
        rows.append(TileRow(level, n + at, b"".join(hashes[at * TILE_WIDTH : (at + 1) * TILE_WIDTH])))
    partial[level] = rest = hashes[full * TILE_WIDTH :]
    if level and rest:
        rows.append(TileRow(level, n + full, b"".join(rest)))
