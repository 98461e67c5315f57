"""An institution's signature key: Ed25519 (RFC 8032), by libsodium.

libsodium refuses keys of small order and every second spelling of a signature, so a signature that
verifies here has one form only.
"""

import secrets
from dataclasses import dataclass, field
from typing import NoReturn, Self, final

from nacl import bindings
from nacl.exceptions import BadSignatureError

from kumihimo.base import Secret
from kumihimo.messages import base64url

KEY_BYTES = 32
SIGNATURE_BYTES = 64


@dataclass(frozen=True, slots=True)
class VerifyKey:
    """The public half of an institution's signature key (32 bytes), as the directory publishes it."""

    raw: bytes

    def __post_init__(self) -> None:
        if len(self.raw) != KEY_BYTES:
            raise ValueError("a public signature key is 32 bytes")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the base64url form; ValueError for anything else."""
        raw = base64url.decode(text)
        if raw is None:
            raise ValueError("a public signature key is written in base64url")
        return cls(raw)

    @property
    def text(self) -> str:
        """The base64url form (43 characters)."""
        return base64url.encode(self.raw)

    def __repr__(self) -> str:
        return f"VerifyKey({self.text})"

    def verify(self, signature: bytes, message: bytes) -> bool:
        """Whether the owner of this key signed exactly this message; False for any other bytes."""
        if len(signature) != SIGNATURE_BYTES:
            return False
        try:
            bindings.crypto_sign_open(signature + message, self.raw)
        except BadSignatureError:
            return False
        return True


@final
@dataclass(frozen=True, slots=True, eq=False)
class SigningKey:
    """The secret half of an institution's signature key; printed, it shows its public half only."""

    verify_key: VerifyKey
    _pair: bytes = field(repr=False)

    @classmethod
    def generate(cls) -> Self:
        """A fresh key."""
        return cls.from_seed(secrets.token_bytes(KEY_BYTES))

    @classmethod
    def from_seed(cls, seed: bytes) -> Self:
        """The key of a stored seed (32 bytes, else ValueError)."""
        if len(seed) != KEY_BYTES:
            raise ValueError("a signature seed is 32 bytes")
        public, pair = bindings.crypto_sign_seed_keypair(seed)
        return cls(VerifyKey(public), pair)

    @property
    def seed(self) -> Secret:
        """The seed from which this key can be made again."""
        return Secret(self._pair[:KEY_BYTES])

    def sign(self, message: bytes) -> bytes:
        """The signature of a message (64 bytes, the same each time)."""
        return bindings.crypto_sign(message, self._pair)[:SIGNATURE_BYTES]

    def __reduce__(self) -> NoReturn:
        raise TypeError("a signature key is not pickled")
