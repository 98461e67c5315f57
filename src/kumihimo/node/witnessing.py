"""An institution has its log cosigned: brings checkpoints to every witness, keeps what a quorum signed.

Nothing waits for a witness. One that is away, slow or lies is asked again later; only its own true signatures
over exactly our checkpoint count, and only of now (C2SP tlog-witness, tlog-cosignature).
"""

import asyncio
import re
from base64 import b64encode
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from kumihimo.base import Clock, Problem
from kumihimo.log import LogReader, Signature, add_signatures, read_signatures
from kumihimo.node.batch import Batch
from kumihimo.node.database import AWAY, Database
from kumihimo.node.directory_view import DirectoryView
from kumihimo.node.journal import Journal, JournalBusy, JournalUnavailable
from kumihimo.node.known_logs import Witness, witnesses
from kumihimo.node.telemetry import Logger
from kumihimo.node.transport import Raw, Transport

SIZE_TYPE = "text/x.tlog.size"
_ANSWER_SECONDS = 20.0  # a witness of the ledger replays its epochs before it signs
_STALE = 600  # seconds; a cosignature of another time than now is not taken for one
_ROUNDS = 3  # a witness may tell another size while we make the proof from the one it told before
_SIZE = re.compile(rb"(0|[1-9][0-9]{0,18})\n")
_STORE = """
    INSERT INTO log.cosigned (size, note, second) VALUES ($1, $2, $3)
    ON CONFLICT (one) DO UPDATE SET size = excluded.size, note = excluded.note, second = excluded.second
    WHERE excluded.size >= cosigned.size
"""


@dataclass(frozen=True, slots=True)
class _Kept:
    """A checkpoint as it is kept: with the Ed25519 lines, and apart from it the ML-DSA-44 lines."""

    size: int
    note: str
    second: str


@dataclass(slots=True)
class _Target:
    """The checkpoint that is being cosigned, and what the witnesses have signed so far."""

    size: int
    note: str
    signed: dict[str, Sequence[Signature]] = field(default_factory=dict)
    enough: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def text(self) -> str:
        """What the witnesses sign: the checkpoint without signatures."""
        return self.note.rpartition("\n\n")[0] + "\n"


