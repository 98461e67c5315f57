"""Looks into the ledger's log before its checkpoint is cosigned: epochs are replayed, or nothing is signed.

The witness reads the ledger's entries itself, checks that they lead to the very root it is asked to cosign,
and hands each epoch to an auditor (`kumihimo.ledger`), with operator 1's log as operator 1 shows it here.
"""

import asyncio
import secrets
import time
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import msgspec

from kumihimo.base import ErrorType, Problem
from kumihimo.ledger import Auditor, EpochRecord, decode_record
from kumihimo.log import Checkpoint, Edge, LogConnection, leaf_hash
from kumihimo.node import Batch, Institution, log_origin
from kumihimo.witness.model import Request
from kumihimo.witness.store import known_of

_SECONDS = 10.0  # for one answer of the ledger or of operator 1
_PAGE = 1000
_MOST = 5_000_000  # entries of operator 1's log for one epoch; a ledger that names more is refused
_SAVE_SECONDS = 600.0
_CLOSE_SECONDS = 5.0
_DIFFERS = "the entries the ledger shows do not lead to the checkpoint it has signed"
_LOAD = "SELECT state FROM witness.follower WHERE origin = $1"
_SAVE = """
    INSERT INTO witness.follower (origin, size, epoch, state) VALUES ($1, $2, $3, $4)
    ON CONFLICT (origin) DO UPDATE SET size = excluded.size, epoch = excluded.epoch, state = excluded.state
"""


@dataclass(frozen=True, slots=True)
class Saved:
    """A follower put aside: the ledger's log, how far it was read, the epoch, and the state."""

    origin: str
    size: int
    epoch: int
    state: bytes


@dataclass(frozen=True, slots=True)
class _State:
    edge: Edge
    auditor: bytes


class _Kind(msgspec.Struct, frozen=True):
    kind: str = ""


class _Page(msgspec.Struct, frozen=True):
    start: int
    entries: list[str]


_state = msgspec.msgpack.Decoder(_State)
_kind = msgspec.json.Decoder(_Kind)
_page = msgspec.json.Decoder(_Page)


async def save_states(batch: Batch, _: object, jobs: Sequence[Saved]) -> Sequence[None]:
    """Put followers aside (a journal's apply): the last of each origin."""
    for one in {job.origin: job for job in jobs}.values():
        batch.add(_SAVE, one.origin, one.size, one.epoch, one.state)
    return [None] * len(jobs)


