"""The residence tax of synthetic residents: who assesses them for a fiscal year, and on which facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from kumihimo.base import age_on
from kumihimo.municipality import BASIC_DEDUCTION, Levy, TaxFacts, assess, pension_income, salary_income
from kumihimo.world.places import BY_CODE, OSAKA
from kumihimo.world.residents import Certificate, Household, Person, Population, Sex

FISCAL_YEARS = (2025, 2026)
_MAINTAINED_LIMIT = {2025: 480_000, 2026: 580_000}  # total income of a dependant, 地方税法292条1項
_UNDECLARED_EACH = 11  # of those without income whom nobody maintains, every so many has not filed
_DISABILITY = {"ordinary": 260_000, "special": 300_000}
_BEREFT = {"widow": 260_000, "single-parent": 300_000}


class Incomes(NamedTuple):
    """What one person earned in a calendar year: receipts and, after their deductions, incomes (yen)."""

    salary_receipts: int
    salary: int
    pension_receipts: int
    pension: int
    business: int

    @property
    def total(self) -> int:
        """合計所得金額."""
        return self.salary + self.pension + self.business


@dataclass(frozen=True, slots=True)
class Assessment:
    """One person's residence tax of one fiscal year, with the figures it rests on (yen)."""

    fiscal_year: int
    municipality: str
    incomes: Incomes
    deductions: Mapping[str, int]
    dependants: int
    dependants_under_16: int
    has_spouse_deduction: bool
    disability: str
    bereft: str
    is_dependant: bool
    levy: Levy


def taxed_by(home: Household, fiscal_year: int) -> str:
    """The municipality of residence on 1 January, which alone levies the tax (地方税法318条)."""
    if home.move is not None and home.move.day > date(fiscal_year, 1, 1):
        return home.move.municipality
    return home.municipality


def assess_household(population: Population, home: Household, fiscal_year: int) -> dict[int, Assessment]:
    """Assess every adult of a household for a fiscal year, by index; children file nothing."""
    new_year = date(fiscal_year, 1, 1)
    family = [person for index in home.members if (person := population.persons[index]).birth < new_year]
    incomes = {person.index: _incomes(person, fiscal_year) for person in family}
    keepers = {person.index: _keeper(person, family, incomes, fiscal_year) for person in family}
    found: dict[int, Assessment] = {}
    for person in family:
        if age_on(person.birth, new_year) >= 18:
            kept = [other for other in family if keepers[other.index] == person.index]
            maintained = keepers[person.index] is not None
            found[person.index] = _assess(home, fiscal_year, person, incomes[person.index], kept, maintained)
    return found


def _incomes(person: Person, fiscal_year: int) -> Incomes:
    last_day = date(fiscal_year - 1, 12, 31)
    old_age = person.pension is not None and person.pension.disability_grade is None
    # Pensions for disability are not taxed (国民年金法25条); others count once they have begun.
    pension = person.pension.total if person.pension and old_age and person.pension.since < last_day else 0
    return Incomes(
        person.work.salary,
        salary_income(person.work.salary, fiscal_year),
        pension,
        pension_income(pension, age_on(person.birth, last_day)),
        person.work.business,
    )


def _keeper(
    person: Person, family: Sequence[Person], incomes: Mapping[int, Incomes], fiscal_year: int
) -> int | None:
    """Who of the household counts this person as dependant: the kin with the highest income, if any."""
    limit = _MAINTAINED_LIMIT[fiscal_year]
    if incomes[person.index].total > limit:
        return None
    kin = [other for other in family if other.index != person.index and _related(person, other)]
    best = max(kin, key=lambda other: (incomes[other.index].total, -other.index), default=None)
    return None if best is None or incomes[best.index].total <= limit else best.index


def _related(person: Person, other: Person) -> bool:
    theirs = (other.father, other.mother)
    return other.index in (person.father, person.mother, person.spouse) or person.index in theirs


def _assess(
    home: Household, fiscal_year: int, person: Person, incomes: Incomes, kept: list[Person], maintained: bool
) -> Assessment:
    code, new_year = taxed_by(home, fiscal_year), date(fiscal_year, 1, 1)
    disability, bereft = _disability(person, new_year), _bereft(person, kept, incomes)
    deductions = _deductions(person, incomes, kept, disability, bereft, new_year)
    declared = maintained or incomes.total > 0 or person.index % _UNDECLARED_EACH != 7
    facts = TaxFacts(
        total_income=incomes.total,
        deductions=sum(deductions.values()),
        dependants=len(kept),
        relieved=disability != "none" or bereft != "none",
        assisted=home.assisted_since is not None and home.assisted_since <= new_year,
        declared=declared,
        area_class=BY_CODE[code].area_class,
        designated_city=code == OSAKA,
    )
    return Assessment(
        fiscal_year=fiscal_year,
        municipality=code,
        incomes=incomes,
        deductions=deductions if declared else {},
        dependants=len(kept),
        dependants_under_16=sum(age_on(other.birth, new_year) < 16 for other in kept),
        has_spouse_deduction="spouse" in deductions,
        disability=disability,
        bereft=bereft,
        is_dependant=maintained,
        levy=assess(facts),
    )


def _disability(person: Person, new_year: date) -> str:
    held = person.disability
    if held is None or held.issued >= new_year:
        return "none"
    gravest = 2 if held.kind is Certificate.PHYSICAL else 1
    return "special" if held.grade <= gravest else "ordinary"


def _bereft(person: Person, kept: Sequence[Person], incomes: Incomes) -> str:
    """Widow (寡婦) or single parent (ひとり親), up to 5,000,000 yen of income (地方税法292条1項11・12号)."""
    if person.spouse is not None or incomes.total > 5_000_000:
        return "none"
    if any(person.index in (other.father, other.mother) for other in kept):
        return "single-parent"
    married = person.register is not None and person.register.married_on is not None
    widowed = married and person.register is not None and person.register.divorced_on is None
    return "widow" if widowed and person.sex is Sex.FEMALE else "none"


def _deductions(
    person: Person, incomes: Incomes, kept: Sequence[Person], disability: str, bereft: str, new_year: date
) -> dict[str, int]:
    """Deductions from income by kind (地方税法314条の2), none of them zero."""
    insurance = incomes.salary_receipts * 15 + incomes.business * 10 + incomes.pension_receipts * 5
    others = [other for other in kept if other.index != person.spouse]
    found = {
        "social-insurance": insurance // 100,
        "disability": _DISABILITY.get(disability, 0),
        "widow": _BEREFT["widow"] if bereft == "widow" else 0,
        "single-parent": _BEREFT["single-parent"] if bereft == "single-parent" else 0,
        "spouse": 330_000 if len(others) < len(kept) and incomes.total <= 9_000_000 else 0,
        "dependants": sum(_for_dependant(age_on(other.birth, new_year)) for other in others),
        "basic": BASIC_DEDUCTION,
    }
    return {kind: amount for kind, amount in found.items() if amount}


def _for_dependant(age: int) -> int:
    if age < 16:
        return 0
    if age >= 70:
        return 380_000
    return 450_000 if 19 <= age < 23 else 330_000
