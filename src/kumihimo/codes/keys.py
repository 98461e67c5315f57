"""Keys of the conversion: an operator's domain keys, its published commitments, and pair blinds."""

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Literal

from kumihimo.base import Secret
from kumihimo.codes.group import (
    ONE,
    Element,
    Scalar,
    multiply_base,
    scalar_invert,
    scalar_multiply,
)
from kumihimo.codes.hashing import CTX, hash_to_scalar, lp
from kumihimo.codes.model import ROOT, Domain
from kumihimo.codes.proofs import check_possession, prove_possession

type OperatorNumber = Literal[1, 2]


@dataclass(frozen=True, slots=True)
class DomainKey:
    """One operator's key for one domain: s and its inverse (secret), S = s·G and its proof (published)."""

    domain: Domain
    scalar: Secret = field(repr=False)
    inverse: Secret = field(repr=False)
    commitment: Element
    possession: bytes


class OperatorKey:
    """The master key of one conversion operator (1 Digital Agency, 2 J-LIS), from which all others follow.

    Domain keys are derived once and kept in memory; they never leave the operator.
    """

    __slots__ = ("_domains", "_msk", "number")

    def __init__(self, number: OperatorNumber, msk: Secret | bytes) -> None:
        self.number: OperatorNumber = number
        self._msk = msk if isinstance(msk, Secret) else Secret(msk)
        if len(self._msk.reveal()) != 32:
            raise ValueError("an operator's master key is 32 bytes")
        self._domains: dict[Domain, DomainKey] = {}

    def __repr__(self) -> str:
        return f"OperatorKey({self.number}, ****)"

    def domain(self, domain: Domain) -> DomainKey:
        """This operator's key for the domain in that epoch; for ROOT the key is one."""
        known = self._domains.get(domain)
        if known is None:
            known = self._domains[domain] = self._derive(domain)
        return known

    def rotation(self, label: str, epoch_from: int) -> Scalar:
        """ρ = s_e+1 / s_e, handed to the institution alone when its domain moves to the next epoch.

        ρ joins the old and the new codes of one institution; both sides destroy it after use.
        """
        old, new = self.domain(Domain(label, epoch_from)), self.domain(Domain(label, epoch_from + 1))
        return scalar_multiply(new.scalar.reveal(), old.inverse.reveal())

    def _derive(self, domain: Domain) -> DomainKey:
        if domain.label == ROOT.label:
            if domain != ROOT:
                raise ValueError("the root domain has one epoch")
            s = ONE
        else:
            s = hash_to_scalar(hmac.digest(self._msk.reveal(), b"domain" + domain.encoded, "sha512"))
        commitment = multiply_base(s)
        possession = prove_possession(s, commitment, context=_possession_context(self.number, domain))
        return DomainKey(domain, Secret(s), Secret(scalar_invert(s)), commitment, possession)


def verify_possession(number: int, domain: Domain, commitment: bytes, possession: bytes) -> bool:
    """Whether operator `number` showed that it knows the key behind its commitment for this domain.

    Checked when the directory is read: it keeps an operator from publishing a commitment made out of
    somebody else's.
    """
    return check_possession(commitment, possession, context=_possession_context(number, domain))


def pair_blind(key: bytes, role: str, tx: bytes) -> Scalar:
    """The scalar that one institution and one operator share for one transaction and one direction."""
    return hash_to_scalar(hmac.digest(key, b"blind" + lp(role.encode()) + lp(tx), "sha512"))


def request_blind(key: bytes, number: int, tx: bytes) -> Scalar:
    """a_i: hides the inquirer's code from operator i's counterpart."""
    return pair_blind(key, f"req-op{number}", tx)


def receive_blind(key: bytes, number: int, tx: bytes) -> Scalar:
    """c_i: hides the receiver's code from everybody but the receiver."""
    return pair_blind(key, f"op{number}-rcv", tx)


def _possession_context(number: int, domain: Domain) -> bytes:
    # Hashed, because a domain separation tag holds 255 bytes and a label alone may take as many.
    return CTX + b"|possession|" + hashlib.sha256(domain.encoded + number.to_bytes(1)).digest()
