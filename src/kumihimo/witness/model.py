"""What a witness is asked, and the one rule by which it answers (C2SP tlog-witness add-checkpoint). Pure.

In this order: the old size is not above the checkpoint's (400); it is the size last cosigned (409, with that
size); the proof leads from there to the checkpoint (422); where both sizes are the same, so are the roots
(409).
"""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from kumihimo.base import ErrorType, Problem
from kumihimo.log import EMPTY_ROOT, Checkpoint, decode_base64, verify_consistency

MAX_REQUEST = 256 * 1024
MAX_PROOF = 63
MAX_SIZE = 2**63 - 1
"""Entries; no log of more is believed or can be stored."""
_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})", re.ASCII)


class Outcome(StrEnum):
    """How an `add-checkpoint` ends once the log's signature is verified."""

    COSIGNED = "cosigned"
    OLD_ABOVE_NEW = "old-above-new"
    STALE = "stale"
    NOT_CONSISTENT = "not-consistent"
    OTHER_ROOT = "other-root"


class Kind(StrEnum):
    """What an alarm is about.

    A fork is proved by two signatures of the log, a wrong epoch was found by the witness itself. The others
    prove nothing alone: the fault may be of whoever brought the checkpoint, or of the witness's own clock.
    """

    FORK = "fork"
    INCONSISTENT = "inconsistent"
    ROLLBACK = "rollback"
    EPOCH = "epoch"
    CLOCK = "clock"

    @property
    def proved(self) -> bool:
        """Whether the log alone can have done this."""
        return self in {Kind.FORK, Kind.EPOCH}


@dataclass(frozen=True, slots=True)
class Request:
    """A checkpoint somebody brings: the size it says was cosigned last, the proof from there, the note."""

    old: int
    proof: tuple[bytes, ...]
    note: str
    checkpoint: Checkpoint


@dataclass(frozen=True, slots=True)
class Known:
    """The last checkpoint of a log that this witness cosigned, and when; size 0 and no note if none."""

    size: int = 0
    root: bytes = EMPTY_ROOT
    note: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Wrong:
    """What a witness found wrong inside a log that it was asked to cosign: kind, and in words."""

    kind: Kind
    detail: str


@dataclass(frozen=True, slots=True)
class Alarm:
    """What a log is accused of: the refused checkpoint, and the one cosigned before."""

    origin: str
    kind: Kind
    size: int
    detail: str
    note: str
    known: str


def read_request(body: bytes) -> Request | Problem:
    """Read the body of `add-checkpoint`; refused with `malformed` or `too-large`."""
    if len(body) > MAX_REQUEST:
        return Problem(ErrorType.TOO_LARGE, detail=f"a request has at most {MAX_REQUEST} bytes")
    try:
        head, _, note = body.decode().partition("\n\n")
    except UnicodeDecodeError:
        return _malformed("the request is not UTF-8")
    old, *lines = head.split("\n")
    size = _OLD.fullmatch(old)
    hashes = tuple(decode_base64(line) or b"" for line in lines)
    if size is None or len(hashes) > MAX_PROOF or any(len(one) != 32 for one in hashes):
        return _malformed("an old size and at most 63 hashes come first, one a line")
    text, blank, _ = note.rpartition("\n\n")
    checkpoint = Checkpoint.parse(text + "\n")
    if isinstance(checkpoint, Problem) or not blank:
        return _malformed("what is brought is not a checkpoint")
    if checkpoint.size > MAX_SIZE:
        return _malformed("no log has so many entries")
    return Request(int(size[1]), hashes, note, checkpoint)


def decide(known: Known, request: Request) -> Outcome:
    """Whether this checkpoint, which the log has signed, extends the last one that was cosigned."""
    new = request.checkpoint
    if request.old > new.size:
        return Outcome.OLD_ABOVE_NEW
    if request.old != known.size:
        return Outcome.STALE
    if new.size == known.size:
        if request.proof:
            return Outcome.NOT_CONSISTENT
        return Outcome.COSIGNED if new.root == known.root else Outcome.OTHER_ROOT
    if not verify_consistency(known.size, new.size, known.root, new.root, request.proof):
        return Outcome.NOT_CONSISTENT
    return Outcome.COSIGNED


def alarm_of(known: Known, request: Request, outcome: Outcome) -> Alarm | None:
    """What the refused checkpoint gives rise to; None where it says nothing against the log."""
    new = request.checkpoint
    if new.size == known.size and new.root != known.root:
        kind, detail = Kind.FORK, "two roots for the same size, both signed by the log"
    elif outcome is Outcome.NOT_CONSISTENT and new.size != known.size:
        kind, detail = Kind.INCONSISTENT, "the proof does not lead from the cosigned checkpoint to this one"
    elif new.size < known.size:
        kind, detail = Kind.ROLLBACK, "a checkpoint shorter than the one cosigned"
    else:
        return None
    return Alarm(new.origin, kind, new.size, detail, request.note, known.note)


def _malformed(detail: str) -> Problem:
    return Problem(ErrorType.MALFORMED, detail=detail, detail_ja="add-checkpoint の形式ではありません")
