"""Hashing into the group and its scalars (RFC 9497 §4.1: expand_message_xmd of RFC 9380 with SHA-512)."""

import hashlib

from kumihimo.codes.group import Element, Scalar, from_uniform, reduce

CTX = b"KUMIHIMO-FUGO-1-ristretto255-SHA512"

_PADDED = hashlib.sha512(bytes(128))  # Z_pad, the same in front of every message
_LENGTH_AND_ZERO = b"\x00\x40\x00"  # I2OSP(64, 2) and I2OSP(0, 1)


def lp(value: bytes) -> bytes:
    """`value` behind its own length in two bytes, so that joined values cannot run into each other."""
    return len(value).to_bytes(2) + value


def expand(message: bytes, tag: bytes) -> bytes:
    """64 uniform bytes for `message` under the domain separation tag (RFC 9380 §5.3.1), at most 255 bytes."""
    tag_prime = tag + len(tag).to_bytes(1)
    first = _PADDED.copy()
    first.update(message + _LENGTH_AND_ZERO + tag_prime)
    return hashlib.sha512(first.digest() + b"\x01" + tag_prime).digest()


def hash_to_group(data: bytes, context: bytes = CTX) -> Element:
    """The group element that belongs to `data` in this context; nobody knows its discrete logarithm."""
    return from_uniform(expand(data, b"HashToGroup-" + context))


def hash_to_scalar(data: bytes, context: bytes = CTX) -> Scalar:
    """The scalar that belongs to `data` in this context."""
    return reduce(expand(data, b"HashToScalar-" + context))
