"""Pure rules of municipal affairs: residence tax (個人住民税) and child allowance (児童手当), in yen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import IntEnum

from kumihimo.base import fiscal_year_end_after, legal_age_reached

PER_CAPITA_LEVY = 3_000  # 均等割 of the municipality, 地方税法310条
PREFECTURAL_PER_CAPITA_LEVY = 1_000  # 均等割 of the prefecture, 同法38条
BASIC_DEDUCTION = 430_000  # 基礎控除, 同法314条の2第2項
_EXEMPTION_BY_CLASS = {1: (350_000, 210_000), 2: (315_000, 189_000), 3: (280_000, 168_000)}


class TaxClass(IntEnum):
    """課税区分: what a resident owes, in the classes benefit campaigns ask for."""

    EXEMPT = 1
    PER_CAPITA_ONLY = 2
    TAXED = 3
    UNDECLARED = 4


@dataclass(frozen=True, slots=True)
class TaxFacts:
    """What the assessment of one person rests on; amounts in yen for the calendar year before."""

    total_income: int
    deductions: int  # all of 地方税法314条の2 together
    dependants: int  # spouse included
    relieved: bool  # disabled, minor, widowed or single parent (同法295条1項2号)
    assisted: bool  # receives livelihood assistance (同項1号)
    declared: bool
    area_class: int
    designated_city: bool  # the city then takes 8 of the 10 per cent, else 6 (同法314条の3)


@dataclass(frozen=True, slots=True)
class Levy:
    """個人住民税: class of taxation, and the levies of municipality and prefecture, in yen a year."""

    tax_class: TaxClass
    taxable_base: int = 0
    credits: int = 0  # 調整控除 of the municipality
    per_capita: int = 0
    income: int = 0
    prefectural_per_capita: int = 0
    prefectural_income: int = 0


def salary_income(salary: int, fiscal_year: int) -> int:
    """Employment income (給与所得): salary less the deduction of 所得税法28条 for that fiscal year's tax."""
    floor = 650_000 if fiscal_year >= 2026 else 550_000
    steps = (
        (3_600_000, salary * 30 // 100 + 80_000),
        (6_600_000, salary * 20 // 100 + 440_000),
        (8_500_000, salary * 10 // 100 + 1_100_000),
    )
    deduction = next((amount for top, amount in steps if salary <= top), 1_950_000)
    return max(0, salary - max(floor, deduction))


def pension_income(pension: int, age: int) -> int:
    """Miscellaneous income from public pensions (雑所得, 所得税法35条), by age at the end of the year."""
    floor = 1_100_000 if age >= 65 else 600_000
    steps = (
        (4_100_000, pension * 25 // 100 + 275_000),
        (7_700_000, pension * 15 // 100 + 685_000),
        (10_000_000, pension * 5 // 100 + 1_455_000),
    )
    deduction = next((amount for top, amount in steps if pension <= top), 1_955_000)
    return max(0, pension - max(floor, deduction))


def exempt_limit(persons: int, area_class: int) -> int:
    """Total income up to which nothing is levied (地方税法295条3項): self and dependants counted."""
    per_head, surcharge = _EXEMPTION_BY_CLASS[area_class]
    return per_head * persons + 100_000 + (surcharge if persons > 1 else 0)


def income_levy_limit(persons: int) -> int:
    """Total income up to which no income levy is due (地方税法附則3条の3第4項)."""
    return 350_000 * persons + 100_000 + (320_000 if persons > 1 else 0)


def assess(facts: TaxFacts) -> Levy:
    """Assess the residence tax of one person from the facts of the year before."""
    if not facts.declared:
        return Levy(TaxClass.UNDECLARED)
    heads = 1 + facts.dependants
    relieved = facts.relieved and facts.total_income <= 1_350_000
    if facts.assisted or relieved or facts.total_income <= exempt_limit(heads, facts.area_class):
        return Levy(TaxClass.EXEMPT)
    base = max(0, facts.total_income - facts.deductions) // 1_000 * 1_000
    share, credit = (8, 2_000) if facts.designated_city else (6, 1_500)
    owed = base if facts.total_income > income_levy_limit(heads) else 0
    income = max(0, owed * share // 100 - credit) // 100 * 100
    prefectural = max(0, owed * (10 - share) // 100 - (2_500 - credit)) // 100 * 100
    return Levy(
        tax_class=TaxClass.TAXED if income else TaxClass.PER_CAPITA_ONLY,
        taxable_base=base,
        credits=min(credit, owed * share // 100),
        per_capita=PER_CAPITA_LEVY,
        income=income,
        prefectural_per_capita=PREFECTURAL_PER_CAPITA_LEVY,
        prefectural_income=prefectural,
    )


@dataclass(frozen=True, slots=True)
class ChildShare:
    """One child's part of a month's child allowance: which child it counts as, and the amount in yen."""

    birth: date
    order: int
    amount: int


def child_allowance(births: Iterable[date], month: date) -> tuple[ChildShare, ...]:
    """Child allowance of one claimant for a month (児童手当法6条, since 2024-10), oldest child first.

    Children count until the fiscal year in which they reach 22 ends, and are paid for until the one of 18;
    an age is reached on the eve of the birthday. Raises ValueError for months before the reform.
    """
    if month < date(2024, 10, 1):
        raise ValueError("child allowance is computed by the rules in force since 2024-10")
    start = month.replace(day=1)
    counted = sorted(birth for birth in births if birth < start <= fiscal_year_end_after(birth, 22))
    return tuple(
        ChildShare(birth, order, _amount(birth, order, start))
        for order, birth in enumerate(counted, 1)
        if start <= fiscal_year_end_after(birth, 18)
    )


def _amount(birth: date, order: int, start: date) -> int:
    if order >= 3:
        return 30_000
    return 15_000 if legal_age_reached(birth, 3) >= start else 10_000
