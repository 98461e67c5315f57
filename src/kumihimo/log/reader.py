"""Reading the log: checkpoint, tiles, entries and proofs, from the institution's own database."""

from collections.abc import Iterable, Sequence

from asyncpg import Connection, Record
from asyncpg.pool import PoolConnectionProxy

from kumihimo.log.merkle import Range, consistency_ranges, inclusion_ranges, leaf_hash, range_hash
from kumihimo.log.proof import Proof
from kumihimo.log.tiles import (
    TILE_WIDTH,
    BundleError,
    decode_bundle,
    encode_bundle,
    reader_over,
    split_hashes,
    tile_width,
    tiles_under,
)

type LogConnection = Connection[Record] | PoolConnectionProxy[Record]
"""A connection to the database that holds the log."""

_ENTRIES = """
    SELECT first, count, bundle FROM log.chunk
    WHERE first >= coalesce((SELECT max(first) FROM log.chunk WHERE first <= $1), 0) AND first < $2
    ORDER BY first
"""
_TILES = """
    SELECT level, n, hashes FROM log.tile
    JOIN unnest($1::smallint[], $2::bigint[]) AS wanted(level, n) USING (level, n)
"""


class LogDamagedError(Exception):
    """The stored log is not what its checkpoint commits to: somebody or something changed it."""


