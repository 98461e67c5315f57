"""The person ledger's values and its pure rules: labels, chains, and what a person is shown.

```
label   I_u    = SHA-256("label" ‖ k_L·P_L,u)
chain   head_0 = 32 zero bytes;   head_n = SHA-256(0x04 ‖ head_{n-1} ‖ SHA-256(0x00 ‖ entry_n))
```
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

import msgspec
from msgspec import UNSET, UnsetType

from kumihimo.base import JST
from kumihimo.codes import InstitutionCode, multiply
from kumihimo.exchange import Mark, Outcome, Report, Slip

EMPTY_HEAD = bytes(32)
QUIET = timedelta(seconds=60)
"""How long a record waits for its outcome before it enters the chain without one."""
RETENTION_YEARS = 7


class Kind(StrEnum):
    """What an entry says.

    Somebody asked; how it ended; the person looked at their own records; somebody asked and the law let it be
    withheld until now; something in a record was corrected (番号法31条).
    """

    ASKED = "asked"
    OUTCOME = "outcome"
    DISCLOSED = "disclosed"
    RELEASED = "released"
    CORRECTION = "correction"


COUNTED = frozenset({Kind.ASKED, Kind.DISCLOSED, Kind.RELEASED})
"""One of these per record: what the map's sums count (docs/adr/0021-sums-count-records.md)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a person's record: what the law asks for, and no payload (番号法23条1項, 3項).

    Times are Unix milliseconds. `commit` is the value all logs of the exchange share; `bulk` is true for one
    of a run of questions about many people, else not written; `ground` says on which ground a released
    event was withheld, else it is not written. An entry of kind correction has the name of the request, how
    it stands (`state`: requested, corrected, not-corrected) and in `inquirer` who says so.
    """

    v: int
    kind: Kind
    tx: str
    time: int
    inquirer: str = ""
    office: str = ""
    provider: str = ""
    permission: str = ""
    snapshot: str = ""
    piece: str | None = None
    information: str = ""
    items: tuple[str, ...] = ()
    commit: str = ""
    outcome: Outcome | None = None
    reason: str | None = None
    bulk: bool | UnsetType = UNSET
    ground: str | UnsetType = UNSET
    correction: str | UnsetType = UNSET
    state: str | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class Line:
    """One exchange as its person sees it: who asked whom for what under which row, and how it ended."""

    asked: Entry
    outcome: Entry | None


_encoder = msgspec.json.Encoder(order="sorted")
_decoder = msgspec.json.Decoder(Entry)


def encode_entry(entry: Entry) -> bytes:
    """The one byte form of an entry, which the chain commits to."""
    return _encoder.encode(entry)


def decode_entry(data: bytes) -> Entry:
    """Read an entry the ledger itself wrote."""
    return _decoder.decode(data)


def label_of(secret: bytes, code: InstitutionCode) -> bytes:
    """The label of a person: nobody without the ledger's secret scalar can derive it from a code."""
    return hashlib.sha256(b"label" + multiply(secret, code.element)).digest()


def entry_hash(entry: bytes) -> bytes:
    """SHA-256(0x00 ‖ entry), what stays when the entry is erased after seven years."""
    return hashlib.sha256(b"\x00" + entry).digest()


def next_head(head: bytes, hashed: bytes) -> bytes:
    """The head of a chain after one more entry."""
    return hashlib.sha256(b"\x04" + head + hashed).digest()


def chain_head(hashes: Iterable[bytes]) -> bytes:
    """The head of a chain of entry hashes, from the beginning."""
    head = EMPTY_HEAD
    for hashed in hashes:
        head = next_head(head, hashed)
    return head


def asked_entry(slip: Slip, commit: bytes, kind: Kind) -> Entry:
    """The entry that says what was asked, made before the answer."""
    return Entry(
        v=1,
        kind=kind,
        tx=slip.tx.hex(),
        time=slip.time,
        inquirer=slip.sender.institution,
        office=slip.sender.office,
        provider=slip.to,
        permission=slip.basis.permission,
        snapshot=slip.basis.snapshot,
        piece=slip.basis.piece,
        information=slip.information,
        items=slip.items,
        commit=commit.hex(),
        bulk=slip.bulk,
    )


def outcome_entry(report: Report) -> Entry:
    """The entry that says how an exchange ended, as its provider reported."""
    return Entry(
        v=1,
        kind=Kind.OUTCOME,
        tx=report.tx.hex(),
        time=report.time,
        outcome=report.outcome,
        reason=report.reason,
    )


def released_entry(asked: Entry, ground: str) -> Entry:
    """The entry of an event that was withheld by law until now."""
    return replace(asked, kind=Kind.RELEASED, ground=ground)


def erased_before(now: datetime) -> datetime:
    """What was written before this moment is erased by now: records are kept for seven years."""
    return now - timedelta(days=365.25 * RETENTION_YEARS)


def withheld_until(mark: Mark | None) -> date | None:
    """The day a withholding ends; a mark without a readable end withholds nothing."""
    try:
        return date.fromisoformat(mark.until) if mark else None
    except ValueError:
        return None


def lines(entries: Sequence[Entry], withheld: Mapping[str, date], now: datetime) -> tuple[Line, ...]:
    """What the person is shown of the entries in their chain, newest first: each record with its outcome.

    Left out are records older than seven years and those in `withheld` (tx: day) whose day has not come. The
    latter are of the time before withheld events were kept out of the chains.
    """
    outcomes: dict[str, Entry] = {}
    for entry in entries:
        if entry.kind is Kind.OUTCOME:
            outcomes[entry.tx] = entry
    day = now.astimezone(JST).date()
    oldest = erased_before(now).timestamp() * 1000
    shown = [
        Line(entry, outcomes.get(entry.tx))
        for entry in entries
        if entry.kind in COUNTED and entry.time >= oldest and withheld.get(entry.tx, day) <= day
    ]
    return tuple(sorted(shown, key=lambda line: line.asked.time, reverse=True))
