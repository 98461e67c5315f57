"""Proofs that one secret scalar joins several pairs of elements (RFC 9497 §2.2), and that a key is held.

A proof is 64 bytes: challenge c ‖ response s. The RFC's transcript does not contain the base `a`, which
is always G there; wherever the base varies it must be bound through `context`, as `conversion` does.
"""

import hashlib
import hmac
from collections.abc import Sequence

from kumihimo.codes.group import (
    Element,
    InvalidElement,
    InvalidScalar,
    Scalar,
    add,
    multiply,
    multiply_base,
    public_scalar,
    random_scalar,
    scalar_multiply,
    scalar_subtract,
)
from kumihimo.codes.hashing import CTX, hash_to_scalar, lp

_LP32 = b"\x00\x20"  # the length in front of an element in every transcript


def generate_proof(
    k: bytes,
    a: bytes,
    b: bytes,
    c: Sequence[bytes],
    d: Sequence[bytes],
    *,
    context: bytes = CTX,
    nonce: bytes | None = None,
) -> bytes:
    """Prove b = k·a and d[i] = k·c[i] for every row without showing k (RFC 9497 §2.2.1); 64 bytes.

    `nonce` is fixed only to reproduce vectors. Raises InvalidElement on a bad element.
    """
    r = random_scalar() if nonce is None else nonce
    return _prove(k, r, multiply(r, a), b=b, c=c, d=d, context=context)


def generate_proof_at(
    k: bytes,
    base_inverse: bytes,
    b: bytes,
    c: Sequence[bytes],
    d: Sequence[bytes],
    *,
    context: bytes,
    nonce: bytes | None = None,
) -> bytes:
    """The proof of `generate_proof` by someone who knows the base: a = base_inverse^-1 · G.

    With r = nonce · base_inverse the commitment r·a is nonce·G, one cheap multiplication; r is as
    uniform as the nonce.
    """
    n = random_scalar() if nonce is None else nonce
    r = scalar_multiply(n, base_inverse)
    return _prove(k, r, multiply_base(n), b=b, c=c, d=d, context=context)


def verify_proof(
    a: bytes, b: bytes, c: Sequence[bytes], d: Sequence[bytes], proof: bytes, *, context: bytes = CTX
) -> bool:
    """Whether `proof` shows that one k gives b = k·a and d[i] = k·c[i] for every row (RFC 9497 §2.2.2).

    Every element must be valid and not the identity, both scalars canonical and not zero.
    """
    if len(proof) != 64 or not c or len(c) != len(d):
        return False
    try:
        challenge, s = public_scalar(proof[:32]), public_scalar(proof[32:])
        weights = _weights(b, c, d, context)
        m, z = _sum(weights, c), _sum(weights, d)
        t2 = add(multiply(s, a), multiply(challenge, b))
        t3 = add(multiply(s, m), multiply(challenge, z))
    except (InvalidElement, InvalidScalar):
        return False
    return hmac.compare_digest(challenge, _challenge(b, m, z, t2, t3, context=context))


def prove_possession(k: bytes, commitment: bytes, *, context: bytes) -> bytes:
    """Show that whoever publishes commitment = k·G knows k (Schnorr, same encoding); 64 bytes."""
    r = random_scalar()
    c = _possession_challenge(commitment, multiply_base(r), context)
    return c + scalar_subtract(r, scalar_multiply(c, k))


def check_possession(commitment: bytes, proof: bytes, *, context: bytes) -> bool:
    """Whether `proof` shows that its maker knew the discrete logarithm of `commitment`."""
    if len(proof) != 64:
        return False
    try:
        c, s = public_scalar(proof[:32]), public_scalar(proof[32:])
        t = add(multiply_base(s), multiply(c, commitment))
    except (InvalidElement, InvalidScalar):
        return False
    return hmac.compare_digest(c, _possession_challenge(commitment, t, context))


def _prove(
    k: bytes, r: bytes, t2: bytes, *, b: bytes, c: Sequence[bytes], d: Sequence[bytes], context: bytes
) -> bytes:
    if not c or len(c) != len(d):
        raise ValueError("one d for every c, and at least one")
    m = _sum(_weights(b, c, d, context), c)
    challenge = _challenge(b, m, multiply(k, m), t2, multiply(r, m), context=context)
    return challenge + scalar_subtract(r, scalar_multiply(challenge, k))


def _weights(b: bytes, c: Sequence[bytes], d: Sequence[bytes], context: bytes) -> list[Scalar]:
    seed = hashlib.sha512(_LP32 + b + lp(b"Seed-" + context)).digest()
    head = lp(seed)
    return [
        hash_to_scalar(head + i.to_bytes(2) + _LP32 + ci + _LP32 + di + b"Composite", context)
        for i, (ci, di) in enumerate(zip(c, d, strict=True))
    ]


def _sum(weights: Sequence[bytes], elements: Sequence[bytes]) -> Element:
    total = multiply(weights[0], elements[0])
    for weight, part in zip(weights[1:], elements[1:], strict=True):
        total = add(total, multiply(weight, part))
    return total


def _challenge(*transcript: bytes, context: bytes) -> Scalar:
    return hash_to_scalar(_LP32 + _LP32.join(transcript) + b"Challenge", context)


def _possession_challenge(commitment: bytes, t: bytes, context: bytes) -> Scalar:
    return hash_to_scalar(_LP32 + commitment + _LP32 + t + b"Possession", context)
