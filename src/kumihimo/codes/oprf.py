"""The oblivious functions of RFC 9497 (OPRF and VOPRF, suite ristretto255-SHA512), for any context.

The institution codes use this suite's hashing and proofs; the whole functions are here so that the
RFC's own vectors judge them. Evaluation is `group.multiply`; its proof is `proofs.generate_proof`.
"""

import hashlib
from enum import IntEnum

from kumihimo.codes.group import (
    Element,
    Scalar,
    multiply,
    multiply_base,
    random_scalar,
    reduce,
    scalar_invert,
)
from kumihimo.codes.hashing import expand, hash_to_group, lp


class Mode(IntEnum):
    """Which function of RFC 9497 §3.1: without or with a proof of the key."""

    OPRF = 0
    VOPRF = 1

    @property
    def context(self) -> bytes:
        """RFC 9497's own context string for this mode."""
        return b"OPRFV1-" + self.to_bytes(1) + b"-ristretto255-SHA512"


def derive_key_pair(seed: bytes, info: bytes, context: bytes) -> tuple[Scalar, Element]:
    """The key pair that a 32-byte seed determines (RFC 9497 §3.2.1)."""
    secret = reduce(expand(seed + lp(info) + b"\x00", b"DeriveKeyPair" + context))
    return secret, multiply_base(secret)


def blind(data: bytes, context: bytes, scalar: bytes | None = None) -> tuple[Scalar, Element]:
    """The client's first step (§3.3.1): the blinding scalar it keeps and the element it sends."""
    b = random_scalar() if scalar is None else Scalar(scalar)
    return b, multiply(b, hash_to_group(data, context))


def finalize(data: bytes, blinding: bytes, evaluated: bytes) -> bytes:
    """The client's last step (§3.3.1): the 64-byte output, from the evaluated element."""
    unblinded = multiply(scalar_invert(blinding), evaluated)
    return hashlib.sha512(lp(data) + lp(unblinded) + b"Finalize").digest()
