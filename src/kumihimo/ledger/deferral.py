"""Withheld by law (不開示, 番号法23条2項): the terms of a withholding, and the set of all that run. Pure.

What is withheld is not in its person's chain. It stands in one set for all persons, behind a salted leaf:
how many there are everybody may read, what they are only the commission and auditors. On the day a
withholding ends, or when the commission ends it, the event is appended to its person's chain as `released`.

The end that was claimed never changes. The ledger keeps to the earlier of that end and a maximum (data:
option `withholding_days`, by default one year) until the commission has approved the longer one.
"""

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

import msgspec

from kumihimo.log import root_of

MAXIMUM_DAYS = 365
SALT_BYTES = 16

_encoder = msgspec.json.Encoder(order="sorted")


class Approval(StrEnum):
    """What the commission said of a withholding; REFUSED ends it."""

    NONE = "none"
    APPROVED = "approved"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Terms:
    """A claim to withhold: until which day (it shows itself on that day), on which ground, by whom."""

    until: date
    ground: str
    by: str

    def holds(self, day: date) -> bool:
        """Whether anything is withheld on this day."""
        return day < self.until


@dataclass(frozen=True, slots=True)
class Deferred:
    """One withheld event as it enters the set."""

    tx: bytes
    x_index: int
    commit: bytes
    terms: Terms
    due: date
    salt: bytes = field(repr=False)

    @classmethod
    def of(
        cls, tx: bytes, x_index: int, commit: bytes, terms: Terms, *, today: date, maximum: int
    ) -> "Deferred":
        """Take an event into the set; it is due at the claimed end, at the latest `maximum` days from now."""
        due = min(terms.until, today + timedelta(days=maximum))
        return cls(tx, x_index, commit, terms, due, secrets.token_bytes(SALT_BYTES))

    @property
    def leaf(self) -> bytes:
        """What stands for it in the set."""
        return deferral_leaf(
            self.salt,
            commit=self.commit.hex(),
            until=self.terms.until.isoformat(),
            ground=self.terms.ground,
            by=self.terms.by,
        )


def deferral_leaf(salt: bytes, *, commit: str, until: str, ground: str, by: str) -> bytes:
    """SHA-256(0x05 ‖ salt ‖ canonical JSON): the leaf of a withheld event; `salt` is 16 random bytes."""
    terms = _encoder.encode({"commit": commit, "until": until, "ground": ground, "by": by})
    return hashlib.sha256(b"\x05" + salt + terms).digest()


def deferral_root(leaves: Iterable[bytes]) -> bytes:
    """The root over the set: RFC 6962's MTH over its leaves sorted by their bytes, each as an entry."""
    return root_of(sorted(leaves))
