"""What the ledger publishes of each epoch: the record in its log, and the transition for auditors. Pure.

The record commits to the map, the counts and operator 1's log X; the transition says how the map came there
from the epoch before: which leaves moved by which entries, and where each person-event of X stands now. Both
are canonical JSON; hashes are hexadecimal, `time` is Unix milliseconds, epochs number 1, 2, 3 without gaps.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

import msgspec

from kumihimo.base import ErrorType, Problem

VERSION = 1
MAX_RECORD = 4096
"""Bytes; a longer epoch record is refused unread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochRecord:
    """One entry of the ledger's log: what the map holds after an epoch, and which part of X it accounts for.

    total + deferred + open + void is the number of person-events among the first x_size entries of X.
    """

    v: int
    kind: Literal["epoch"]
    epoch: int
    time: int
    depth: int
    map_root: str
    total: int
    persons: int
    deferred: int
    deferred_root: str
    open: int
    void: int
    x_origin: str
    x_size: int
    x_root: str
    transition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """One person's leaf before the epoch (n records, head), and the entries that were added to the chain.

    Each entry is its hash and 1 if it is counted (asked, disclosed, released), else 0.
    """

    label: str
    n: int
    head: str
    entries: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deferral:
    """One event withheld by law: its place in X, until when, on which ground, by whom, and its leaf."""

    index: int
    commit: str
    until: str
    ground: str
    by: str
    leaf: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """From one epoch to the next: `moved` sorted by label, and indexes of X that changed their standing."""

    v: int
    epoch: int
    moved: tuple[Moved, ...]
    settled: tuple[int, ...]
    deferred: tuple[Deferral, ...]
    released: tuple[str, ...]
    open: tuple[int, ...]
    void: tuple[int, ...]


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
    """Read an epoch record in its one byte form."""
    if len(data) > MAX_RECORD:
        return _unreadable("epoch record")
    try:
        record = _record_decoder.decode(data)
        again = _encoder.encode(record)
    except (msgspec.MsgspecError, UnicodeError, RecursionError, ValueError):
        return _unreadable("epoch record")
    return record if again == data and record.v == VERSION else _unreadable("epoch record")


def decode_transition(data: bytes) -> Transition | Problem:
    """Read a transition document in its one byte form."""
    try:
        transition = _transition_decoder.decode(data)
        again = _encoder.encode(transition)
    except (msgspec.MsgspecError, UnicodeError, RecursionError, ValueError):
        return _unreadable("transition")
    return transition if again == data and transition.v == VERSION else _unreadable("transition")


def _unreadable(what: str) -> Problem:
    return Problem(ErrorType.MALFORMED, detail=f"the {what} cannot be read in its one form")
