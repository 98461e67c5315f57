"""Following operator 1's log X: which person-events it holds, and the root over what was read.

The ledger reads the entries as every watcher does (`x/log/entries`), computes the root itself, and compares
it with the checkpoint that was shown. Whether that checkpoint is the one everybody else sees is for the
witnesses to say, who sign both logs.
"""

import asyncio
import secrets
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from kumihimo.base import ErrorType, Problem
from kumihimo.exchange import visit
from kumihimo.ledger.cut import News
from kumihimo.ledger.standing import person_events
from kumihimo.log import Checkpoint, Edge, leaf_hash
from kumihimo.node import Entry, Institution, Transport

PIECE = 1000
"""Entries asked for at once."""
MOST = 5_000_000
"""Entries read for one epoch; an operator that shows more than this at once is not believed."""
_TOGETHER = 4
_PATIENCE = 2.0
_HASH = 32
_MAX_NOTE = 64 * 1024


class _Entries(msgspec.Struct):
    start: int
    entries: list[str]


_entries = msgspec.json.Decoder(_Entries)


def store_edge(edge: Edge) -> bytes:
    """The edge as it is stored: the hash of each complete subtree, for each bit of the size that is set."""
    return b"".join(one for level, one in enumerate(edge.frontier) if edge.size >> level & 1)


def reopen_edge(size: int, stored: bytes) -> Edge:
    """The edge of `size` entries as it was stored."""
    hashes = (stored[at : at + _HASH] for at in range(0, len(stored), _HASH))
    levels = range(size.bit_length())
    return Edge(size, tuple(next(hashes) if size >> level & 1 else b"" for level in levels))


@dataclass(slots=True)
class ExchangeLog:
    """Operator 1's log, read from its institution."""

    institution: Institution
    _transport: Transport = field(default_factory=Transport)

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.close()

    async def read(self, edge: Edge) -> News | Problem:
        """Everything behind this edge, up to the checkpoint that the operator shows now."""
        operator = self.institution.directory.current.operator(1)
        shown = await self._checkpoint(operator)
        if isinstance(shown, Problem):
            return shown
        note, checkpoint = shown
        if checkpoint.size < edge.size:
            return _differs("is shorter than what was read before")
        if checkpoint.size - edge.size > MOST:
            return _differs("says to have grown by more than can be")
        found = await self._behind(operator, edge.size, checkpoint.size)
        if isinstance(found, Problem):
            return found
        after, _ = edge.extend([leaf_hash(entry) for entry in found])
        if after.root != checkpoint.root:
            return _differs("is not what its checkpoint commits to")
        events = {index: bytes.fromhex(commit) for index, commit in person_events(found, edge.size).items()}
        return News(events, after, note)

    async def _checkpoint(self, operator: Entry) -> tuple[str, Checkpoint] | Problem:
        raw = await self._transport.get(f"{operator.base_url}/o/log/checkpoint", {}, _PATIENCE)
        if isinstance(raw, Problem):
            return raw
        note = raw.body.decode(errors="replace")
        if len(note) > _MAX_NOTE or "\0" in note:
            return _differs("has a checkpoint that cannot be read")
        read = Checkpoint.parse(note.partition("\n\n")[0] + "\n")
        return read if isinstance(read, Problem) else (note, read)

    async def _behind(self, operator: Entry, start: int, end: int) -> Sequence[bytes] | Problem:
        found: list[bytes] = []
        while start < end:
            ranges = [(at, min(at + PIECE, end)) for at in range(start, end, PIECE)[:_TOGETHER]]
            pieces = await asyncio.gather(*(self._piece(operator, *one) for one in ranges))
            for piece in pieces:
                if isinstance(piece, Problem):
                    return piece
                found.extend(piece)
            start = ranges[-1][1]
        return found

    async def _piece(self, operator: Entry, start: int, end: int) -> Sequence[bytes] | Problem:
        found: list[bytes] = []
        while start + len(found) < end:
            body = msgspec.json.encode({"start": start + len(found), "end": end})
            answered = await visit(
                self.institution, operator.id, "log/entries", body, secrets.token_bytes(16), _PATIENCE
            )
            read = answered if isinstance(answered, Problem) else _read(answered)
            if isinstance(read, Problem):
                return read
            if not read:
                return _differs("ends before its checkpoint")
            found.extend(read)
        return found


def _read(body: bytes) -> Sequence[bytes] | Problem:
    try:
        return [b64decode(one, validate=True) for one in _entries.decode(body).entries]
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return Problem(ErrorType.MALFORMED, detail="entries of a log that cannot be read")


def _differs(how: str) -> Problem:
    return Problem(ErrorType.PROOF_INVALID, detail=f"operator 1's log {how}")
