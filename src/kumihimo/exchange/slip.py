"""The slip and its stamps: the values that travel between desks, and how they are written.

Every value here has exactly one byte form: JSON with sorted ASCII keys, integers, NFC strings and
base64 for bytes. `decode` accepts a value only when writing it again gives the very bytes that came
in, so duplicate keys, unknown members and other spellings are refused without a rule for each.
What is signed are these exact bytes (detached JWS); what is kept as evidence are the same bytes.
"""

import hashlib
import secrets
import unicodedata
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

import msgspec
from msgspec import UNSET, UnsetType

from kumihimo.base import ErrorType, Problem

VERSION = 1
MAX_ROWS = 1000
LIVE_SECONDS = 60


class Verb(StrEnum):
    """What the inquirer wants of the other side."""

    INQUIRE = "inquire"
    ACQUIRE = "acquire"


class Outcome(StrEnum):
    """How the provider dealt with a slip."""

    PROVIDED = "provided"
    REFUSED = "refused"
    PENDING = "pending"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who asks: the institution, its office, and a reference to the clerk that only it can resolve."""

    institution: str
    office: str
    operator: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """The row of law that permits the exchange, in the snapshot of the law that was in force.

    `permission` is a stable row id such as `o9/92/3@2024-05-27`, or one of the two rights of the Act
    itself (`ACQUIRE_RIGHT`, `DISCLOSE_RIGHT`). `piece` names the procedure and the piece of information
    of the detail article, such as `75/1/イ`, and by it whose data may be asked.
    """

    permission: str
    snapshot: str
    piece: str | None = None


ACQUIRE_RIGHT = "act/21-2"
"""番号法21条の2: an institution obtains its code for a person."""
DISCLOSE_RIGHT = "act/a6-3"
"""番号法附則6条3項: the disclosure system shows a person their own records of exchange."""
COUNTER_RIGHT = "act/31"
"""番号法31条, 個人情報保護法76条: a person asks for their own records at a municipality's counter."""
OWN_RECORDS = "情報提供等記録"


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeRow:
    """One person on the slip, blinded: X0 and the commitment to the blind (32 bytes each)."""

    x0: bytes
    cb: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Codes:
    """The blinded code header of a slip (`docs/protocols/codes.md`)."""

    source_epoch: int
    target_epoch: int
    ledger_epoch: int
    d1: bytes
    d2: bytes
    rows: tuple[CodeRow, ...]

    @property
    def epochs(self) -> tuple[int, int, int]:
        """The key generations of the three code domains: inquirer's, provider's, ledger's."""
        return self.source_epoch, self.target_epoch, self.ledger_epoch


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """SHA-256 of each sealed box that travels beside the slip."""

    target: bytes
    ledger: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """The inquirer's statement that the fact of this exchange is to be withheld for now (番号法23条2項)."""

    ground: str
    until: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """A lawful question about a person, as its inquirer signs it (照会票).

    `tx` names the exchange (16 random bytes, single use). Times are Unix milliseconds. `case` is opaque.
    `bulk` is true when the question is one of a run about many people; otherwise it is not written at all,
    so that a single question has the bytes it always had.
    """

    v: int
    kind: Verb
    tx: bytes
    salt: bytes
    sender: Sender
    to: str
    basis: Basis
    information: str
    items: tuple[str, ...]
    layout: int
    case: str
    time: int
    expires: int
    codes: Codes
    sealed: Sealed
    mark: Mark | None
    bulk: bool | UnsetType = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an event stands in a log: the promise that it is durably there."""

    origin: str
    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """What an operator made of the blinded codes for one target domain, with its proof."""

    xs: tuple[bytes, ...]
    proof: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """An operator's permission and conversion (情報提供許可証), signed by the operator."""

    v: int
    operator: int
    slip: bytes
    tx: bytes
    row: str
    snapshot: str
    target: Converted
    ledger: Converted | None
    commit: bytes
    log: Place
    time: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The ledger's word that the event stands in the person's record, signed by the ledger."""

    v: int
    slip: bytes
    tx: bytes
    commit: bytes
    time: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The provider's word on a slip, signed; the items themselves travel sealed beside it.

    `sealed` is the SHA-256 of the sealed items; `withheld` names asked items held back for protection,
    `absent` asked items the register does not keep. `cached_at` is null for a live answer. `relayed` and
    `replaces` state the legal effect: the relay duty of 番号法21条2項 and the documents that count as
    filed (22条2項). `problem` is the refusal when there is one.
    """

    v: int
    slip: bytes
    tx: bytes
    outcome: Outcome
    row: str
    relayed: str
    replaces: str
    layout: int
    withheld: tuple[str, ...]
    absent: tuple[str, ...]
    cached_at: int | None
    sealed: bytes | None
    problem: str | None
    time: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What the provider tells the ledger afterwards: the outcome of one slip.

    `withhold` carries ground and end of a withholding decided by the provider (番号法23条2項), else null.
    """

    tx: bytes
    outcome: Outcome
    reason: str | None
    withhold: Mark | None
    time: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """Exact bytes and the detached signature over them."""

    body: bytes
    jws: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """The scalars that open one row's blind; only the person's own desks may know them."""

    b: bytes = field(repr=False)
    r: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """The dates a question is about, ISO 8601; null means the answer of today, or no bound."""

    as_of: str | None = None
    since: str | None = None
    until: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """What a sealed box tells its receiver: the blinds, the conditions, and at acquisition the references."""

    openings: tuple[Opening, ...]
    conditions: Conditions
    references: tuple[str, ...] = field(default=(), repr=False)


class MalformedError(ValueError):
    """Bytes that are not one of the values above in its one spelling."""


class Codec[T]:
    """Reads and writes one wire type in its single byte form."""

    def __init__(self, kind: type[T], limit: int = 1 << 20) -> None:
        self._decoder = msgspec.json.Decoder(kind, strict=True)
        self._limit = limit

    def encode(self, value: T) -> bytes:
        """Give the one byte form of a value."""
        return _encoder.encode(value)

    def decode(self, data: bytes) -> T:
        """Read a value; raise `MalformedError` for anything but its one byte form."""
        if len(data) > self._limit:
            raise MalformedError("too long")
        try:
            value = self._decoder.decode(data)
            again = _encoder.encode(value)
        except (msgspec.MsgspecError, UnicodeError, RecursionError, ValueError) as error:
            raise MalformedError("not of the expected shape") from error
        if again != data:
            raise MalformedError("not in canonical form")
        if not composed(data):
            raise MalformedError("text is not in NFC")
        return value


def composed(data: bytes) -> bool:
    """Whether all text in these bytes is in NFC, so that one name has one spelling."""
    return data.isascii() or unicodedata.is_normalized("NFC", data.decode())


_encoder = msgspec.json.Encoder(order="sorted")
slip_codec = Codec(Slip, 256 * 1024)
stamp_codec = Codec(Stamp, 256 * 1024)
receipt_codec = Codec(Receipt)
answer_codec = Codec(Answer)
box_codec = Codec(Box)


def digest(data: bytes) -> bytes:
    """SHA-256, the name by which stamps, receipts and answers refer to a slip."""
    return hashlib.sha256(data).digest()


def commitment(slip: Slip, body: bytes) -> bytes:
    """SHA-256(salt ‖ slip): the one value that all logs of an exchange share."""
    return hashlib.sha256(slip.salt + body).digest()


def new_tx() -> bytes:
    """A fresh name for an exchange: 16 random bytes, used once."""
    return secrets.token_bytes(16)


def nonce_of(tx: bytes) -> str:
    """The form in which a tx stands in HTTP signatures and pages: hexadecimal."""
    return tx.hex()


def entry_of(slip: Slip, commit: bytes) -> bytes:
    """The log entry of an exchange: who asked whom under which row in which hour; no person."""
    return _encoder.encode(
        {
            "v": VERSION,
            "kind": slip.kind,
            "inquirer": slip.sender.institution,
            "provider": slip.to,
            "row": slip.basis.permission,
            "hour": slip.time // 3_600_000,
            "commit": commit,
        }
    )


def shape_problem(slip: Slip) -> Problem | None:
    """Say what is wrong with the lengths and bounds of a slip that could be read, if anything."""
    rows = len(slip.codes.rows)
    points = [slip.codes.d1, slip.codes.d2, slip.sealed.target]
    points += [part for row in slip.codes.rows for part in (row.x0, row.cb)]
    if slip.v != VERSION:
        fault = "unknown version"
    elif len(slip.tx) != 16 or len(slip.salt) != 16:
        fault = "tx and salt are 16 bytes"
    elif any(len(point) != 32 for point in points):
        fault = "group elements and digests are 32 bytes"
    elif not all(0 <= epoch < 1 << 32 for epoch in slip.codes.epochs):
        fault = "an epoch is a 32-bit number"
    elif not 1 <= rows <= (1 if slip.kind is Verb.INQUIRE else MAX_ROWS):
        fault = "number of persons out of bounds"
    elif not 0 < slip.expires - slip.time <= LIVE_SECONDS * 1000:
        fault = "a slip lives at most 60 seconds"
    elif any(len(text) > 256 or "\0" in text for text in _free_texts(slip)):
        fault = "a text is too long, or holds a character that cannot be kept"
    elif slip.mark is not None and not _is_day(slip.mark.until):
        fault = "a withholding ends on a day"
    elif slip.bulk is False:
        fault = "a question is marked as bulk or not at all"
    else:
        return None
    return Problem(ErrorType.MALFORMED, detail=f"slip: {fault}", detail_ja="照会票の形が正しくありません")


def _free_texts(slip: Slip) -> tuple[str, ...]:
    """The texts that neither the directory nor the law decides."""
    mark = (slip.mark.ground,) if slip.mark else ()
    return (slip.sender.office, slip.sender.operator, slip.case, *slip.items, *mark)


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
