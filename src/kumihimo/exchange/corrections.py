"""A person says that a record of exchange is wrong: what travels between those who hold it (番号法31条).

The portal asks the ledger; the ledger tells all who hold the record: inquirer, provider and both operators.
What the person wrote is sealed to inquirer and provider; neither ledger nor operators can read it.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from kumihimo.exchange.envelopes import Form

CORRECTION_BOX = b"kumihimo/box/correction/1"
MOST_CHARACTERS = 1000
MOST_BOX = 8192


class Wrong(StrEnum):
    """What a person says is wrong with a record."""

    NOT_MINE = "not-mine"
    NO_SUCH_PROCEDURE = "no-such-procedure"
    DETAILS = "details"
    OTHER = "other"


class Role(StrEnum):
    """As what an institution holds a record."""

    INQUIRER = "inquirer"
    PROVIDER = "provider"
    OPERATOR = "operator"


class Decision(StrEnum):
    """What a holder decided."""

    CORRECTED = "corrected"
    NOT_CORRECTED = "not-corrected"


class Ground(StrEnum):
    """Why a holder decided so; a closed set, so that nothing about a person travels with it."""

    RECORD_WAS_WRONG = "record-was-wrong"
    RECORD_IS_RIGHT = "record-is-right"
    CANNOT_TELL = "cannot-tell"
    LAW_SAYS_OTHERWISE = "law-says-otherwise"


GROUNDS = {
    Decision.CORRECTED: (Ground.RECORD_WAS_WRONG,),
    Decision.NOT_CORRECTED: (Ground.RECORD_IS_RIGHT, Ground.CANNOT_TELL, Ground.LAW_SAYS_OTHERWISE),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedText:
    """What the person wrote, for one holder only."""

    holder: str
    box: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionRequest:
    """From the disclosure system: in this disclosure the person saw this record and says it is wrong.

    `id` is 16 random bytes; brought again, it is the same request. `time` is in Unix milliseconds.
    """

    id: bytes
    disclosure: bytes
    record: bytes
    wrong: Wrong
    time: int
    texts: tuple[SealedText, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionNotice:
    """From the ledger to a holder: this record is said to be wrong; no person, no label."""

    id: bytes
    record: bytes
    role: Role
    wrong: Wrong
    time: int
    box: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged:
    """A holder keeps the notice; `held` says whether it has the record in its own books."""

    held: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionVerdict:
    """From a holder to the ledger: what it decided on a request."""

    id: bytes
    decision: Decision
    ground: Ground
    time: int


correction_request = Form(CorrectionRequest)
correction_notice = Form(CorrectionNotice)
correction_acknowledged = Form(Acknowledged)
correction_verdict = Form(CorrectionVerdict)
