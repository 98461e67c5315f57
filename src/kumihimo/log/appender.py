"""The one writer of an institution's log: durable with the business rows it stands beside."""

from collections.abc import Sequence
from typing import Self

from asyncpg import UniqueViolationError

from kumihimo.base import Clock
from kumihimo.log.audit import CHECKED_ON_OPEN, audit
from kumihimo.log.checkpoint import Checkpoint
from kumihimo.log.edge import Edge, TileRow
from kumihimo.log.merkle import EMPTY_ROOT, leaf_hash
from kumihimo.log.note import NoteSigner, sign_note
from kumihimo.log.reader import LogConnection
from kumihimo.log.tiles import MAX_ENTRY_BYTES, encode_bundle

_CREATE = "INSERT INTO log.head (size, note) VALUES (0, $1) ON CONFLICT DO NOTHING"

# One statement per flush, so that a flush is atomic even outside a transaction. The size it expects
# is part of it: a second writer, or a commit whose outcome was lost, is found here and nowhere later.
_APPEND = """
    WITH entries AS (
        INSERT INTO log.chunk (first, count, at, bundle) VALUES ($1, $3, $5, $6)
    )
    UPDATE log.head SET size = $2, note = $4 WHERE size = $1 RETURNING true
"""
_APPEND_WITH_TILES = _APPEND.replace(
    "UPDATE log.head",
    """, tiles AS (
        INSERT INTO log.tile (level, n, hashes)
        SELECT * FROM unnest($7::smallint[], $8::bigint[], $9::bytea[])
        ON CONFLICT (level, n) DO UPDATE SET hashes = excluded.hashes
    )
    UPDATE log.head""",
)


class LogConflictError(Exception):
    """The stored log is not where this writer left it: there is a second writer, or a commit was lost.

    Open the log again to go on from what is stored.
    """


class LogAppender:
    """Adds entries to the log inside somebody else's transaction, and signs what the log then holds.

    `stage` any number of times, `flush` once before COMMIT, then `committed` or `rolled_back`.
    Nothing staged counts before `committed`; the log's size only grows.
    """

    __slots__ = ("_checkpoint", "_clock", "_edge", "_next", "_signer", "_staged")

    def __init__(self, edge: Edge, checkpoint: str, signer: NoteSigner, clock: Clock) -> None:
        """Made by `open` only."""
        self._edge, self._checkpoint, self._signer, self._clock = edge, checkpoint, signer, clock
        self._staged: list[bytes] = []
        self._next: tuple[Edge, str] | None = None

    @classmethod
    async def open(cls, conn: LogConnection, origin: str, signer: NoteSigner, clock: Clock) -> Self:
        """The writer, standing where the log was last committed; a new log begins with a signed empty one.

        Raises LogDamagedError when what is stored is not what the last checkpoint commits to, and
        ValueError when the key is not named after the log's origin.
        """
        if signer.name != origin:
            raise ValueError("a log's key bears the name of its origin")
        await conn.execute(_CREATE, sign_note(Checkpoint(origin, 0, EMPTY_ROOT).text, signer))
        size = int(await conn.fetchval("SELECT size FROM log.head"))
        _, edge = await audit(conn, signer.verifier, since=max(0, size - CHECKED_ON_OPEN))
        return cls(edge, str(await conn.fetchval("SELECT note FROM log.head")), signer, clock)

    @property
    def size(self) -> int:
        """How many entries are committed."""
        return self._edge.size

    @property
    def checkpoint(self) -> str:
        """The signed note over what is committed."""
        return self._checkpoint

    def stage(self, entries: Sequence[bytes]) -> int:
        """Take entries (≤ 65,535 bytes each) into the batch; answers the index the first one will have.

        The index is a promise only once the transaction is committed. Raises ValueError for an entry
        too long to be logged.
        """
        if self._next is not None:
            raise RuntimeError("the last batch is flushed but neither committed nor rolled back")
        if entries and len(max(entries, key=len)) > MAX_ENTRY_BYTES:
            raise ValueError(f"a log entry has at most {MAX_ENTRY_BYTES} bytes")
        index = self._edge.size + len(self._staged)
        self._staged.extend(entries)
        return index

    async def flush(self, conn: LogConnection) -> None:
        """Write what is staged: entries, tiles and one signed checkpoint, in one statement.

        Raises LogConflictError when the stored log has moved; the caller's transaction must then end.
        """
        if not self._staged:
            return
        edge, tiles = self._edge.extend([leaf_hash(entry) for entry in self._staged])
        note = sign_note(Checkpoint(self._signer.name, edge.size, edge.root).text, self._signer)
        try:
            written = await self._write(conn, edge.size, note, tiles)
        except UniqueViolationError:
            written = False
        if not written:
            raise LogConflictError(f"the stored log no longer ends at {self._edge.size} entries")
        self._next = edge, note

    async def _write(self, conn: LogConnection, size: int, note: str, tiles: Sequence[TileRow]) -> bool:
        count, bundle = len(self._staged), encode_bundle(self._staged)
        if not tiles:
            args: tuple[object, ...] = ()
        else:
            args = ([row.level for row in tiles], [row.n for row in tiles], [row.hashes for row in tiles])
        statement = _APPEND_WITH_TILES if tiles else _APPEND
        return bool(
            await conn.fetchval(statement, self._edge.size, size, count, note, self._clock(), bundle, *args)
        )

    def committed(self) -> None:
        """The transaction is durable: what was staged is now part of the log."""
        if self._staged and self._next is None:
            raise RuntimeError("entries were staged after the last flush and would be lost")
        if self._next is not None:
            self._edge, self._checkpoint = self._next
        self._next = None
        self._staged = []

    def rolled_back(self) -> None:
        """The transaction was undone: the log stands where it stood before it."""
        self._next = None
        self._staged = []
