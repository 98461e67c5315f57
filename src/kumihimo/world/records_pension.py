"""Fills the pension service's register: insured periods, premiums, pensions in payment."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from kumihimo.base import age_on, legal_age_reached
from kumihimo.world.records import Filing, Row, Tables, month_after, months_between, table
from kumihimo.world.residents import Insurance, Occupation, Person

type Span = tuple[int, date, date | None]  # category of insured person, since, until


def pension_tables(filing: Filing) -> Tables:
    """Everybody insured or pensioned, with periods, premiums of category 1, and pensions."""
    insured: list[Row] = []
    periods: list[Row] = []
    premiums: list[Row] = []
    pensions: list[Row] = []
    for person, number in zip(filing.known, filing.serials("basic", 10, len(filing.known)), strict=True):
        subject, spans = filing.subject(person), _spans(filing, person)
        insured.append((subject, number, _remuneration(filing, person)))
        periods += [
            (subject, category, since, until, months_between(since, until or filing.day))
            for category, since, until in spans
        ]
        if spans and spans[-1][0] == 1 and spans[-1][2] is None:
            premiums += _premiums(filing, person, subject, spans[-1][1])
        pensions += _pensions(person, subject)
    return {
        "pension.insured": table("subject basic_number remuneration", insured),
        "pension.period": table("subject category since until months", periods),
        "pension.premium": table("subject from_month to_month state", premiums),
        "pension.pension": table(
            "subject scheme kind grade decided_on first_month ended_on yearly", pensions
        ),
    }


def _employed(filing: Filing, person: Person) -> bool:
    return person.work.occupation is Occupation.EMPLOYEE and age_on(person.birth, filing.day) < 70


def _remuneration(filing: Filing, person: Person) -> int | None:
    """Standard monthly remuneration, in steps of 20,000 yen between the lowest and the highest grade."""
    if not _employed(filing, person):
        return None
    return min(650_000, max(88_000, person.work.salary // 12 // 20_000 * 20_000))


def _spans(filing: Filing, person: Person) -> list[Span]:
    """A person's insured periods, oldest first: category 2 at work, else 3 or 1 between 20 and 60."""
    twenty, sixty = legal_age_reached(person.birth, 20), legal_age_reached(person.birth, 60)
    begins = twenty if person.register is not None else max(twenty, filing.population.home(person).since)
    since, left = person.work.since, person.work.left_on
    spans: list[Span] = []
    if _employed(filing, person) and since is not None:
        if since > begins and begins < sixty:
            spans.append((_before(person), begins, min(since, sixty)))
        return [*spans, (2, since, None)]
    if left is not None and since is not None:
        spans = [(1, begins, since)] if since > begins else []
        return [*spans, (2, since, left), (1, left, None)] if left < sixty else [*spans, (2, since, left)]
    if sixty <= filing.day:
        return [(_before(person), begins, sixty)] if begins < sixty else []
    return [(_unemployed(person), begins, None)]


def _before(person: Person) -> int:
    return 2 if person.pension is not None and person.pension.earnings else 1


def _unemployed(person: Person) -> int:
    maintained = person.insurance is Insurance.DEPENDANT and person.insured_by == person.spouse
    return 3 if maintained else 1


def _premiums(filing: Filing, person: Person, subject: str, since: date) -> Iterable[Row]:
    """Premiums of category 1 for the last fiscal year and this one so far."""
    rng = filing.rng(f"premium/{person.index}")
    if filing.population.home(person).assisted_since is not None:
        state = "exempt-full"
    elif person.work.occupation is Occupation.STUDENT:
        state = "student"
    else:
        state = rng.choices(("paid", "unpaid", "exempt-half"), weights=(78, 14, 8))[0]
    for first, last in ((date(2025, 4, 1), date(2026, 3, 1)), (date(2026, 4, 1), date(2026, 9, 1))):
        begins = max(first, month_after(since, 0))
        if begins <= last:
            yield subject, begins, last, state


def _pensions(person: Person, subject: str) -> Iterable[Row]:
    pension = person.pension
    if pension is None:
        return
    first = month_after(pension.since)
    if pension.disability_grade is not None:
        grade = pension.disability_grade
        yield subject, "national", "disability-basic", grade, pension.since, first, None, pension.basic
        return
    yield subject, "national", "old-age-basic", None, pension.since, first, None, pension.basic
    if pension.earnings:
        yield subject, "employees", "old-age", None, pension.since, first, None, pension.earnings