class Witnessing:
    """The cosignatures of one institution's log; looks every `seconds` whether the log has grown."""

    def __init__(
        self,
        db: Database,
        journal: Journal,
        directory: DirectoryView,
        transport: Transport,
        *,
        seconds: float,
        clock: Clock,
        logger: Logger,
    ) -> None:
        self._db, self._directory, self._transport = db, directory, transport
        self._clock, self._logger, self._seconds = clock, logger, seconds
        self._write = journal.register("cosigned", _apply)
        self._target = _Target(0, "")
        self._sizes: dict[str, int] = {}
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Start looking."""
        self._task = asyncio.create_task(self._run(), name="witnessing")

    async def close(self) -> None:
        """Stop looking, and wait for no witness."""
        tasks = [*self._asking.values(), *([self._task] if self._task else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def push(self, patience: float = 5.0) -> bool:
        """Have the log as it stands now cosigned; whether a quorum has done so within `patience` seconds."""
        target = await self._ask_all()
        if target.size == 0:
            return False
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await target.enough.wait()
        return target.enough.is_set()

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._seconds)
            try:
                await self._ask_all()
            except AWAY as fault:
                self._logger.warning("witnessing cannot read the log", fault=type(fault).__name__)

    async def _ask_all(self) -> _Target:
        """Ask every witness that has not signed the newest checkpoint and is not being asked."""
        async with self._db.read() as conn:
            size, note = await LogReader.head(conn)
        if size != self._target.size:
            self._target = _Target(size, note)
        target = self._target
        for witness in witnesses(self._directory.current) if size else ():
            name = witness.entry.id
            if name not in target.signed and name not in self._asking:
                self._asking[name] = asyncio.create_task(self._follow(witness), name=f"witness {name}")
        return target

    async def _follow(self, witness: Witness) -> None:
        """Ask one witness about the newest checkpoint, and about the next if that has come meanwhile."""
        try:
            target = None
            while target is not self._target:
                target = self._target
                await self._ask(witness, target)
        except AWAY as fault:
            self._logger.warning("witnessing cannot read the log", fault=type(fault).__name__)
        finally:
            del self._asking[witness.entry.id]

    async def _ask(self, witness: Witness, target: _Target) -> None:
        """Bring the checkpoint to one witness, and keep what it signs."""
        name, told = witness.entry.id, "no end of sizes"
        for _ in range(_ROUNDS):
            old = self._sizes.get(name, 0)
            raw = await self._bring(witness, target, old)
            if isinstance(raw, Problem):
                return  # away: asked again at the next look
            if raw.status == 200:
                await self._take(witness, target, raw.body)
                return
            size = _SIZE.fullmatch(raw.body) if raw.headers.get("content-type") == SIZE_TYPE else None
            if raw.status != 409 or size is None or int(size[1]) == old:
                told = f"HTTP {raw.status}"
                break
            if int(size[1]) > target.size:
                told = "it has seen a longer log than this one"
                break
            self._sizes[name] = int(size[1])
        self._logger.warning("witness refused", witness=name, size=target.size, told=told)

    async def _bring(self, witness: Witness, target: _Target, old: int) -> Raw | Problem:
        async with self._db.read() as conn:
            proof = await LogReader.consistency(conn, old, target.size) or ()
        lines = [f"old {old}", *(b64encode(one).decode() for one in proof), "", target.note]
        url = f"{witness.entry.base_url}/o/add-checkpoint"
        headers = {"content-type": "text/plain; charset=utf-8"}
        return await self._transport.post(url, headers, "\n".join(lines).encode(), _ANSWER_SECONDS)

    async def _take(self, witness: Witness, target: _Target, body: bytes) -> None:
        """Count a witness whose every key has signed, and store the note once a quorum has."""
        name = witness.entry.id
        signed = self._true(witness, target.text, body)
        if len(signed) < len(witness.keys):
            self._logger.warning("witness signed falsely", witness=name, size=target.size)
            return
        self._sizes[name] = target.size
        target.signed[name] = signed
        if len(target.signed) < self._directory.current.quorum:
            return
        try:
            await self._write(_kept(target))
        except (JournalBusy, JournalUnavailable):
            return
        target.enough.set()

    def _true(self, witness: Witness, text: str, body: bytes) -> Sequence[Signature]:
        """The witness's own true signatures of now among the lines it answered, one for each of its keys."""
        try:
            lines = read_signatures(body.decode())
        except UnicodeDecodeError:
            return ()
        now, found = int(self._clock().timestamp()), dict[bytes, Signature]()
        for line in () if isinstance(lines, Problem) else lines:
            for key in witness.keys:
                if (line.name, line.key_id) == (key.name, key.key_id) and key.verify(text, line.value):
                    time = key.time(line.value)
                    if time is not None and abs(now - time) <= _STALE:
                        found[key.key_id] = line
        return tuple(found.values())


def _kept(target: _Target) -> _Kept:
    """The checkpoint with its cosignatures, the long ones apart."""
    lines = [line for name in sorted(target.signed) for line in target.signed[name]]
    classical = [line for line in lines if len(line.value) == 72]
    second = [line for line in lines if len(line.value) != 72]
    return _Kept(target.size, add_signatures(target.note, classical), add_signatures("", second))


async def _apply(batch: Batch, _: object, jobs: Sequence[_Kept]) -> Sequence[None]:
    """Keep the newest; earlier ones of the same batch would touch the same row."""
    last = max(jobs, key=lambda one: (one.size, len(one.note)))
    batch.add(_STORE, last.size, last.note, last.second)
    return [None] * len(jobs)
