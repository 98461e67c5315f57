"""The one writer of an institution's log: durable with the business rows it stands beside."""

from collections.abc import Sequence
from typing import Self

from asyncpg import DivisionByZeroError, PostgresError, UniqueViolationError

from kumihimo.base import Clock
from kumihimo.log.audit import CHECKED_ON_OPEN, audit
from kumihimo.log.checkpoint import Checkpoint
from kumihimo.log.edge import Edge
from kumihimo.log.merkle import EMPTY_ROOT, leaf_hash
from kumihimo.log.note import NoteSigner, sign_note
from kumihimo.log.reader import LogConnection
from kumihimo.log.tiles import MAX_ENTRY_BYTES, encode_bundle
from kumihimo.log.together import Together

_CREATE = "INSERT INTO log.head (size, note) VALUES (0, $1) ON CONFLICT DO NOTHING"

_CHUNK = "INSERT INTO log.chunk (first, count, at, bundle) VALUES ($1, $2, $3, $4)"
_TILES = """
    INSERT INTO log.tile (level, n, hashes)
    SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::bytea[])
    ON CONFLICT (level, n) DO UPDATE SET hashes = excluded.hashes
"""
# The size the writer expects is part of the write: a second writer, or a commit whose outcome was lost, is
# found here and nowhere later.
_HEAD = "UPDATE log.head SET size = $2, note = $3 WHERE size = $1 RETURNING true"


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
        writes = Together()
        self.gather(writes)
        try:
            await writes.send(conn)
        except PostgresError as fault:
            if not log_moved(fault):
                raise
            raise LogConflictError(f"the stored log no longer ends at {self._edge.size} entries") from fault

    def gather(self, writes: Together) -> None:
        """Add what `flush` writes to other writes, to go in one statement; `log_moved` tells its faults."""
        if not self._staged:
            return
        edge, tiles = self._edge.extend([leaf_hash(entry) for entry in self._staged])
        note = sign_note(Checkpoint(self._signer.name, edge.size, edge.root).text, self._signer)
        count, bundle = len(self._staged), encode_bundle(self._staged)
        writes.add(_CHUNK, self._edge.size, count, self._clock(), bundle)
        if tiles:
            columns = [row.level for row in tiles], [row.n for row in tiles], [row.hashes for row in tiles]
            writes.add(_TILES, *columns)
        writes.add(_HEAD, self._edge.size, edge.size, note, must=True)
        self._next = edge, note

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


def log_moved(fault: Exception) -> bool:
    """Whether a write failed because the stored log is not where its writer left it."""
    if isinstance(fault, UniqueViolationError):
        return str(getattr(fault, "schema_name", "")) == "log"
    return isinstance(fault, DivisionByZeroError)
