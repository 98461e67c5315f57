"""What the ledger publishes of each epoch: the record in its log, and the transition for auditors. Pure.

The record commits to the map, the counts and operator 1's log X; the transition says how the map came there
from the epoch before: which leaves moved by which entries, and where each person-event of X stands now. Both
are canonical JSON; hashes are hexadecimal, `time` is Unix milliseconds, epochs number 1, 2, 3 without gaps.
What is read has its bounds checked here, once: whoever gets a record or a transition can reckon with it.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Literal

import msgspec

from kumihimo.base import ErrorType, Problem

VERSION: Literal[1] = 1
MAX_RECORD = 4096
"""Bytes; a longer epoch record is refused unread."""
MAX_TRANSITION = 1 << 28
"""Bytes (256 MiB: a million persons in one epoch); a longer transition is refused unread."""
EARLIEST, LATEST = 1_577_836_800_000, 4_102_444_800_000
"""Unix milliseconds: an epoch is of the years 2020 to 2099."""

Number = Annotated[int, msgspec.Meta(ge=0, lt=1 << 62)]
"""Numbers that every database and every reader can hold."""
Flag = Annotated[int, msgspec.Meta(ge=0, le=1)]
Moment = Annotated[int, msgspec.Meta(ge=EARLIEST, lt=LATEST)]
Hash = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]
"""32 bytes in their one spelling in hexadecimal."""
Origin = Annotated[str, msgspec.Meta(min_length=1, max_length=512)]


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochRecord:
    """One entry of the ledger's log: what the map holds after an epoch, and which part of X it accounts for.

    total + deferred + open + void is the number of person-events among the first x_size entries of X.
    """

    v: Literal[1]
    kind: Literal["epoch"]
    epoch: Number
    time: Moment
    depth: Number
    map_root: Hash
    total: Number
    persons: Number
    deferred: Number
    deferred_root: Hash
    open: Number
    void: Number
    x_origin: Origin
    x_size: Number
    x_root: Hash
    transition: Hash


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """One person's leaf before the epoch (n records, head), and the entries that were added to the chain.

    Each entry is its hash and 1 if it is counted (asked, disclosed, released), else 0.
    """

    label: Hash
    n: Number
    head: Hash
    entries: tuple[tuple[Hash, Flag], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deferral:
    """One event withheld by law: its place in X, until when, on which ground, by whom, and its leaf."""

    index: Number
    commit: Hash
    until: str
    ground: str
    by: str
    leaf: Hash


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """From one epoch to the next: `moved` sorted by label, and indexes of X that changed their standing."""

    v: Literal[1]
    epoch: Number
    moved: tuple[Moved, ...]
    settled: tuple[Number, ...]
    deferred: tuple[Deferral, ...]
    released: tuple[Hash, ...]
    open: tuple[Number, ...]
    void: tuple[Number, ...]


_encoder = msgspec.json.Encoder(order="sorted")
_record_decoder = msgspec.json.Decoder(EpochRecord, strict=True)
_transition_decoder = msgspec.json.Decoder(Transition, strict=True)


def encode_record(record: EpochRecord) -> bytes:
    """The bytes of an epoch record, as they stand in the ledger's log."""
    return _encoder.encode(record)


def encode_transition(transition: Transition) -> bytes:
    """The bytes of a transition document, whose SHA-256 the epoch record names."""
    return _encoder.encode(transition)


def transition_hash(document: bytes) -> str:
    """What the epoch record says of its transition document."""
    return sha256(document).hexdigest()


def decode_record(data: bytes) -> EpochRecord | Problem:
    """Read an epoch record in its one byte form, every member within its bounds."""
    if len(data) > MAX_RECORD:
        return _unreadable("epoch record")
    try:
        record = _record_decoder.decode(data)
        again = _encoder.encode(record)
    except (msgspec.MsgspecError, UnicodeError, RecursionError, ValueError):
        return _unreadable("epoch record")
    return record if again == data else _unreadable("epoch record")


def decode_transition(data: bytes) -> Transition | Problem:
    """Read a transition document in its one byte form, every member within its bounds."""
    if len(data) > MAX_TRANSITION:
        return _unreadable("transition")
    try:
        transition = _transition_decoder.decode(data)
        again = _encoder.encode(transition)
    except (msgspec.MsgspecError, UnicodeError, RecursionError, ValueError):
        return _unreadable("transition")
    return transition if again == data else _unreadable("transition")


class _Kind(msgspec.Struct, frozen=True):
    kind: str = ""


_kind = msgspec.json.Decoder(_Kind)


def is_epoch(entry: bytes) -> bool:
    """Whether an entry of the ledger's log says of itself that it is an epoch record."""
    try:
        return _kind.decode(entry).kind == "epoch"
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return False


def _unreadable(what: str) -> Problem:
    return Problem(ErrorType.MALFORMED, detail=f"the {what} cannot be read in its one form")
