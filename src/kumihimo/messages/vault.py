"""Data at rest: what an institution keeps about a person is sealed under a key of its own."""

import secrets
from typing import NoReturn, final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

from kumihimo.base import ErrorType, Problem

KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16


@final
class Vault:
    """Seals and opens stored records: AES-256-GCM-SIV (RFC 8452), a random nonce of 12 bytes in front.

    `context` says what a record is and whose (table, row); a record put in another's place does not open.
    GCM-SIV, because two records that happen to draw the same nonce must not give each other away.
    """

    __slots__ = ("_cipher",)

    def __init__(self, key: bytes) -> None:
        """Take the vault's key (32 bytes, else ValueError)."""
        if len(key) != KEY_BYTES:
            raise ValueError("a vault key is 32 bytes")
        self._cipher = AESGCMSIV(key)

    def seal(self, plaintext: bytes, context: bytes) -> bytes:
        """The sealed record: 28 bytes longer than the plaintext."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plaintext, context)

    def open(self, sealed: bytes, context: bytes) -> bytes | Problem:
        """The plaintext; unknown (a fault of our own) if key, context or bytes are not the sealed ones."""
        if len(sealed) >= NONCE_BYTES + TAG_BYTES:
            try:
                return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], context)
            except InvalidTag:
                pass
        return Problem(
            ErrorType.UNKNOWN,
            detail="a stored record does not open",
            detail_ja="保管された記録を開封できません",
        )

    def __repr__(self) -> str:
        return "Vault(****)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a vault is not pickled")
