"""Epoch records and transitions: what the ledger commits to, and what it shows to those who replay it. Pure.

The **record** stands in the ledger's own log and is cosigned. The **transition** is what moved since the
epoch before, for witnesses and auditors; the record names it by SHA-256. Both have one byte form: JSON with
sorted keys. Over the first `x_size` entries of operator 1's log it must hold that

    person-events == total + deferred + open + void
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from kumihimo.base import ErrorType, Problem
from kumihimo.log import root_of

VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochRecord:
    """What one epoch commits to; hashes are hexadecimal, `time` is Unix milliseconds.

    `depth` is T of the map; `total` the map's sum over `persons` leaves; `deferred` the size of the deferral
    set; `open` the person-events not settled yet; `void` those of all time that were never recorded.
    `x_*` name the state of operator 1's log that was counted.
    """

    v: int
    kind: str
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
    """One chain that grew: its label, n and head before, and each new entry as (hash, counted 0 or 1)."""

    label: str
    n: int
    head: str
    entries: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deferral:
    """An event that entered the deferral set: its place in operator 1's log, the terms, and the leaf."""

    index: int
    commit: str
    until: str
    ground: str
    by: str
    leaf: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """What moved between two epochs.

    Every person-event among the entries new to `x_size`, and every one that was open before, is in exactly
    one of `settled` (counted now), `deferred`, `open` and `void`. `moved` is sorted by label, the index lists
    by index; no index is joined to a label. `released` leaves have left the deferral set and are counted now
    without being in `settled`: total grows by both.
    """

    v: int
    epoch: int
    moved: tuple[Moved, ...]
    settled: tuple[int, ...]
    deferred: tuple[Deferral, ...]
    released: tuple[str, ...]
    open: tuple[int, ...]
    void: tuple[int, ...]


_encoder = msgspec.json.Encoder(order="sorted")
_record = msgspec.json.Decoder(EpochRecord, strict=True)
_transition = msgspec.json.Decoder(Transition, strict=True)


def encode_record(record: EpochRecord) -> bytes:
    """The bytes of a record, as they stand in the log."""
    return _encoder.encode(record)


def decode_record(data: bytes) -> EpochRecord | Problem:
    """Read a record; malformed unless these are its very bytes."""
    return _read(_record, data)


def encode_transition(transition: Transition) -> bytes:
    """The bytes of a transition, whose SHA-256 the record names."""
    return _encoder.encode(transition)


def decode_transition(data: bytes) -> Transition | Problem:
    """Read a transition; malformed unless these are its very bytes."""
    return _read(_transition, data)


def _read[T](decoder: msgspec.json.Decoder[T], data: bytes) -> T | Problem:
    try:
        value = decoder.decode(data)
        if _encoder.encode(value) == data:
            return value
    except (msgspec.MsgspecError, UnicodeError, RecursionError, ValueError):
        pass
    return Problem(ErrorType.MALFORMED, detail="not an epoch's document in its one form")


def deferral_leaf(salt: bytes, *, commit: str, until: str, ground: str, by: str) -> bytes:
    """SHA-256(0x05 ‖ salt ‖ canonical JSON): what stands for a withheld event; `salt` is 16 random bytes."""
    terms = _encoder.encode({"commit": commit, "until": until, "ground": ground, "by": by})
    return hashlib.sha256(b"\x05" + salt + terms).digest()


def deferral_root(leaves: Iterable[bytes]) -> bytes:
    """The root over the deferral set: RFC 6962's MTH over its leaves sorted by bytes, each an entry."""
    return root_of(sorted(leaves))
