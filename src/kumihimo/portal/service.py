"""Mynaportal as disclosure system: show a person the record of who asked what about them.

The portal holds no number and no record. It holds its own code for each of its users, and asks the ledger
with a slip like everybody else; that look is on record as well (番号法附則6条3項). What a person says is
wrong goes to the ledger as a request for correction (番号法31条), its text sealed to those who can judge it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from kumihimo.base import ErrorType, Problem
from kumihimo.exchange import (
    CORRECTION_BOX,
    DISCLOSE_RIGHT,
    MOST_CHARACTERS,
    OWN_RECORDS,
    PATIENCE_SECONDS,
    CorrectionRequest,
    Gateway,
    Given,
    Outcome,
    Question,
    SealedText,
    Wrong,
    correction_request,
    new_tx,
    problem_of,
    visit,
)
from kumihimo.ledger import Correction, Entry, Line, slip_of_file
from kumihimo.messages import boxes


@dataclass(frozen=True, slots=True)
class Disclosed:
    """What the ledger showed in one look: `tx` names the look, which is itself on record."""

    tx: str
    lines: Sequence[Line] = field(repr=False)
    corrections: Sequence[Correction] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Complaint:
    """What a person says is wrong with a record they saw in the look `disclosure`."""

    name: bytes
    disclosure: str
    record: Entry
    wrong: Wrong
    text: str = field(repr=False)
    time: int


@dataclass(frozen=True, slots=True)
class Portal:
    """The disclosure system over its own gateway."""

    gateway: Gateway

    async def records(self, user: str) -> Disclosed | Problem:
        """The exchanges about this user, and their requests for correction, as the ledger shows them."""
        given = await self._ask(user, "records", "corrections")
        if isinstance(given, Problem):
            return given
        items = given.items or {}
        return Disclosed(
            tx=given.tx,
            lines=msgspec.convert(items.get("records", ()), tuple[Line, ...]),
            corrections=msgspec.convert(items.get("corrections", ()), tuple[Correction, ...]),
        )

    async def file(self, user: str) -> bytes | Problem:
        """The person's file with its proof; a look of its own, and on record.

        Refused with `proof-invalid` if the look that made it is not the one the portal just sent: then it may
        be about somebody else.
        """
        given = await self._ask(user, "proof")
        if isinstance(given, Problem):
            return given
        text = (given.items or {}).get("proof")
        if not isinstance(text, str):
            return Problem(ErrorType.PROVIDER_UNAVAILABLE)
        file = text.encode()
        if slip_of_file(file) != given.answer.slip:
            return Problem(
                ErrorType.PROOF_INVALID,
                detail="the ledger's file was not made by this look",
                detail_ja="台帳のファイルは、今回の閲覧によるものではありません",
            )
        return file

    async def correct(self, complaint: Complaint) -> Problem | None:
        """Bring a request for correction to the ledger; brought again, it is the same request."""
        institution, record = self.gateway.institution, complaint.record
        if not 0 < len(complaint.text) <= MOST_CHARACTERS:
            return Problem(ErrorType.TOO_LARGE, detail=f"at most {MOST_CHARACTERS} characters")
        directory = institution.directory.current
        holders = [directory.entries.get(one) for one in (record.inquirer, record.provider)]
        body = correction_request.write(
            CorrectionRequest(
                id=complaint.name,
                disclosure=bytes.fromhex(complaint.disclosure),
                record=bytes.fromhex(record.tx),
                wrong=complaint.wrong,
                time=complaint.time,
                texts=tuple(
                    SealedText(
                        holder=one.id,
                        box=boxes.seal(
                            one.box_public, complaint.text.encode(), info=CORRECTION_BOX, aad=complaint.name
                        ),
                    )
                    for one in holders
                    if one is not None
                ),
            )
        )
        ledger = directory.service("ledger").id
        answer = await visit(institution, ledger, "correction", body, new_tx(), PATIENCE_SECONDS)
        return answer if isinstance(answer, Problem) else None

    async def _ask(self, user: str, *items: str) -> Given | Problem:
        given = await self.gateway.inquirer.inquire(
            Question(
                subject=user,
                to=self.gateway.institution.directory.current.service("ledger").id,
                permission=DISCLOSE_RIGHT,
                information=OWN_RECORDS,
                items=items,
                office="マイナポータル",
            )
        )
        if isinstance(given, Problem):
            return given
        if given.answer.outcome is not Outcome.PROVIDED or given.items is None:
            return problem_of(given.answer) or Problem(ErrorType.UNKNOWN)
        return given
