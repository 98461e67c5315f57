"""Checking a stored log against its own checkpoint, before anything is added to it."""

from kumihimo.base import Problem
from kumihimo.log.checkpoint import Checkpoint, open_checkpoint
from kumihimo.log.edge import Edge
from kumihimo.log.merkle import fold, leaf_hash
from kumihimo.log.note import NoteVerifier
from kumihimo.log.reader import LogConnection, LogDamagedError, LogReader
from kumihimo.log.tiles import TILE_HEIGHT, TILE_WIDTH, encode_index, split_hashes, tile_of

CHECKED_ON_OPEN = 1 << 16
"""How many of the latest entries a log checks whenever it is opened (about 0.1 s); `audit` checks all."""

_BATCH = 64  # tiles read at once: 16,384 entries, some megabytes

_RANGE = "SELECT n, hashes FROM log.tile WHERE level = $1 AND n >= $2 AND n < $3 ORDER BY n"


async def audit(conn: LogConnection, log: NoteVerifier, since: int = 0) -> tuple[Checkpoint, Edge]:
    """Check signature, root, tiles and entries (from index `since` on) of the whole stored log.

    Answers the checkpoint and the right edge to go on from. Raises LogDamagedError, which names the
    first thing that does not fit.
    """
    head = await conn.fetchrow("SELECT size, note FROM log.head")
    if head is None:
        raise LogDamagedError("the log has no checkpoint")
    checkpoint = open_checkpoint(head["note"], log)
    if isinstance(checkpoint, Problem):
        raise LogDamagedError(f"the log's checkpoint is not ours: {checkpoint.detail}")
    end = await conn.fetchval("SELECT first + count FROM log.chunk ORDER BY first DESC LIMIT 1") or 0
    if not head["size"] == checkpoint.size == end:
        raise LogDamagedError(f"the checkpoint speaks of {checkpoint.size} entries, the log holds {end}")
    edge = Edge.reopen(checkpoint.size, await LogReader.edge_tiles(conn, checkpoint.size))
    if edge.root != checkpoint.root:
        raise LogDamagedError("the log's tiles and entries do not lead to the root of its checkpoint")
    for level in range(checkpoint.size.bit_length() // TILE_HEIGHT + 1):
        full = checkpoint.size >> TILE_HEIGHT * (level + 1)
        for first in range(since >> TILE_HEIGHT * (level + 1), full, _BATCH):
            await _check_tiles(conn, level, first, min(first + _BATCH, full))
    return checkpoint, edge


async def _check_tiles(conn: LogConnection, level: int, first: int, end: int) -> None:
    """Check full tiles first .. end-1 of a level against their parents and, on level 0, their entries."""
    rows = await conn.fetch(_RANGE, level, first, end)
    tiles = {row["n"]: split_hashes(row["hashes"]) for row in rows}
    above = await conn.fetch(_RANGE, level + 1, first // TILE_WIDTH, (end - 1) // TILE_WIDTH + 1)
    parents = {row["n"]: split_hashes(row["hashes"]) for row in above}
    leaves: list[bytes] = []
    if level == 0:
        entries = await LogReader.entries(conn, first * TILE_WIDTH, end * TILE_WIDTH)
        leaves = [leaf_hash(entry) for entry in entries]
    for n in range(first, end):
        name = f"tile/{level}/{encode_index(n)}"
        hashes = tiles.get(n, [])
        _, parent, at, past = tile_of((TILE_HEIGHT * (level + 1), n))
        if len(hashes) != TILE_WIDTH or parents.get(parent, [])[at:past] != [fold(hashes)]:
            raise LogDamagedError(f"{name} does not lead to the tile above it")
        start = (n - first) * TILE_WIDTH
        if level == 0 and leaves[start : start + TILE_WIDTH] != hashes:
            raise LogDamagedError(f"the entries under {name} are not the ones that were logged")