class EpochFollower:
    """Follows the ledger's log and its epochs from the first on; one checkpoint at a time."""

    def __init__(self, institution: Institution, save: Callable[[Saved], Awaitable[None]]) -> None:
        self._institution, self._save = institution, save
        self._lock = asyncio.Lock()
        self._under_way: set[asyncio.Task[Problem | str | None]] = set()
        self._edge, self._auditor = Edge(), Auditor()
        self._origin, self._saved_at = "", 0.0

    @property
    def epoch(self) -> int:
        """The last epoch that was found right; 0 before the first."""
        return self._auditor.epoch

    async def check(self, institution: str, request: Request) -> Problem | str | None:
        """What is wrong with the ledger's log up to this checkpoint; None if nothing, or another log.

        `provider-unavailable` when the ledger or operator 1 does not show what it takes to tell.
        """
        entry = self._institution.directory.current.entries.get(institution)
        if entry is None or "ledger" not in entry.services:
            return None
        # Whoever asks may give up; a replay that has begun goes on to its end, and only then the next begins.
        task = asyncio.create_task(self._check(institution, request.checkpoint))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Put aside what is known; given up if a replay does not end within five seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS), self._lock:
                await self._put_aside()

    async def _check(self, institution: str, new: Checkpoint) -> Problem | str | None:
        async with self._lock:
            if new.origin != self._origin:
                await self._load(new.origin)
            wrong = await self._follow(institution, new)
            if wrong is None and time.monotonic() - self._saved_at > _SAVE_SECONDS:
                await self._put_aside()
        return wrong

    async def _put_aside(self) -> None:
        if self._edge.size:
            self._saved_at = time.monotonic()
            state = msgspec.msgpack.encode(_State(self._edge, self._auditor.dump()))
            await self._save(Saved(self._origin, self._edge.size, self.epoch, state))

    async def _load(self, origin: str) -> None:
        """Go on from where a follower was put aside, or begin at the first epoch."""
        async with self._institution.db.read() as conn:
            data = await conn.fetchval(_LOAD, origin)
        operator = self._institution.directory.current.operator(1)
        self._edge, self._auditor = Edge(), Auditor(log_origin(operator.id))
        if data is not None:
            state = _state.decode(data)
            self._edge, self._auditor = state.edge, Auditor.load(state.auditor)
        self._origin, self._saved_at = origin, time.monotonic()

    async def _follow(self, ledger: str, new: Checkpoint) -> Problem | str | None:
        start = self._edge.size
        if new.size <= start:
            return None
        entries = await self._entries(ledger, start, new.size)
        if isinstance(entries, Problem):
            return entries
        leaves = [leaf_hash(entry) for entry in entries]
        if self._edge.extend(leaves)[0].root != new.root:
            return _DIFFERS
        for place, entry in enumerate(entries):
            if not _is_epoch(entry):
                continue
            wrong = await self._take(ledger, entry)
            if wrong is not None:
                return wrong
            self._edge, _ = self._edge.extend(leaves[self._edge.size - start : place + 1])
        self._edge, _ = self._edge.extend(leaves[self._edge.size - start :])
        return None

    async def _take(self, ledger: str, entry: bytes) -> Problem | str | None:
        """Replay one epoch; in words what is wrong with it."""
        record = decode_record(entry)
        if isinstance(record, Problem):
            return record.detail
        transition = await self._ask(ledger, "transition", {"epoch": record.epoch})
        if isinstance(transition, Problem):
            return transition
        if record.x_size - self._auditor.x_size > _MOST:
            return "the epoch names more of operator 1's log than there can be"
        operator = self._institution.directory.current.operator(1).id
        exchanged = await self._entries(operator, self._auditor.x_size, record.x_size)
        if isinstance(exchanged, Problem):
            return exchanged
        async with self._institution.db.read() as conn:
            seen = await _seen(conn, record)
        # Beside the loop: a busy epoch takes a tenth of a second, and others in this process have questions.
        found = await asyncio.to_thread(self._auditor.take, entry, transition, exchanged, seen)
        return f"epoch {record.epoch}: {'; '.join(one.text() for one in found)}" if found else None

    async def _entries(self, institution: str, start: int, end: int) -> list[bytes] | Problem:
        """The entries start .. end-1 of an institution's log; fewer if it shows fewer."""
        found: list[bytes] = []
        while start + len(found) < end:
            first = start + len(found)
            body = await self._ask(
                institution, "log/entries", {"start": first, "end": min(first + _PAGE, end)}
            )
            if isinstance(body, Problem):
                return body
            try:
                page = [b64decode(text, validate=True) for text in _page.decode(body).entries]
            except (msgspec.MsgspecError, Base64Error):
                return _unavailable(institution)
            if not page:
                break
            found.extend(page[: end - first])
        return found

    async def _ask(self, institution: str, path: str, question: object) -> bytes | Problem:
        """The answer of an institution; whatever kept it from answering is `provider-unavailable` here."""
        body = msgspec.json.encode(question)
        nonce = secrets.token_urlsafe(16)
        answer = await self._institution.client.post(institution, path, body, nonce=nonce, timeout=_SECONDS)
        return _unavailable(institution, answer.type.value) if isinstance(answer, Problem) else answer.body


async def _seen(conn: LogConnection, record: EpochRecord) -> Sequence[Checkpoint]:
    """The checkpoint of operator 1's log that this witness cosigned last."""
    known = await known_of(conn, record.x_origin)
    return [Checkpoint(record.x_origin, known.size, known.root)] if known.size else []


def _is_epoch(entry: bytes) -> bool:
    try:
        return _kind.decode(entry).kind == "epoch"
    except msgspec.MsgspecError:
        return False


def _unavailable(institution: str, why: str = "unreadable") -> Problem:
    return Problem(
        ErrorType.PROVIDER_UNAVAILABLE,
        detail=f"{institution} does not show what is needed to check its log ({why})",
        detail_ja=f"記録の確認に必要なものを{institution}が示しません",
    )
