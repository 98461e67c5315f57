"""The one byte form of a document: what is signed, hashed and kept is always these exact bytes.

A profile of RFC 8785 (JCS) in which nothing is left to interpretation:

1. objects, arrays, strings, integers, true, false, null; no fractions, no exponents;
2. integers within ±(2^53 - 1), so that every JSON reader sees the same number;
3. keys in ASCII, sorted, none twice;
4. text in Unicode NFC: the whole encoded text is, so no base letter and mark stand apart;
5. at most 16 objects and arrays inside one another;
6. exactly the bytes RFC 8785 gives for the value: no space, the shortest escapes, UTF-8 without mark.
"""

import unicodedata
from collections.abc import Iterable
from enum import StrEnum

import msgspec

MAX_BYTES = 1 << 20
"""How long a document may be unless the caller says otherwise (1 MiB)."""
MAX_DEPTH = 16
"""How many objects and arrays may stand inside one another."""
MAX_INTEGER = (1 << 53) - 1
"""The largest integer, and negated the smallest (RFC 7493 §2.2)."""

_encoder = msgspec.json.Encoder(order="sorted")
_decoder = msgspec.json.Decoder()


class Fault(StrEnum):
    """In which way bytes or a value are outside the one byte form."""

    SIZE = "longer than allowed"
    SYNTAX = "not JSON in UTF-8"
    SPELLING = "not in canonical form"
    DEPTH = "nested too deeply"
    NUMBER = "a number that is not an integer within ±(2^53 - 1)"
    KEY = "a key that is not ASCII text"
    TEXT = "text that is not Unicode NFC"
    KIND = "a value that has no place in JSON"


class Malformed(ValueError):  # noqa: N818 - the name of the refusal on the wire
    """Bytes or a value that are not a document in its one byte form; `fault` says in which way.

    The message names the rule, never the content.
    """

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.value)
        self.fault = fault


def encode(value: object) -> bytes:
    """Write a document in its one byte form; Malformed if it has none.

    Takes dict, list, tuple (written as a list), str, int, bool and None, nothing else: bytes and dates are
    spelled as text by who knows how.
    """
    _check(value, MAX_DEPTH)
    try:
        data = _encoder.encode(value)
    except UnicodeEncodeError as error:
        raise Malformed(Fault.TEXT) from error
    _check_text(data)
    return data


def decode(data: bytes, limit: int = MAX_BYTES) -> object:
    """Read a document; Malformed for every byte string that `encode` would not have written."""
    if len(data) > limit:
        raise Malformed(Fault.SIZE)
    try:
        value: object = _decoder.decode(data)
    except RecursionError as error:
        raise Malformed(Fault.DEPTH) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed(Fault.SYNTAX) from error
    _check(value, MAX_DEPTH)
    if _encoder.encode(value) != data:
        raise Malformed(Fault.SPELLING)
    _check_text(data)
    return value


def _check(value: object, room: int) -> None:
    """Refuse what is outside rules 1, 2, 3 and 5; `room` is how many levels may still be opened.

    Text is passed over where it stands: most of a document is text, and a call for each piece of it
    would cost more than all the rest.
    """
    if isinstance(value, dict):
        if not all(type(key) is str and key.isascii() for key in value):
            raise Malformed(Fault.KEY)
        _check_each(value.values(), room)
    elif isinstance(value, list | tuple):
        _check_each(value, room)
    elif isinstance(value, int):
        if not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise Malformed(Fault.NUMBER)
    elif isinstance(value, float):
        raise Malformed(Fault.NUMBER)
    elif not (value is None or isinstance(value, str)):
        raise Malformed(Fault.KIND)


def _check_each(values: Iterable[object], room: int) -> None:
    if not room:
        raise Malformed(Fault.DEPTH)
    for value in values:
        if type(value) is not str:
            _check(value, room - 1)


def _check_text(data: bytes) -> None:
    """Rule 4, asked of the whole text at once.

    Every string stands between quotation marks, which combine with nothing, so text in NFC has only
    strings in NFC.
    """
    if not data.isascii() and not unicodedata.is_normalized("NFC", data.decode()):
        raise Malformed(Fault.TEXT)
