"""Vectors of RFC 8452 C.2 (AES-256-GCM-SIV) open in a vault."""

import pytest

from kumihimo.messages import Vault

KEY, NONCE = bytes([1]) + bytes(31), bytes([3]) + bytes(11)


@pytest.mark.parametrize(
    ("plaintext", "sealed"),
    [
        ("", "07f5f4169bbf55a8400cd47ea6fd400f"),
        ("0100000000000000", "c2ef328e5c71c83b843122130f7364b761e0b97427e3df28"),
    ],
)
def test_a_record_sealed_by_the_standard_opens(plaintext, sealed):
    assert Vault(KEY).open(NONCE + bytes.fromhex(sealed), b"") == bytes.fromhex(plaintext)
