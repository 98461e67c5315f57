"""What numbering keeps of a person: the number, the resident code it came from, and the random ρ."""

import hmac
from dataclasses import dataclass, field

import msgspec


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbered:
    """One numbered person. `rho` (32 random bytes) is the root of all their institution codes."""

    number: str = field(repr=False)
    resident_code: str = field(repr=False)
    rho: bytes = field(repr=False)


def number_index(key: bytes, digits: str) -> bytes:
    """The keyed index of a number: without the key, the 10^11 possible numbers cannot be tried."""
    return hmac.digest(key, b"number" + digits.encode("ascii"), "sha256")


_decoder = msgspec.json.Decoder(Numbered)


def encode(person: Numbered) -> bytes:
    """The stored form, before sealing."""
    return msgspec.json.encode(person)


def decode(data: bytes) -> Numbered:
    """Read the stored form."""
    return _decoder.decode(data)
