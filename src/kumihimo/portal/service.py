"""Mynaportal as disclosure system: show a person the record of who asked what about them.

The portal holds no number and no record. It holds its own code for each of its users, and asks the ledger
with a slip like everybody else; that look is on record as well (番号法附則6条3項).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from kumihimo.base import ErrorType, Problem
from kumihimo.exchange import DISCLOSE_RIGHT, OWN_RECORDS, Gateway, Outcome, Question, problem_of
from kumihimo.ledger import Line


@dataclass(frozen=True, slots=True)
class Portal:
    """The disclosure system over its own gateway."""

    gateway: Gateway

    async def records(self, user: str) -> Sequence[Line] | Problem:
        """The exchanges about this user, newest first, as the ledger shows them to their person."""
        directory = self.gateway.institution.directory.current
        given = await self.gateway.inquirer.inquire(
            Question(
                subject=user,
                to=directory.service("ledger").id,
                permission=DISCLOSE_RIGHT,
                information=OWN_RECORDS,
                items=("records",),
                office="マイナポータル",
            )
        )
        if isinstance(given, Problem):
            return given
        if given.answer.outcome is not Outcome.PROVIDED or given.items is None:
            return problem_of(given.answer) or Problem(ErrorType.UNKNOWN)
        return msgspec.convert(given.items["records"], tuple[Line, ...])
