"""The audit of the logs: each is cosigned, its entries give its root, and it goes on from what was seen."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from kumihimo.base import ErrorType, Problem
from kumihimo.cli.audit_reach import Reach
from kumihimo.cli.audit_report import Finding, Section, Wrong
from kumihimo.ledger import RecordsPolicy
from kumihimo.log import (
    Checkpoint,
    Cosigned,
    Edge,
    NoteVerifier,
    Policy,
    leaf_hash,
    open_checkpoint,
    open_cosigned,
)
from kumihimo.node import log_key

PIECE = 1000
"""Entries asked for at once."""
_TOGETHER = 4

type Progress = Callable[[str, int, int], None]
"""Told what is being read, how far, and how much there is."""


@dataclass(frozen=True, slots=True)
class ReadLog:
    """A log that was read and holds: its cosigned checkpoint, the note it came in, when, and its entries.

    `before` is what the last audit saw of it, which it extends.
    """

    checkpoint: Checkpoint
    note: str
    times: Mapping[str, int]
    entries: Sequence[bytes] = field(repr=False)
    before: Cosigned | None = None

    @property
    def signed(self) -> int:
        """When witnesses cosigned it (Unix seconds): the middle one's word, no single clock decides."""
        return _middle(self.times)

    @property
    def signed_before(self) -> int:
        """When they cosigned what the last audit saw; 0 where there was none."""
        return _middle(self.before.times) if self.before else 0


def _middle(times: Mapping[str, int]) -> int:
    return sorted(times.values())[len(times) // 2] if times else 0


@dataclass(slots=True)
class LogsAudit:
    """Reads every log of the directory under the policy; `seen`: the last audit's notes by institution."""

    reach: Reach
    policy: RecordsPolicy
    seen: Mapping[str, str]
    progress: Progress

    async def run(self, section: Section) -> dict[str, ReadLog]:
        """The logs that hold, by institution; the section gets counts and findings."""
        keys = {one.id: log_key(one) for one in self.reach.directory.entries.values()}
        logs: dict[str, ReadLog] = {}
        empty = compared = 0
        for institution, key in sorted(keys.items()):
            if key is None:
                continue
            found = await self._log(institution, key)
            if isinstance(found, ReadLog):
                logs[institution] = found
                compared += institution in self.seen
            elif found is None:
                empty += 1
            else:
                section.findings.append(Finding.of(institution, found))
        section.counts = {
            "logs": sum(key is not None for key in keys.values()),
            "empty": empty,
            "witnesses": self.policy.trust.quorum,
            "entries": sum(log.checkpoint.size for log in logs.values()),
            "compared": compared,
        }
        return logs

    async def _log(self, institution: str, key: NoteVerifier) -> ReadLog | Wrong | None:
        """The log as it holds; None if it is empty and was before."""
        policy = Policy(key, self.policy.trust.witnesses, self.policy.trust.quorum)
        note = await self.reach.open_note(institution, "cosigned")
        if isinstance(note, Problem):
            return await self._unwitnessed(institution, key, note)
        cosigned = open_cosigned(note, policy)
        if isinstance(cosigned, Problem):
            return Wrong.UNWITNESSED
        before = self._before(institution, policy)
        if before is not None and before.checkpoint.size > cosigned.checkpoint.size:
            return Wrong.BACK
        entries = await self.read(institution, 0, cosigned.checkpoint.size)
        if isinstance(entries, Problem):
            return Wrong.AWAY
        wrong = _rooted(entries, cosigned.checkpoint, before.checkpoint if before else None)
        return wrong or ReadLog(cosigned.checkpoint, note, cosigned.times, entries, before)

    async def _unwitnessed(self, institution: str, key: NoteVerifier, problem: Problem) -> Wrong | None:
        """A log without cosigned checkpoint: only an empty one may be so."""
        if problem.type is not ErrorType.NOT_FOUND:
            return Wrong.AWAY
        if institution in self.seen:
            return Wrong.BACK
        shown = await self.reach.open_note(institution, "log/checkpoint")
        checkpoint = shown if isinstance(shown, Problem) else open_checkpoint(shown, key)
        empty = isinstance(checkpoint, Checkpoint) and checkpoint.size == 0
        return None if empty else Wrong.UNWITNESSED

    def _before(self, institution: str, policy: Policy) -> Cosigned | None:
        """What the last audit saw of this log."""
        note = self.seen.get(institution)
        cosigned = open_cosigned(note, policy) if note else None
        return None if isinstance(cosigned, Problem) else cosigned

    async def read(self, institution: str, start: int, end: int) -> list[bytes] | Problem:
        """All entries start .. end-1 of a log."""
        found: list[bytes] = []
        for first in range(start, end, PIECE * _TOGETHER):
            self.progress(institution, first, end)
            starts = range(first, min(first + PIECE * _TOGETHER, end), PIECE)
            pieces = await asyncio.gather(
                *(self._piece(institution, at, min(at + PIECE, end)) for at in starts)
            )
            for piece in pieces:
                if isinstance(piece, Problem):
                    return piece
                found.extend(piece)
        return found

    async def _piece(self, institution: str, start: int, end: int) -> list[bytes] | Problem:
        found: list[bytes] = []
        while start + len(found) < end:
            part = await self.reach.entries(institution, start + len(found), end)
            if isinstance(part, Problem):
                return part
            if not part:
                return Problem(ErrorType.NOT_FOUND, detail=f"{institution} does not show all its entries")
            found.extend(part)
        return found


def _rooted(entries: Sequence[bytes], now: Checkpoint, before: Checkpoint | None) -> Wrong | None:
    """Whether the entries give the signed root, and on the way the one that was seen before."""
    edge, done = Edge(), 0
    for checkpoint, wrong in ((before, Wrong.FORKED), (now, Wrong.ROOT)):
        if checkpoint is not None:
            edge, _ = edge.extend([leaf_hash(entry) for entry in entries[done : checkpoint.size]])
            done = checkpoint.size
            if edge.root != checkpoint.root:
                return wrong
    return None


class _Entry(msgspec.Struct, frozen=True):
    provider: str
    commit: bytes


_entry = msgspec.json.Decoder(_Entry)


def provided(institution: str, entries: Sequence[bytes]) -> set[str]:
    """The commits (hex) of the questions an institution's log says it was asked and dealt with."""
    found = set[str]()
    for entry in entries:
        try:
            read = _entry.decode(entry)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            continue
        if read.provider == institution:
            found.add(read.commit.hex())
    return found
