"""Showing a person their own records at a municipality's counter (番号法31条, 個人情報保護法76条).

The clerk checks who stands there, chooses the means by which, and asks the ledger with a slip of the
municipality under a right of its own. The look stands on the person's record, with this counter's name; what
was shown is kept in the clerk's visit until the paper is handed over, and nowhere else.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import msgspec

from kumihimo.base import ErrorType, Problem
from kumihimo.exchange import COUNTER_RIGHT, OWN_RECORDS, Gateway, Outcome, Question, problem_of
from kumihimo.ledger import Correction, Line
from kumihimo.ledger.reading import Story, stories
from kumihimo.node.pages import Words


class Means(StrEnum):
    """By what a clerk has checked who stands at the counter; it is written on the signed slip."""

    LICENCE = "licence"
    PASSPORT = "passport"
    CERTIFICATE = "certificate"
    TWO_PAPERS = "two-papers"


MEANS: dict[Means, Words] = {
    Means.LICENCE: Words("運転免許証", "Driving licence"),
    Means.PASSPORT: Words("パスポート", "Passport"),
    Means.CERTIFICATE: Words(
        "障害者手帳・在留カードなど写真つきの証明書", "Another certificate with a photo"
    ),
    Means.TWO_PAPERS: Words("資格確認書と年金手帳など、書類二点", "Two papers without a photo"),
}
"""The means in the order of the form."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What was shown to one person at the counter: the paper's content."""

    subject: str = field(repr=False)
    name: str = field(repr=False)
    means: Means
    tx: str
    at: datetime
    stories: tuple[Story, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Counter:
    """The counter of a municipality, over its gateway."""

    gateway: Gateway

    async def show(
        self, subject: str, name: str, means: Means, *, office: str, clerk: str
    ) -> Shown | Problem:
        """Ask the ledger for the records of the person who stands here; this look is on their record.

        `subject` is the municipality's own number of the person, `clerk` the reference of who serves them.
        """
        institution = self.gateway.institution
        given = await self.gateway.inquirer.inquire(
            Question(
                subject=subject,
                to=institution.directory.current.service("ledger").id,
                permission=COUNTER_RIGHT,
                information=OWN_RECORDS,
                items=("records", "corrections"),
                office=office,
                operator=clerk,
                case=f"counter/{means.value}",
            )
        )
        if isinstance(given, Problem):
            return given
        if given.answer.outcome is not Outcome.PROVIDED or given.items is None:
            return problem_of(given.answer) or Problem(ErrorType.UNKNOWN)
        told = stories(
            msgspec.convert(given.items.get("records", ()), tuple[Line, ...]),
            msgspec.convert(given.items.get("corrections", ()), tuple[Correction, ...]),
        )
        return Shown(subject, name, means, given.tx, institution.clock(), told)
