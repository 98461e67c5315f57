"""Looks into the ledger's log before its checkpoint is cosigned: epochs are replayed, or nothing is signed.

The witness reads the ledger's entries itself, checks that they lead to the very root it is asked to cosign,
and hands each epoch to an auditor (`kumihimo.ledger`), with operator 1's log X as operator 1 shows it here.
Only a checkpoint that extends the last cosigned one moves anything; what is then read beyond the last
cosigned one counts for nothing until it has led to a root that the ledger has signed.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from kumihimo.base import ErrorType, Problem
from kumihimo.ledger import Auditor, Discrepancy, EpochRecord, Fault, decode_record
from kumihimo.log import Checkpoint, Edge, leaf_hash
from kumihimo.node import Institution, Transport, log_origin
from kumihimo.witness.aside import Saved, State, read_state, stored_state, write_state
from kumihimo.witness.asking import SECONDS, Asking, more_to_read, unavailable
from kumihimo.witness.exchange_copy import ExchangeCopy
from kumihimo.witness.model import Alarm, Kind, Known, Outcome, Request, Wrong, decide
from kumihimo.witness.store import Decided

CLOCK_SECONDS = 60
"""How far the ledger's clock and the witness's may be apart."""
_WAIT = 6.0  # seconds for one's turn
_PAGES = 20  # of the ledger's log for one checkpoint; more are read for the next
_MOST = 5_000_000  # entries of operator 1's log for one epoch; a ledger that names more is refused
_SAVE_SECONDS = 600.0
_DIFFERS = "the entries the ledger shows do not lead to the checkpoint it has signed"


class _Kind(msgspec.Struct, frozen=True):
    kind: str = ""


_kind = msgspec.json.Decoder(_Kind)


class EpochFollower:
    """Follows the ledger's log and its epochs from the first on; one checkpoint at a time."""

    def __init__(
        self,
        institution: Institution,
        *,
        save: Callable[[Saved], Awaitable[None]],
        known: Callable[[str], Awaitable[Known]],
        alarm: Callable[[Alarm], Awaitable[None]],
        write: Callable[[Request], Awaitable[Decided]],
    ) -> None:
        self._institution, self._transport = institution, Transport()
        self._save, self._known, self._write = save, known, write
        self._lock = asyncio.Lock()
        self._origin, self._saved_at = "", 0.0
        self._edge, self._last, self._auditor = Edge(), -1, Auditor()
        self._x = ExchangeCopy(institution, known, alarm)

    @property
    def epoch(self) -> int:
        """The last epoch that was found right; 0 before the first."""
        return self._auditor.epoch

    async def decide(self, institution: str, request: Request) -> Decided | Wrong | Problem:
        """Decide on a checkpoint; one of the ledger's log only after all that is new in it was looked into.

        `provider-unavailable` when the ledger or operator 1 does not show what it takes to tell, or when
        there is more to read than for one checkpoint.
        """
        entry = self._institution.directory.current.entries.get(institution)
        if entry is None or "ledger" not in entry.services:
            return await self._write(request)
        # Whoever brought it may go away meanwhile; half a replay must not be left behind.
        return await asyncio.shield(asyncio.create_task(self._in_turn(institution, request)))

    async def close(self) -> None:
        """Put aside what is known, and close the connections."""
        async with self._lock:
            await self._put_aside()
        await self._transport.close()

    async def _in_turn(self, ledger: str, request: Request) -> Decided | Wrong | Problem:
        try:
            async with asyncio.timeout(_WAIT):
                await self._lock.acquire()
        except TimeoutError:
            return Problem(ErrorType.BUSY, detail="another checkpoint of this log is being looked into")
        try:
            known = await self._known(request.checkpoint.origin)
            # Nothing else may move the copy: a refused checkpoint is of another history, or of none.
            if request.checkpoint.size > known.size and decide(known, request) is Outcome.COSIGNED:
                wrong = await self._follow(ledger, request.checkpoint, known)
                if asyncio.get_running_loop().time() - self._saved_at > _SAVE_SECONDS:
                    await self._put_aside()
                if wrong is not None:
                    return wrong
            return await self._write(request)
        finally:
            self._lock.release()

    async def _follow(self, ledger: str, new: Checkpoint, known: Known) -> Problem | Wrong | None:
        """Read and replay up to this checkpoint, or as far as one checkpoint may make us."""
        loop = asyncio.get_running_loop()
        if new.origin != self._origin:
            await self._load(new.origin)
        start = self._edge.size
        if new.size < start:
            return unavailable(ledger, f"entries beyond this checkpoint were read already, up to {start}")
        asking = Asking(self._institution, self._transport, loop.time() + SECONDS)
        entries = list[bytes]()
        for _ in range(_PAGES):
            if start + len(entries) == new.size:
                break
            page = await asking.page(ledger, start + len(entries), new.size)
            if isinstance(page, Problem):
                return page
            entries.extend(page)
        whole = start + len(entries) == new.size
        if whole and self._edge.extend([leaf_hash(entry) for entry in entries])[0].root != new.root:
            if start != known.size:  # then it may be what was read before that is false
                self._begin()
            return Wrong(Kind.EPOCH, _DIFFERS)
        wrong = await self._replay(asking, ledger, entries)
        if wrong is not None or not whole:
            return wrong or more_to_read()
        return self._late(known) or await self._x.one_history(asking, self._x.edge)

    async def _replay(self, asking: Asking, ledger: str, entries: Sequence[bytes]) -> Problem | Wrong | None:
        """Take these entries of the ledger's log, and stay before the first epoch that cannot be taken."""
        start = self._edge.size
        leaves = [leaf_hash(entry) for entry in entries]
        for place, entry in enumerate(entries):
            if not _is_epoch(entry):
                continue
            self._edge, _ = self._edge.extend(leaves[self._edge.size - start : place])
            wrong = await self._take(asking, ledger, entry)
            if wrong is not None:
                return wrong
            self._last = start + place
            self._edge, _ = self._edge.extend(leaves[place : place + 1])
        self._edge, _ = self._edge.extend(leaves[self._edge.size - start :])
        return None

    async def _take(self, asking: Asking, ledger: str, entry: bytes) -> Problem | Wrong | None:
        """Replay one epoch."""
        record = decode_record(entry)
        if isinstance(record, Problem):
            return Wrong(Kind.EPOCH, record.detail)
        wrong = self._implausible(record)
        if wrong is not None:
            return wrong
        transition = await asking.ask(ledger, "transition", {"epoch": record.epoch})
        if isinstance(transition, Problem):
            return transition
        part = await self._x.behind(asking, record.x_size)
        if isinstance(part, Problem):
            return part
        if part.entries and part.edge.root.hex() != record.x_root:
            self._x.forget()
            problem = await self._x.one_history(asking, part.edge, covered=True)
            if problem is not None:
                return problem
        # Beside the loop: a busy epoch takes a tenth of a second, and others in this process have questions.
        found = await asyncio.to_thread(self._auditor.take, entry, transition, part.entries)
        if found:
            return Wrong(Kind.EPOCH, f"epoch {record.epoch}: {'; '.join(one.text() for one in found)}")
        self._x.begin(part.edge)
        return None

    def _implausible(self, record: EpochRecord) -> Wrong | None:
        """What the record alone shows to be wrong, before anything is asked because of it."""
        if record.epoch != self.epoch + 1:
            gap = Discrepancy(Fault.GAP, record.epoch, self.epoch + 1, record.epoch)
            return Wrong(Kind.EPOCH, gap.text())
        if record.x_size - self._x.edge.size > _MOST:
            return Wrong(Kind.EPOCH, "the epoch names more of operator 1's log than there can be")
        if record.time > (self._institution.clock().timestamp() + CLOCK_SECONDS) * 1000:
            return Wrong(Kind.CLOCK, f"epoch {record.epoch} is dated after the witness's own time")
        return None

    def _late(self, known: Known) -> Wrong | None:
        """Whether the newest epoch of this checkpoint is dated as if it were written long ago.

        An entry that is new since the last cosignature was written after it. Only the newest counts: an epoch
        between that is dated too early makes all that waits in it late by the ledger's own clock.
        """
        if known.at is None or self._last < known.size:
            return None
        told, now = self._auditor.time / 1000, self._institution.clock().timestamp()
        behind = known.at.timestamp() - told
        if behind <= CLOCK_SECONDS or now - told <= CLOCK_SECONDS:
            return None
        return Wrong(
            Kind.CLOCK,
            f"epoch {self.epoch} is dated {behind:.0f} seconds before the last cosignature, and is newer",
        )

    def _begin(self) -> None:
        """Begin at the first epoch."""
        operator = self._institution.directory.current.operator(1).id
        self._edge, self._last, self._auditor = Edge(), -1, Auditor(log_origin(operator))
        self._x.begin(Edge())

    async def _load(self, origin: str) -> None:
        """Go on from where a follower was put aside, or begin at the first epoch."""
        async with self._institution.db.read() as conn:
            data = await stored_state(conn, origin)
        self._begin()
        read = None if data is None else await asyncio.to_thread(read_state, data)
        if read is not None:
            state, self._auditor = read
            self._edge, self._last = state.edge, state.last
            self._x.begin(state.x)
        self._origin, self._saved_at = origin, asyncio.get_running_loop().time()

    async def _put_aside(self) -> None:
        if self._edge.size:
            self._saved_at = asyncio.get_running_loop().time()
            dumped = await asyncio.to_thread(self._auditor.dump)
            state = write_state(State(self._edge, self._x.edge, self._last, dumped))
            await self._save(Saved(self._origin, self._edge.size, self.epoch, state))


def _is_epoch(entry: bytes) -> bool:
    try:
        return _kind.decode(entry).kind == "epoch"
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return False
