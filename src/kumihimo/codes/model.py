"""The values of the blind conversion: domains, codes, and what travels between the parties."""

import hmac
from dataclasses import dataclass, field
from typing import Self, final

from kumihimo.codes.group import Element, Scalar, element
from kumihimo.codes.hashing import hash_to_group, lp


@dataclass(frozen=True, slots=True)
class Domain:
    """A sphere in which one code stands for one person, and the generation (epoch) of its keys.

    Labels: `jp/muni/<6 digits>`, `jp/<body>`, `jp/ledger`, `rp/<sector>`. Raises ValueError.
    """

    label: str
    epoch: int
    encoded: bytes = field(init=False, repr=False, compare=False)
    """lp(label) ‖ u32(epoch), as every transcript names a domain."""

    def __post_init__(self) -> None:
        if not self.label or not self.label.isascii() or len(self.label) > 255:
            raise ValueError("a label is 1 to 255 ASCII characters")
        if not 0 <= self.epoch < 2**32:
            raise ValueError("an epoch is a 32-bit number")
        object.__setattr__(self, "encoded", lp(self.label.encode()) + self.epoch.to_bytes(4))


ROOT = Domain("root", 0)
"""The domain of person elements, known to numbering alone; its key is one, its commitment G."""


@final
@dataclass(frozen=True, slots=True, repr=False, eq=False)
class InstitutionCode:
    """The code (情報提供用個人識別符号) by which one institution knows one person: a 32-byte element.

    Meaningless to every other institution. Shown masked; compared in constant time. `parse` is for
    bytes from outside; the constructor trusts what this institution stored. 番号法21条の2.
    """

    element: bytes

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """A code from bytes somebody sent; raises InvalidElement."""
        return cls(element(data))

    def __repr__(self) -> str:
        return "InstitutionCode(****)"

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, InstitutionCode) and hmac.compare_digest(self.element, other.element)

    def __hash__(self) -> int:
        return hash((InstitutionCode, self.element))


def person_element(rho: bytes) -> InstitutionCode:
    """M_u: the person in the root domain, from the 32 random bytes that numbering holds for the person.

    Changing a person's 個人番号 or 住民票コード changes nothing here; destroying rho erases the person.
    """
    if len(rho) != 32:
        raise ValueError("rho is 32 bytes")
    return InstitutionCode(hash_to_group(b"person" + lp(rho)))


@dataclass(frozen=True, slots=True)
class RequestRow:
    """One person of a request: x0 and cb stand in the slip, b and r go sealed to the receivers."""

    x0: Element
    cb: Element
    b: Scalar = field(repr=False)
    r: Scalar = field(repr=False)


@dataclass(frozen=True, slots=True)
class Request:
    """What the inquirer puts into its slip: one base per operator, one row per person, in order."""

    d1: Element
    d2: Element
    rows: tuple[RequestRow, ...]


@dataclass(frozen=True, slots=True)
class Conversion:
    """One operator's step toward one target: the converted rows and one proof (64 bytes) for all."""

    xs: tuple[bytes, ...]
    proof: bytes
