"""Several messages of one institution to another in one signed message: one signature for all of them.

Whoever is busy asks the same desk about many people at the same moment. Each message still carries its own
papers, signed by whoever wrote them, and gets its own answer; what is shared is the HTTP message around them.
The form is MessagePack (`application/msgpack`), posted to `x/bundle`.
"""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from kumihimo.base import ErrorType, Problem

PATH = "bundle"
MSGPACK = "application/msgpack"
MOST = 5
"""Messages in one bundle: few enough that one node works on some while another works on the others."""
SMALL = 32 * 1024
"""Bytes of a message that may travel with others; a larger one goes alone."""


class Part(NamedTuple):
    """One message of a bundle: the path below `x/`, its transaction, and its body."""

    path: str
    nonce: str
    body: bytes


class PartAnswer(NamedTuple):
    """The answer to one message of a bundle."""

    status: int
    content_type: str
    body: bytes


_encoder = msgspec.msgpack.Encoder()
_parts = msgspec.msgpack.Decoder(list[Part])
_answers = msgspec.msgpack.Decoder(list[PartAnswer])


def write_bundle(rows: Sequence[Part] | Sequence[PartAnswer]) -> bytes:
    """The bytes of a bundle or of its answers."""
    return _encoder.encode(rows)


def read_parts(body: bytes) -> Sequence[Part] | Problem:
    """The messages of a bundle: 1 to 5, none of them a bundle itself; else `malformed`."""
    try:
        parts = _parts.decode(body)
    except msgspec.MsgspecError:
        return _MALFORMED
    return parts if 0 < len(parts) <= MOST and all(part.path != PATH for part in parts) else _MALFORMED


def read_answers(body: bytes, count: int) -> Sequence[PartAnswer] | Problem:
    """The answers to a bundle of so many messages, in their order; else `malformed`."""
    try:
        answers = _answers.decode(body)
    except msgspec.MsgspecError:
        return _MALFORMED
    return answers if len(answers) == count else _MALFORMED


_MALFORMED = Problem(
    ErrorType.MALFORMED, detail="not a bundle of messages", detail_ja="束の形式が正しくありません"
)
