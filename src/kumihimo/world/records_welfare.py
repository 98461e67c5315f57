"""Fills a municipality's welfare records: child allowance, child rearing allowance, public assistance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from kumihimo.base import fiscal_year_end_after
from kumihimo.municipality import child_allowance
from kumihimo.world.places import YONAGUNI
from kumihimo.world.records import Filing, Row, Tables, month_after, month_of, table
from kumihimo.world.records_municipality import Assessments, code_of, lives_here
from kumihimo.world.residents import Household, Person, Sex

_REFORM = date(2024, 10, 1)
_DECIDED_UNTIL = date(2029, 3, 1)  # shares change only with age, so they are decided ahead
_FULL, _SECOND = 46_690, 11_030  # 児童扶養手当 a month, from 2024-11


def child_allowance_tables(filing: Filing) -> Tables:
    """Claims of the parent who maintains the household, and each child's share from month to month."""
    claims: list[Row] = []
    shares: list[Row] = []
    for home in filing.homes():
        claimant = claimant_of(filing, home)
        if claimant is None:
            continue
        claim, first, last = _claim(filing, home, claimant)
        if first <= last:
            claims.append(claim)
            shares += _shares(filing, claimant, first, last)
    return {
        "municipality.child_allowance": table(
            "subject certified_on first_month ended_on ended_reason", claims
        ),
        "municipality.child_allowance_share": table(
            "subject name birth position amount first_month last_month", shares
        ),
    }


def claimant_of(filing: Filing, home: Household) -> Person | None:
    """The parent with the higher income among parents of a child up to 18 (児童手当法4条3項)."""
    population = filing.population
    family = [population.persons[index] for index in home.members]
    parents = [
        person
        for person in family
        if any(_covered(child, filing.day) for child in population.children(person))
    ]
    return max(parents, key=lambda p: (p.work.salary + p.work.business, -p.index), default=None)


def _covered(child: Person, day: date) -> bool:
    return day <= fiscal_year_end_after(child.birth, 18)


def _claim(filing: Filing, home: Household, claimant: Person) -> tuple[Row, date, date]:
    """The claim's row, and the first and last month decided (first after last: no claim here)."""
    eldest = min(child.birth for child in filing.population.children(claimant))
    subject = filing.subject(claimant)
    if lives_here(filing, home):
        start = max(home.since, eldest)
        first = month_after(start)
        certified = min(start + timedelta(days=9), filing.day)
        return (subject, certified, first, None, None), max(first, _REFORM), _DECIDED_UNTIL
    assert home.move is not None
    start = max(home.move.day - timedelta(days=1500), eldest)
    first, last = month_after(start), month_of(home.move.day)
    row = (subject, start + timedelta(days=9), first, home.move.day, "moved-out")
    return row, max(first, _REFORM), last


def _shares(filing: Filing, claimant: Person, first: date, last: date) -> Iterable[Row]:
    """What is decided per child, months with the same amount drawn together."""
    children = filing.population.children(claimant)
    births = [child.birth for child in children]
    names = {child.birth: child.name for child in children}
    running: dict[date, tuple[int, int, date]] = {}
    month = first
    while month <= month_after(last):
        decided = {} if month > last else {share.birth: share for share in child_allowance(births, month)}
        for birth, (order, amount, begun) in list(running.items()):
            share = decided.get(birth)
            if share is None or (share.order, share.amount) != (order, amount):
                del running[birth]
                ends = month_after(month, -1)
                yield filing.subject(claimant), names[birth], birth, order, amount, begun, ends
        for birth, share in decided.items():
            running.setdefault(birth, (share.order, share.amount, month))
        month = month_after(month)


