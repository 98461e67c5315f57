"""Sealed boxes: what only the addressed institution may read (HPKE, RFC 9180, base mode, one message a box).

A public box key is written as one byte for the KEM, then the key:

    01 ‖ X25519 (32)                           DHKEM(X25519, HKDF-SHA256)
    02 ‖ ML-KEM-768 (1184) ‖ X25519 (32)       MLKEM768-X25519, also safe against a later quantum computer

Both with HKDF-SHA256 and AES-256-GCM. A box is the encapsulated key, then the ciphertext. `info` says
what the box is for, `aad` to which exchange it belongs; HPKE's own info is u32(|info|) ‖ info ‖ aad, and
its aad is empty, which for one message a box binds both just as firmly.
"""

import hashlib
import secrets
from enum import IntEnum
from typing import NoReturn, Self, final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from kumihimo.base import ErrorType, Problem, Secret

SEED_BYTES = 32
_ML_KEM_SEED_BYTES = 64
_ML_KEM_PUBLIC_BYTES = 1184
_X25519_BYTES = 32

type _Public = X25519PublicKey | hpke.MLKEM768X25519PublicKey
type _Private = X25519PrivateKey | hpke.MLKEM768X25519PrivateKey


class Kem(IntEnum):
    """How a box key agrees on its secret; the number is the first byte of the public key. Append only."""

    X25519 = 1
    ML_KEM_768_X25519 = 2


_SUITES = {
    Kem.X25519: hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM),
    Kem.ML_KEM_768_X25519: hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM),
}
_PUBLIC_BYTES = {
    Kem.X25519: 1 + _X25519_BYTES,
    Kem.ML_KEM_768_X25519: 1 + _ML_KEM_PUBLIC_BYTES + _X25519_BYTES,
}


def seal(public: bytes, plaintext: bytes, *, info: bytes, aad: bytes = b"") -> bytes:
    """Seal to the institution whose public box key this is.

    The box is longer than the plaintext by 48 bytes, or 1136 with ML-KEM. ValueError if `public` is not a
    box key; the directory says whose key is whose.
    """
    kem, key = _public(public)
    return _SUITES[kem].encrypt(plaintext, key, _binding(info, aad))


@final
class BoxKey:
    """The secret box key of an institution; printed, it shows which KEM it is for and nothing else."""

    __slots__ = ("_kem", "_private", "_seed", "public")

    public: bytes
    """What others seal to; the directory publishes it."""

    def __init__(self, seed: Secret, kem: Kem) -> None:
        self._seed, self._kem = seed, kem
        self._private, self.public = _pair(seed.reveal(), kem)

    @classmethod
    def generate(cls, kem: Kem = Kem.X25519) -> Self:
        """A fresh key."""
        return cls.from_seed(secrets.token_bytes(SEED_BYTES), kem)

    @classmethod
    def from_seed(cls, seed: bytes, kem: Kem = Kem.X25519) -> Self:
        """The key of a stored seed (32 bytes, else ValueError)."""
        if len(seed) != SEED_BYTES:
            raise ValueError("a box seed is 32 bytes")
        return cls(Secret(seed), kem)

    @property
    def seed(self) -> Secret:
        """The seed from which this key can be made again."""
        return self._seed

    def open(self, sealed: bytes, *, info: bytes, aad: bytes = b"") -> bytes | Problem:
        """The plaintext; malformed if the box was sealed to another, for another purpose, or was changed."""
        try:
            return _SUITES[self._kem].decrypt(sealed, self._private, _binding(info, aad))
        except (InvalidTag, ValueError):
            return Problem(
                ErrorType.MALFORMED,
                detail="the sealed box does not open with this key for this exchange",
                detail_ja="封緘された内容を開封できません",
            )

    def __repr__(self) -> str:
        return f"BoxKey({self._kem.name}, ****)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a box key is not pickled")


def _binding(info: bytes, aad: bytes) -> bytes:
    return len(info).to_bytes(4) + info + aad


def _public(encoded: bytes) -> tuple[Kem, _Public]:
    kem = Kem(encoded[0]) if encoded and encoded[0] in Kem else None
    if kem is None or len(encoded) != _PUBLIC_BYTES[kem]:
        raise ValueError("not a public box key")
    x25519 = X25519PublicKey.from_public_bytes(encoded[-_X25519_BYTES:])
    if kem is Kem.X25519:
        return kem, x25519
    ml_kem = MLKEM768PublicKey.from_public_bytes(encoded[1:-_X25519_BYTES])
    return kem, hpke.MLKEM768X25519PublicKey(ml_kem, x25519)


def _pair(seed: bytes, kem: Kem) -> tuple[_Private, bytes]:
    """The key and its public form; both parts of the hybrid come from one seed, as X-Wing derives them."""
    if kem is Kem.X25519:
        x25519 = X25519PrivateKey.from_private_bytes(seed)
        return x25519, bytes([kem]) + x25519.public_key().public_bytes_raw()
    long = hashlib.shake_256(seed).digest(_ML_KEM_SEED_BYTES + _X25519_BYTES)
    ml_kem = MLKEM768PrivateKey.from_seed_bytes(long[:_ML_KEM_SEED_BYTES])
    x25519 = X25519PrivateKey.from_private_bytes(long[_ML_KEM_SEED_BYTES:])
    public = ml_kem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()
    return hpke.MLKEM768X25519PrivateKey(ml_kem, x25519), bytes([kem]) + public
