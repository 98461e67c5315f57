"""Entries of others' logs as the commission reads them: exchanges, and the ledger's epochs. Pure.

Whatever a log holds is read to an end: what is no entry of its kind, is out of bounds or nested beyond
reading is unreadable, and never an exception.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import msgspec

from kumihimo.base import ErrorType, Problem

KINDS = frozenset({"inquire", "acquire"})
UNREADABLE = (msgspec.MsgspecError, ValueError, RecursionError)
"""How decoding fails on what others send: no JSON of that form, no UTF-8 or base64, too deeply nested."""
_TEXT = 256
_HASH = 64
_LATEST_HOUR = 39_000_000  # in the year 6419: calendars end in 9999

type Count = Annotated[int, msgspec.Meta(ge=0, lt=1 << 53)]
"""Counts, sizes and places, as JSON numbers that every reader holds exactly."""
type Moment = Annotated[int, msgspec.Meta(ge=0, lt=1 << 47)]
"""Unix milliseconds, before the year 6430."""


class Exchange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An exchange in a log (`docs/protocols/ledger.md`): who asked whom under which row in which hour."""

    v: int
    kind: str
    inquirer: str
    provider: str
    row: str
    hour: int
    commit: bytes


class Epoch(msgspec.Struct, frozen=True):
    """An epoch record of the ledger: how many records there are, and how many events it has read."""

    epoch: Count
    time: Moment
    total: Count
    persons: Count
    deferred: Count
    open: Count
    void: Count
    x_size: Count
    transition: str
    deferred_root: str = ""


class Deferred(msgspec.Struct, frozen=True):
    """An event that is counted as withheld by law."""

    index: Count
    commit: str

    def __post_init__(self) -> None:
        """Refuse what is no commitment."""
        if len(self.commit) != _HASH or len(bytes.fromhex(self.commit)) != _HASH // 2:
            raise ValueError("a commitment is 32 bytes in hexadecimal")


class Transition(msgspec.Struct, frozen=True):
    """What an epoch says of events at operator 1: those that were counted, and those that are withheld."""

    epoch: Count
    settled: tuple[Count, ...]
    deferred: tuple[Deferred, ...]
    void: tuple[Count, ...] = ()


@dataclass(frozen=True, slots=True)
class Read:
    """A stretch of a log, read: exchanges and epochs with their places, and places nobody can read."""

    exchanges: tuple[tuple[int, Exchange], ...]
    epochs: tuple[tuple[int, Epoch, bytes], ...]
    unreadable: tuple[int, ...]


class _Any(msgspec.Struct, frozen=True):
    kind: str = ""


class _Entries(msgspec.Struct, frozen=True):
    start: int
    entries: list[str]


_exchange = msgspec.json.Decoder(Exchange)
_epoch = msgspec.json.Decoder(Epoch)
_any = msgspec.json.Decoder(_Any)
_entries = msgspec.json.Decoder(_Entries)
_transition = msgspec.json.Decoder(Transition)


def read_entries(body: bytes, start: int, most: int) -> list[bytes] | Problem:
    """The entries of an answer to `log/entries`; `malformed` when it is none, or not the one asked for."""
    try:
        answer = _entries.decode(body)
        entries = [base64.b64decode(one, validate=True) for one in answer.entries]
    except UNREADABLE:
        return Problem(ErrorType.MALFORMED, detail="the answer holds no entries of a log")
    if answer.start != start or len(entries) > most:
        return Problem(ErrorType.MALFORMED, detail="the answer holds other entries than were asked for")
    return entries


def read_transition(body: bytes) -> Transition | Problem:
    """A transition document of the ledger."""
    try:
        return _transition.decode(body)
    except UNREADABLE:
        return Problem(ErrorType.MALFORMED, detail="not a transition of the ledger")


def read_epoch(record: bytes) -> Epoch:
    """An epoch record that was read before."""
    return _epoch.decode(record)


def sort_entries(start: int, entries: Sequence[bytes], *, ledger: bool) -> Read:
    """Sort a stretch of a log from its place `start` on; kinds that are no exchange are let pass.

    Epoch records count only in the ledger's own log.
    """
    exchanges: list[tuple[int, Exchange]] = []
    epochs: list[tuple[int, Epoch, bytes]] = []
    unreadable: list[int] = []
    for place, entry in enumerate(entries, start):
        try:
            exchanges.append((place, _sound(_exchange.decode(entry))))
        except UNREADABLE:
            try:
                kind = _any.decode(entry).kind
                if kind == "epoch" and ledger:
                    epochs.append((place, _epoch.decode(entry), entry))
                elif kind in KINDS:
                    unreadable.append(place)
            except UNREADABLE:
                unreadable.append(place)
    return Read(tuple(exchanges), tuple(epochs), tuple(unreadable))


def _sound(entry: Exchange) -> Exchange:
    texts = (entry.inquirer, entry.provider, entry.row)
    if (
        entry.kind not in KINDS
        or len(entry.commit) != 32
        or not 0 <= entry.hour < _LATEST_HOUR
        or any(not 0 < len(text) <= _TEXT or "\0" in text for text in texts)
    ):
        raise ValueError("not an exchange")
    return entry
