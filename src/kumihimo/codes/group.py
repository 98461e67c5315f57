"""The group ristretto255 (RFC 9496) and its scalars, as libsodium computes them.

Elements and scalars are 32 bytes in their canonical encoding; scalars are little-endian modulo the
group order q (ORDER). Every function checks lengths, because libsodium reads 32 bytes wherever it is
pointed at, and the highest bit of an element, because libsodium 1.0.18 overlooks it (that would be a
second encoding of every element, the identity included). Secret scalars are handled in constant time.
"""

import ctypes
import hmac
from collections.abc import Sequence
from typing import NewType

from kumihimo.codes._sodium import load

Element = NewType("Element", bytes)
Scalar = NewType("Scalar", bytes)

ORDER = 2**252 + 27742317777372353535851937790883648493
IDENTITY = Element(bytes(32))
ONE = Scalar(b"\x01" + bytes(31))
_ZERO = bytes(32)

SODIUM = load()
"""libsodium's bare functions, for measuring what the checks around them cost."""
_multiply, _multiply_base, _add = SODIUM.multiply, SODIUM.multiply_base, SODIUM.add
_scalar_multiply, _scalar_reduce = SODIUM.scalar_multiply, SODIUM.scalar_reduce
_Output = ctypes.c_char * 32  # one per call: a shared buffer would mix up threads

LIBRARY = f"libsodium {SODIUM.version} ({SODIUM.origin})"


class InvalidElement(ValueError):  # noqa: N818 - named by what is wrong
    """These bytes are no usable group element: wrong length, wrong encoding, or the identity."""


class InvalidScalar(ValueError):  # noqa: N818 - named by what is wrong
    """These bytes are no usable scalar: wrong length, not reduced modulo q, or zero."""


def is_element(data: bytes) -> bool:
    """Whether `data` is the canonical encoding of a group element other than the identity."""
    return len(data) == 32 and data[31] < 128 and data != IDENTITY and SODIUM.is_valid(data) == 1


def element(data: bytes) -> Element:
    """`data` as a group element; raises InvalidElement (RFC 9496 §4.3.1, and never the identity)."""
    if not is_element(data):
        raise InvalidElement("not a group element")
    return Element(data)


def scalar(data: bytes) -> Scalar:
    """`data` as a scalar in [1, q); raises InvalidScalar. Takes the same time for every value."""
    if len(data) != 32:
        raise InvalidScalar("a scalar has 32 bytes")
    canonical = hmac.compare_digest(reduce(data + _ZERO), data)
    if not canonical or hmac.compare_digest(data, _ZERO):
        raise InvalidScalar("not a scalar in [1, q)")
    return Scalar(data)


def public_scalar(data: bytes) -> Scalar:
    """Like `scalar`, faster, for values that everybody may see, such as those of a proof."""
    if len(data) != 32 or not 0 < int.from_bytes(data, "little") < ORDER:
        raise InvalidScalar("not a scalar in [1, q)")
    return Scalar(data)


def multiply(k: bytes, p: bytes) -> Element:
    """k · p; raises InvalidElement where p is no element or the result is the identity."""
    if len(k) != 32 or len(p) != 32 or p[31] > 127:
        raise InvalidElement("not 32 bytes each in canonical encoding")
    out = _Output()
    if _multiply(out, k, p):
        raise InvalidElement("not a group element, or the identity")
    return Element(out.raw)


def multiply_base(k: bytes) -> Element:
    """k · G, at less than half the cost of `multiply`; raises InvalidElement for k = 0."""
    if len(k) != 32:
        raise InvalidElement("32 bytes")
    out = _Output()
    if _multiply_base(out, k):
        raise InvalidElement("the identity")
    return Element(out.raw)


def add(p: bytes, q: bytes) -> Element:
    """p + q (the identity is a possible result); raises InvalidElement where either is no element."""
    if len(p) != 32 or len(q) != 32 or (p[31] | q[31]) > 127:
        raise InvalidElement("not 32 bytes each in canonical encoding")
    out = _Output()
    if _add(out, p, q):
        raise InvalidElement("not a group element")
    return Element(out.raw)


def subtract(p: bytes, q: bytes) -> Element:
    """p - q (the identity is a possible result); raises InvalidElement where either is no element."""
    if len(p) != 32 or len(q) != 32 or (p[31] | q[31]) > 127:
        raise InvalidElement("not 32 bytes each in canonical encoding")
    out = _Output()
    if SODIUM.subtract(out, p, q):
        raise InvalidElement("not a group element")
    return Element(out.raw)


def from_uniform(data: bytes) -> Element:
    """The element that 64 uniform bytes select (RFC 9496 §4.3.4)."""
    if len(data) != 64:
        raise ValueError("64 bytes")
    out = _Output()
    SODIUM.from_hash(out, data)
    return Element(out.raw)


def reduce(data: bytes) -> Scalar:
    """64 bytes, little-endian, modulo q."""
    if len(data) != 64:
        raise ValueError("64 bytes")
    out = _Output()
    _scalar_reduce(out, data)
    return Scalar(out.raw)


def scalar_multiply(a: bytes, b: bytes) -> Scalar:
    """a · b mod q."""
    if len(a) != 32 or len(b) != 32:
        raise InvalidScalar("32 bytes each")
    out = _Output()
    _scalar_multiply(out, a, b)
    return Scalar(out.raw)


def scalar_subtract(a: bytes, b: bytes) -> Scalar:
    """a - b mod q."""
    if len(a) != 32 or len(b) != 32:
        raise InvalidScalar("32 bytes each")
    out = _Output()
    SODIUM.scalar_subtract(out, a, b)
    return Scalar(out.raw)


def scalar_invert(a: bytes) -> Scalar:
    """a^-1 mod q in constant time; raises InvalidScalar for zero."""
    if len(a) != 32:
        raise InvalidScalar("32 bytes")
    out = _Output()
    if SODIUM.scalar_invert(out, a):
        raise InvalidScalar("zero has no inverse")
    return Scalar(out.raw)


def scalar_invert_all(scalars: Sequence[bytes]) -> list[Scalar]:
    """The inverse of each scalar, for the price of one inversion (Montgomery); raises InvalidScalar."""
    products = [ONE]
    for a in scalars:
        products.append(scalar_multiply(products[-1], a))
    rest = scalar_invert(products.pop())
    inverses: list[Scalar] = []
    for a in reversed(scalars):
        inverses.append(scalar_multiply(rest, products.pop()))
        rest = scalar_multiply(rest, a)
    inverses.reverse()
    return inverses


def random_scalar() -> Scalar:
    """A fresh uniform scalar in [1, q) from the operating system's generator."""
    out = _Output()
    SODIUM.scalar_random(out)
    return Scalar(out.raw)


GENERATOR = multiply_base(ONE)
