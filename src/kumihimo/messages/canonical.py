"""The one byte form of a document: what is signed, hashed and kept is always these exact bytes.

A profile of RFC 8785 (JCS) in which nothing is left to interpretation:

1. objects, arrays, strings, integers, true, false, null; no fractions, no exponents;
2. integers within ±(2^53 - 1), so that every JSON reader sees the same number;
3. keys in ASCII, sorted, none twice;
4. text in Unicode NFC: the whole encoded text is, so no base letter and mark stand apart;
5. no value inside more than 16 objects and arrays;
6. exactly the bytes RFC 8785 gives for the value: no space, the shortest escapes, UTF-8 without mark.
"""

import unicodedata
from enum import StrEnum
from typing import NoReturn

import msgspec

MAX_BYTES = 1 << 20
"""How long a document may be unless the caller says otherwise (1 MiB)."""
MAX_DEPTH = 16
"""In how many objects and arrays a value may stand."""
MAX_INTEGER = (1 << 53) - 1
"""The largest integer, and negated the smallest (RFC 7493 §2.2)."""


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


def _refuse_fraction(spelling: str) -> NoReturn:
    """Stop at the first fraction or exponent: a megabyte of them takes seconds to convert."""
    raise ValueError(Fault.NUMBER)


_encoder = msgspec.json.Encoder(order="sorted")
_decoder = msgspec.json.Decoder(float_hook=_refuse_fraction)


def encode(value: object) -> bytes:
    """Write a document in its one byte form; Malformed if it has none.

    Takes dict, list, tuple (written as a list), str, int, bool and None, nothing else: bytes and dates are
    spelled as text by who knows how.
    """
    try:
        _check(value)
    except TypeError as error:
        raise Malformed(Fault.KEY) from error
    try:
        data = _encoder.encode(value)
    except UnicodeEncodeError as error:
        raise Malformed(Fault.TEXT) from error
    except TypeError as error:  # a subclass of str that is not an enum
        raise Malformed(Fault.KIND) from error
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
    except msgspec.ValidationError as error:  # of the hook, or of an integer too long to convert
        raise Malformed(Fault.NUMBER) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed(Fault.SYNTAX) from error
    _check(value)
    if _encoder.encode(value) != data:
        raise Malformed(Fault.SPELLING)
    _check_text(data)
    return value


def _check(document: object) -> None:
    """Refuse what is outside rules 1, 2, 3 and 5, going down level by level; TypeError for a key not text."""
    level: list[object] = [document]
    for _ in range(MAX_DEPTH + 1):
        inner: list[object] = []
        for value in level:
            if type(value) is str:  # first, because most of a document is text
                continue
            if isinstance(value, dict):
                if not "".join(value).isascii():
                    raise Malformed(Fault.KEY)
                inner += value.values()
            elif isinstance(value, list):
                inner += value
            elif isinstance(value, int):
                if not -MAX_INTEGER <= value <= MAX_INTEGER:
                    raise Malformed(Fault.NUMBER)
            elif isinstance(value, tuple):
                inner += value
            elif value is not None and not isinstance(value, str):
                raise Malformed(Fault.NUMBER if isinstance(value, float) else Fault.KIND)
        if not inner:
            return
        level = inner
    raise Malformed(Fault.DEPTH)


def _check_text(data: bytes) -> None:
    r"""Rule 4, asked of the whole text at once.

    Every string stands between quotation marks, which combine with nothing, so text in NFC has only
    strings in NFC. Beyond that, a mark right behind the letter of an escape such as `\n` is refused.
    """
    if not data.isascii() and not unicodedata.is_normalized("NFC", data.decode()):
        raise Malformed(Fault.TEXT)
