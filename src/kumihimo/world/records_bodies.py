"""Fills the registers of bodies: benefit accounts, health insurance, employment insurance."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from random import Random

from kumihimo.base import legal_age_reached
from kumihimo.world.records import Filing, Row, Tables, table, treatments
from kumihimo.world.records_municipality import copayment
from kumihimo.world.residents import Insurance, Occupation, Person, Sex

_CHILDBIRTH_LUMP_SUM = 500_000  # 出産育児一時金, since 2023-04


def account_tables(filing: Filing) -> Tables:
    """The register of benefit accounts: one own account of each who registered one."""
    rows = [
        (
            filing.subject(person),
            person.account.bank_code,
            person.account.bank,
            person.account.branch_code,
            person.account.branch,
            "ordinary",
            person.account.number,
            person.account.holder_kana,
            person.account.registered,
        )
        for person in filing.known
        if person.account is not None
    ]
    columns = (
        "subject bank_code bank_name branch_code branch_name account_kind account_number holder_name_kana "
        "registered_on"
    )
    return {"accounts.benefit_account": table(columns, rows)}


def health_tables(filing: Filing) -> Tables:
    """The health insurance association: employees, dependants under the employee's number, benefits."""
    payers = [person for person in filing.known if person.insurance is Insurance.ASSOCIATION]
    numbers = dict(
        zip((payer.index for payer in payers), filing.serials("insured", 7, len(payers)), strict=True)
    )
    maintained: dict[int, list[Person]] = {payer.index: [] for payer in payers}
    for person in filing.known:
        if person.insured_by is not None:
            maintained[person.insured_by].append(person)
    insured: list[Row] = []
    dependants: list[Row] = []
    for payer in payers:
        insured.append(_insured(filing, payer, payer, f"{numbers[payer.index]}-00"))
        for place, person in enumerate(maintained[payer.index], 1):
            insured.append(_insured(filing, payer, person, f"{numbers[payer.index]}-{place:02d}"))
            certified = _acquired(payer, person)
            relation = _relation(payer, person)
            dependants.append((filing.subject(payer), place, person.name, relation, certified, None))
    shares = {person.index: copayment(filing.age(person)) for person in filing.known}
    return {
        "health.insured": table(
            "subject symbol serial dependant acquired_on lost_on copayment fiscal_year premium", insured
        ),
        "health.dependant": table("subject place name relation certified_on removed_on", dependants),
        "health.treatment": table(
            "subject month insurer_paid patient_paid high_cost", treatments(filing, filing.known, shares)
        ),
        "health.sickness_allowance": table("subject since until daily paid_on", _sickness(filing, payers)),
        "health.childbirth": table("subject born_on amount paid_on", _childbirth(filing)),
    }


def _acquired(payer: Person, person: Person) -> date:
    since = payer.work.since or payer.birth
    return max(since, person.birth, date(2008, 10, 1))  # the association began that day


def _insured(filing: Filing, payer: Person, person: Person, serial: str) -> Row:
    own = payer is person
    premium = max(10_000, payer.work.salary * 5 // 100) if own else None
    symbol = f"{90000000 + Random(payer.work.employer or '').randrange(10**6):08d}"  # noqa: S311 - no secret
    share = copayment(filing.age(person))
    return (
        filing.subject(person),
        symbol,
        serial,
        not own,
        _acquired(payer, person),
        None,
        share,
        2026,
        premium,
    )


def _relation(payer: Person, person: Person) -> str:
    if person.index == payer.spouse:
        return "妻" if person.sex is Sex.FEMALE else "夫"
    if payer.index in (person.father, person.mother):
        return "子"
    return "母" if person.sex is Sex.FEMALE else "父"


def _sickness(filing: Filing, payers: Iterable[Person]) -> Iterable[Row]:
    for payer in payers:
        rng = filing.rng(f"sickness/{payer.index}")
        if rng.random() < 0.02:
            since = filing.day - timedelta(days=rng.randint(90, 300))
            until = since + timedelta(days=rng.randint(10, 60))
            daily = max(1_000, payer.work.salary // 12 // 30 * 2 // 3)
            yield filing.subject(payer), since, until, daily, until + timedelta(days=25)


def _childbirth(filing: Filing) -> Iterable[Row]:
    persons = filing.population.persons
    known = {person.index for person in filing.known}
    for child in persons:
        if child.mother in known and child.birth > filing.day - timedelta(days=500):
            mother = persons[child.mother] if child.mother is not None else child
            paid = child.birth + timedelta(days=40)
            yield filing.subject(mother), child.birth, _CHILDBIRTH_LUMP_SUM, paid


def labour_tables(filing: Filing) -> Tables:
    """The labour bureau: insured employment, basic allowances of jobseekers, childcare leave."""
    insured: list[Row] = []
    basic: list[Row] = []
    leave: list[Row] = []
    numbers = filing.serials("employment", 11, len(filing.known))
    for person, number in zip(filing.known, numbers, strict=True):
        rng, work = filing.rng(f"employment/{person.index}"), person.work
        subject, since = filing.subject(person), work.since or legal_age_reached(person.birth, 18)
        reason = (
            rng.choice(("own-reasons", "own-reasons", "contract-end", "dismissal")) if work.left_on else None
        )
        insured.append((subject, number, work.employer, since, work.left_on, reason))
        if work.left_on is not None:
            qualified = work.left_on + timedelta(days=14)
            waits = qualified + timedelta(days=37) if reason == "own-reasons" else None
            daily = min(8_000, max(2_300, work.salary * 10 // 6 // 365 * 6 // 10))
            basic.append((subject, qualified, waits, daily, rng.choice((90, 120, 150))))
        leave += _leave(filing, person, subject)
    return {
        "labour.insured": table("subject number employer acquired_on lost_on reason", insured),
        "labour.basic_allowance": table("subject qualified_on restricted_until daily days", basic),
        "labour.childcare_leave": table("subject since until monthly", leave),
    }


def _leave(filing: Filing, person: Person, subject: str) -> Iterable[Row]:
    """Leave of employed mothers from the end of maternity leave to the first birthday."""
    if person.sex is not Sex.FEMALE or person.work.occupation is not Occupation.EMPLOYEE:
        return
    for child in filing.population.children(person):
        begins = child.birth + timedelta(days=57)
        ends = child.birth + timedelta(days=364)
        if begins <= filing.day and ends > filing.day - timedelta(days=200):
            yield subject, begins, ends, max(30_000, person.work.salary // 12 * 6 // 10)
