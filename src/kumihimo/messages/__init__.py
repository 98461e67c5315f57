"""How institutions write to one another: one byte form, signatures, signed HTTP, sealed boxes. No I/O."""

from kumihimo.messages import boxes, canonical, http, jws
from kumihimo.messages.boxes import BoxKey, Kem
from kumihimo.messages.canonical import Fault, Malformed
from kumihimo.messages.http import Verified
from kumihimo.messages.keys import SigningKey, VerifyKey
from kumihimo.messages.vault import Vault

__all__ = [
    "BoxKey",
    "Fault",
    "Kem",
    "Malformed",
    "SigningKey",
    "Vault",
    "Verified",
    "VerifyKey",
    "boxes",
    "canonical",
    "http",
    "jws",
]
