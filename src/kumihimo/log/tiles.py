"""How the log is cut into files that never change: C2SP tlog-tiles.

A tile holds up to 256 neighbouring hashes of one level; the level counts in steps of
256, so a hash on tile level L commits to 256^L entries. An entry bundle holds the
entries under one tile of level 0.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from struct import pack

from kumihimo.log.merkle import Range, Subtree, fold, subtrees_of

TILE_HEIGHT = 8
TILE_WIDTH = 256
MAX_LEVEL = 63
MAX_ENTRY_BYTES = 0xFFFF
"""An entry's length is a uint16 in its bundle."""

_PATH = re.compile(
    r"tile/(?P<level>entries|0|[1-9][0-9]?)/(?P<n>(?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?",
    re.ASCII,
)


class BundleError(ValueError):
    """The bytes are no entry bundle: a length prefix does not fit what follows."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile of the log, or the entries under it: level (None for entries), number, width 1..256."""

    level: int | None
    n: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        """Where the tile is found below the log's address, for instance `tile/0/x001/067.p/8`."""
        level = "entries" if self.level is None else str(self.level)
        suffix = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"tile/{level}/{encode_index(self.n)}{suffix}"


def encode_index(n: int) -> str:
    """A tile number as path elements of three digits: 1234067 becomes `x001/x234/067`."""
    text = f"{n % 1000:03d}"
    while n := n // 1000:
        text = f"x{n % 1000:03d}/{text}"
    return text


def parse_path(path: str) -> Tile | None:
    """The tile a path names, or None when the path is not exactly as tlog-tiles writes it."""
    match = _PATH.fullmatch(path)
    if match is None:
        return None
    level = None if match["level"] == "entries" else int(match["level"])
    tile = Tile(level, int(re.sub("[x/]", "", match["n"])), int(match["width"] or TILE_WIDTH))
    return tile if tile.path == path and (level or 0) <= MAX_LEVEL else None


def tile_width(level: int, n: int, size: int) -> int:
    """How many hashes tile `n` of a level holds in a tree of `size` entries: 0..256."""
    return max(0, min(TILE_WIDTH, (size >> TILE_HEIGHT * level) - n * TILE_WIDTH))


def tile_of(subtree: Subtree) -> tuple[int, int, int, int]:
    """Where a complete subtree's hash comes from: (tile level, tile number, first hash, end)."""
    level, index = subtree
    step, height = divmod(level, TILE_HEIGHT)
    start = index << height
    first = start % TILE_WIDTH
    return step, start // TILE_WIDTH, first, first + (1 << height)


def tiles_under(ranges: Iterable[Range]) -> set[tuple[int, int]]:
    """The tiles (level, number) that must be read to hash these ranges of a proof."""
    return {tile_of(subtree)[:2] for leaves in ranges for subtree in subtrees_of(leaves)}


def reader_over(tiles: Callable[[int, int], Sequence[bytes]]) -> Callable[[int, int], bytes]:
    """A reader of subtree hashes over tiles, given what answers the hashes of tile (level, number)."""

    def read(level: int, index: int) -> bytes:
        step, n, first, end = tile_of((level, index))
        hashes = tiles(step, n)[first:end]
        if len(hashes) != end - first:
            raise LookupError(f"tile/{step}/{encode_index(n)} is narrower than the tree needs")
        return fold(hashes)

    return read


def split_hashes(data: bytes) -> list[bytes]:
    """The 32-byte hashes of a tile's bytes."""
    return [data[at : at + 32] for at in range(0, len(data), 32)]


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """Entries one after the other, each behind its length as a big-endian uint16."""
    return b"".join([part for entry in entries for part in (pack(">H", len(entry)), entry)])


def decode_bundle(data: bytes) -> list[bytes]:
    """The entries of a bundle. Raises BundleError when the lengths do not add up."""
    entries, at, end = [], 0, len(data)
    while at < end:
        start = at + 2
        at = start + int.from_bytes(data[at:start])
        if start > end or at > end:
            raise BundleError("a length prefix reaches past the end of the bundle")
        entries.append(data[start:at])
    return entries