class LogReader:
    """The log as anyone with the database may read it; holds no state of its own.

    Answers None where the log has no such tile, entry or size (yet). Safe beside the writer:
    what was once answered never changes.
    """

    @staticmethod
    async def size(conn: LogConnection) -> int:
        """How many entries the log has committed to; 0 before it was first opened."""
        return int(await conn.fetchval("SELECT size FROM log.head") or 0)

    @staticmethod
    async def checkpoint(conn: LogConnection) -> str | None:
        """The signed note over everything committed (C2SP tlog-checkpoint)."""
        note: str | None = await conn.fetchval("SELECT note FROM log.head")
        return note

    @staticmethod
    async def head(conn: LogConnection) -> tuple[int, str]:
        """Size and signed note of everything committed; 0 and nothing before it was opened."""
        row = await conn.fetchrow("SELECT size, note FROM log.head")
        return (0, "") if row is None else (row["size"], row["note"])

    @staticmethod
    async def cosigned(conn: LogConnection, *, second: bool = False) -> tuple[int, str] | None:
        """Size and note of the newest checkpoint that a quorum of witnesses has cosigned.

        With `second` the note also bears their ML-DSA-44 cosignatures.
        """
        row = await conn.fetchrow("SELECT size, note, second FROM log.cosigned")
        return None if row is None else (row["size"], row["note"] + (row["second"] if second else ""))

    @staticmethod
    async def entries(conn: LogConnection, start: int, end: int) -> list[bytes]:
        """The entries start .. end-1, as far as the log has them. Raises LogDamagedError on a gap."""
        found: list[bytes] = []
        for row in await conn.fetch(_ENTRIES, start, end):
            first, bundle = row["first"], _stored_bundle(row["bundle"])
            if first > start + len(found) or len(bundle) != row["count"]:
                raise LogDamagedError(f"entries are missing from the log near index {first}")
            found.extend(bundle[max(start - first, 0) : end - first])
        return found

    @classmethod
    async def tile(cls, conn: LogConnection, level: int, n: int, width: int = TILE_WIDTH) -> bytes | None:
        """The first `width` (1..256) hashes of a tile, 32 bytes each."""
        if width > tile_width(level, n, await cls.size(conn)):
            return None
        hashes = (await cls._tiles(conn, {(level, n)}))[level, n]
        return b"".join(hashes[:width])

    @classmethod
    async def bundle(cls, conn: LogConnection, n: int, width: int = TILE_WIDTH) -> bytes | None:
        """The first `width` (1..256) entries under level-0 tile `n`, as a C2SP entry bundle."""
        if width > tile_width(0, n, await cls.size(conn)):
            return None
        return encode_bundle(await cls.entries(conn, n * TILE_WIDTH, n * TILE_WIDTH + width))

    @classmethod
    async def inclusion(cls, conn: LogConnection, index: int, size: int) -> tuple[bytes, ...] | None:
        """The proof that entry `index` is among the first `size` (RFC 6962 §2.1.1)."""
        if not 0 <= index < size <= await cls.size(conn):
            return None
        return await cls._hashes(conn, inclusion_ranges(index, size))

    @classmethod
    async def consistency(cls, conn: LogConnection, old: int, new: int) -> tuple[bytes, ...] | None:
        """The proof that the first `new` entries begin with the first `old` (RFC 6962 §2.1.2)."""
        if not 0 <= old <= new <= await cls.size(conn):
            return None
        return await cls._hashes(conn, consistency_ranges(old, new))

    @classmethod
    async def proof(cls, conn: LogConnection, index: int, extra: bytes = b"") -> Proof | None:
        """A file that proves entry `index` offline, under the current checkpoint (C2SP tlog-proof)."""
        head = await conn.fetchrow("SELECT size, note FROM log.head")
        if head is None or not 0 <= index < head["size"]:
            return None
        return Proof(
            index, await cls._hashes(conn, inclusion_ranges(index, head["size"])), head["note"], extra
        )

    @classmethod
    async def cosigned_proof(cls, conn: LogConnection, index: int, extra: bytes = b"") -> Proof | None:
        """A file that proves entry `index` offline, under the newest cosigned checkpoint."""
        head = await cls.cosigned(conn)
        if head is None or not 0 <= index < head[0]:
            return None
        return Proof(index, await cls._hashes(conn, inclusion_ranges(index, head[0])), head[1], extra)

    @classmethod
    async def _hashes(cls, conn: LogConnection, ranges: Sequence[Range]) -> tuple[bytes, ...]:
        """The hashes of these ranges of a proof, from the tiles they lie in."""
        tiles = await cls._tiles(conn, tiles_under(ranges))
        read = reader_over(lambda level, n: tiles[level, n])
        return tuple(range_hash(read, leaves) for leaves in ranges)

    @classmethod
    async def _tiles(
        cls, conn: LogConnection, wanted: Iterable[tuple[int, int]]
    ) -> dict[tuple[int, int], list[bytes]]:
        """The hashes of these tiles, as many as each has by now."""
        wanted = sorted(wanted)
        rows = await conn.fetch(_TILES, [level for level, _ in wanted], [n for _, n in wanted])
        tiles = {(row["level"], row["n"]): split_hashes(row["hashes"]) for row in rows}
        for level, n in wanted:
            if level == 0 and (level, n) not in tiles:
                entries = await cls.entries(conn, n * TILE_WIDTH, (n + 1) * TILE_WIDTH)
                tiles[level, n] = [leaf_hash(entry) for entry in entries]
        missing = [pair for pair in wanted if pair not in tiles]
        if missing:
            raise LogDamagedError(f"tiles are missing from the log: (level, number) {missing}")
        return tiles

    @classmethod
    async def edge_tiles(cls, conn: LogConnection, size: int) -> list[list[bytes]]:
        """The unfinished tile of each tile level in a log of `size` entries; empty where none."""
        counts, level = [], 0
        while size >> 8 * level:
            counts.append(divmod(size >> 8 * level, TILE_WIDTH))
            level += 1
        wanted = {(level, n) for level, (n, width) in enumerate(counts) if width}
        tiles = await cls._tiles(conn, wanted)
        return [tiles[level, n][:width] if width else [] for level, (n, width) in enumerate(counts)]


def _stored_bundle(data: bytes) -> list[bytes]:
    try:
        return decode_bundle(data)
    except BundleError as error:
        raise LogDamagedError("a stored entry bundle cannot be read") from error
