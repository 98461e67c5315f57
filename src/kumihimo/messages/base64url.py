"""Bytes as text in URLs and headers: base64url without padding, one text for each byte string."""

import binascii

_TO_URL, _FROM_URL = bytes.maketrans(b"+/", b"-_"), bytes.maketrans(b"-_", b"+/")


def encode(data: bytes) -> str:
    """The base64url text of bytes, without padding (RFC 7515 §2)."""
    return binascii.b2a_base64(data, newline=False).rstrip(b"=").translate(_TO_URL).decode()


def decode(text: str) -> bytes | None:
    """The bytes of a text that `encode` would have written, or None for any other text."""
    if not text.isascii():
        return None
    try:
        data = binascii.a2b_base64(text.encode().translate(_FROM_URL) + b"=" * (-len(text) % 4))
    except binascii.Error:
        return None
    return data if encode(data) == text else None
