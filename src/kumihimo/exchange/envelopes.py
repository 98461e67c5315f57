"""What is handed over at each desk: the slip with the papers collected so far.

The envelopes are not signed themselves; the HTTP message that carries them is (RFC 9421), and every
paper inside carries its own detached signature.
"""

from dataclasses import dataclass, field

import msgspec

from kumihimo.base import ErrorType, Problem
from kumihimo.exchange.slip import Report, Signed


@dataclass(frozen=True, slots=True, kw_only=True)
class StampRequest:
    """At an operator's desk: the slip, and at the second operator also the first stamp."""

    slip: Signed
    first: Signed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """At the desk of ledger, provider or code receiver: the stamped slip and the box for it."""

    slip: Signed
    first: Signed
    second: Signed
    box: bytes = field(repr=False)
    receipt: Signed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerEnvelope:
    """From the provider: its signed answer and the items, sealed to the inquirer."""

    answer: Signed
    sealed: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reports:
    """From a provider to the ledger: outcomes of slips it has dealt with."""

    reports: tuple[Report, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One code that an institution asks numbering to have made, for a number it holds lawfully."""

    number: str = field(repr=False)
    reference: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AcquireRequest:
    """At numbering: the wanted codes, sealed to numbering, and the body that will hold them."""

    tx: bytes
    recipient: str
    affair: str
    sealed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedBox:
    """The sealed part of an `AcquireRequest`."""

    rows: tuple[Wanted, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Acquired:
    """From numbering: the stamped slip for the recipient, and the rows for which no person was found."""

    delivery: Delivery | None
    refused: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """From a code receiver: how many codes it now holds by this delivery."""

    codes: int


class Form[T]:
    """Reads and writes one envelope; what cannot be read is a `malformed` problem, never an exception."""

    def __init__(self, kind: type[T]) -> None:
        self._decoder = msgspec.json.Decoder(kind, strict=True)

    def read(self, data: bytes) -> T | Problem:
        """Give the envelope, or say that it is malformed."""
        try:
            return self._decoder.decode(data)
        except (msgspec.MsgspecError, UnicodeError, RecursionError, ValueError):
            return Problem(ErrorType.MALFORMED, detail="the message has not the expected form")

    def write(self, value: T) -> bytes:
        """Give the bytes of an envelope."""
        return msgspec.json.encode(value)


stamp_request = Form(StampRequest)
delivery_form = Form(Delivery)
signed_form = Form(Signed)
answer_form = Form(AnswerEnvelope)
reports_form = Form(Reports)
acquire_request = Form(AcquireRequest)
wanted_box = Form(WantedBox)
acquired_form = Form(Acquired)
taken_form = Form(Taken)
