"""What the ledger keeps of each event for the sampled audit: papers and opening, sealed, for some hours."""

from dataclasses import dataclass, field

import msgspec

from kumihimo.base import Problem
from kumihimo.exchange import Signed
from kumihimo.messages import Vault


@dataclass(frozen=True, slots=True)
class Material:
    """Slip and stamps of one event, and the scalars b, r (32 bytes each) that open the person's blind.

    With them and k_L the ledger shows an auditor that a label belongs to the person of the event. They
    name nobody by themselves, but b turns a blinded element into one, so the whole is sealed at rest.
    """

    slip: Signed
    first: Signed
    second: Signed
    b: bytes = field(repr=False)
    r: bytes = field(repr=False)


_decoder = msgspec.msgpack.Decoder(Material)


def seal_material(vault: Vault, tx: bytes, material: Material) -> bytes:
    """The bytes for `ledger.evidence.sealed` of the event tx."""
    return vault.seal(msgspec.msgpack.encode(material), _context(tx))


def open_material(vault: Vault, tx: bytes, sealed: bytes) -> Material | Problem:
    """The material of the event tx; unknown (a fault of our own) when it does not open."""
    plain = vault.open(sealed, _context(tx))
    return plain if isinstance(plain, Problem) else _decoder.decode(plain)


def _context(tx: bytes) -> bytes:
    return b"evidence" + tx