def rearing_tables(filing: Filing, taxes: Assessments) -> Tables:
    """Child rearing allowance of single parents, paid by cities; a town's is the prefecture's affair."""
    parents = [] if code_of(filing) == YONAGUNI else _single_parents(filing)
    claims: list[Row] = []
    children: list[Row] = []
    for person, number in zip(parents, filing.serials("rearing", 8, len(parents)), strict=True):
        assert person.register is not None
        assert person.register.divorced_on is not None
        home = filing.population.home(person)
        certified = min(max(person.register.divorced_on, home.since) + timedelta(days=20), filing.day)
        young = [kid for kid in filing.population.children(person) if _covered(kid, filing.day)]
        tax = taxes[2026].get(person.index)
        monthly, partial = rearing_amount(tax.incomes.total if tax else 0, len(young))
        claimant = "mother" if person.sex is Sex.FEMALE else "father"
        subject, first = filing.subject(person), month_after(certified)
        claims.append((subject, number, certified, first, None, "divorce", claimant, monthly, partial, 2026))
        for kid in young:
            until = month_of(fiscal_year_end_after(kid.birth, 18))
            disabled = kid.disability is not None and kid.disability.grade <= 2
            children.append((subject, kid.name, kid.birth, disabled, until))
    columns = (
        "subject certificate certified_on first_month last_month reason claimant monthly partial income_year"
    )
    return {
        "municipality.child_rearing_allowance": table(columns, claims),
        "municipality.child_rearing_child": table("subject name birth disabled until", children),
    }


def _single_parents(filing: Filing) -> list[Person]:
    return [
        person
        for person in filing.known
        if person.register is not None
        and person.register.divorced_on is not None
        and lives_here(filing, filing.population.home(person))
        and any(_covered(child, filing.day) for child in filing.population.children(person))
    ]


def rearing_amount(income: int, children: int) -> tuple[int, bool]:
    """Child rearing allowance a month in yen, and whether it is partial (児童扶養手当法施行令2条の4)."""
    full = _FULL + _SECOND * (children - 1)
    if income <= 690_000 + 380_000 * (children - 1):
        return full, False
    ceiling = 2_080_000 + 380_000 * (children - 1)
    if income >= ceiling:
        return 0, False
    return max(11_010, full * (ceiling - income) // ceiling // 10 * 10), True


def assistance_tables(filing: Filing) -> Tables:
    """Cases of public assistance of the city's welfare filing, one per household."""
    homes = [home for home in filing.homes() if home.assisted_since is not None and lives_here(filing, home)]
    cases: list[Row] = []
    members: list[Row] = []
    aids: list[Row] = []
    for home, number in zip(homes, filing.serials("case", 8, len(homes)), strict=True):
        assert home.assisted_since is not None
        persons = [filing.population.persons[index] for index in home.members]
        earned = sum(person.work.salary + person.work.business for person in persons) // 12
        counted = max(0, earned - 15_000) // 10 * 10
        since = home.assisted_since
        cases.append((number, since - timedelta(days=14), since, None, None, counted))
        members += [
            (filing.subject(person), number, place, person.name, person.relation, True)
            for place, person in enumerate(persons, 1)
        ]
        aids += [(number, aid, amount) for aid, amount in _aids(filing, persons, counted)]
    return {
        "municipality.assistance_case": table(
            "case_number applied_on started_on ended_on ended_reason income_counted", cases
        ),
        "municipality.assistance_member": table("subject case_number place name relation receives", members),
        "municipality.assistance_aid": table("case_number aid monthly", aids),
    }


def _aids(filing: Filing, persons: Sequence[Person], counted: int) -> Iterable[tuple[str, int]]:
    """Kinds of aid (生活保護法11条) and their monthly amounts, by the size of the household."""
    yield "livelihood", max(0, 74_000 + 38_000 * (len(persons) - 1) - counted)
    yield "housing", 53_700 if len(persons) == 1 else 64_000
    yield "medical", 24_000 * len(persons)
    pupils = sum(6 <= filing.age(person) < 15 for person in persons)
    if pupils:
        yield "education", 3_400 * pupils
