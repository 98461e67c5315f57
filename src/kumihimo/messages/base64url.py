"""Bytes as text in URLs and headers: base64url without padding, one text for each byte string."""

import base64
import binascii


def encode(data: bytes) -> str:
    """The base64url text of bytes, without padding (RFC 7515 §2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes | None:
    """The bytes of a text that `encode` would have written, or None for any other text."""
    if not text.isascii():
        return None
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        return None
    return data if encode(data) == text else None
