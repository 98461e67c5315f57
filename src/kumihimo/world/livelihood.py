"""Draws how residents live: work and income, pension, disability, medical insurance, benefit account."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from kumihimo.base import age_on, legal_age_reached
from kumihimo.world.residents import Account, Certificate, Disability, Occupation, Pension, Work

_EMPLOYERS = (
    "見本商事",
    "例示製作所",
    "組紐工業",
    "架空運輸",
    "試作食品",
    "標本電機",
    "仮置建設",
    "練習介護サービス",
)
_BASIC_PENSION = 831_700  # 老齢基礎年金, full amount of fiscal year 2025
_BANKS = (("9991", "見本銀行"), ("9992", "例示信用金庫"), ("9993", "組紐労働金庫"))
_BRANCHES = (("901", "本店"), ("902", "架空支店"), ("903", "標本支店"))
_DISABILITY_PENSION_FACTOR = {1: 5, 2: 4}  # quarters of the full basic pension


def draw_work(rng: Random, on: date, birth: date, *, mother_of_small: bool, modest: bool) -> Work:
    """Draw a resident's work by age; `modest` caps earnings for households on public assistance."""
    age = age_on(birth, on)
    if age < 18 or (age < 23 and rng.random() < 0.55):
        return Work(Occupation.STUDENT if age >= 6 else Occupation.NONE)
    if rng.random() >= _participation(age, mother_of_small):
        return Work(Occupation.NONE)
    since = _since(rng, on, birth)
    if not modest and rng.random() < 0.04 and age < 65:
        left = on - timedelta(days=rng.randint(30, 240))
        earned = _salary(rng, age) * 6 // 10 // 1_000 * 1_000
        return Work(
            Occupation.JOBSEEKER,
            rng.choice(_EMPLOYERS),
            min(since, left - timedelta(days=400)),
            earned,
            0,
            left,
        )
    if rng.random() < (0.3 if age >= 60 else 0.1):
        profit = min(int(rng.lognormvariate(14.6, 0.7)) // 1_000 * 1_000, 30_000_000)
        return Work(Occupation.SELF_EMPLOYED, None, since, 0, min(profit, 400_000) if modest else profit)
    salary = _salary(rng, age) // (3_000 if age >= 65 else 1_000) * 1_000
    return Work(
        Occupation.EMPLOYEE, rng.choice(_EMPLOYERS), since, min(salary, 700_000) if modest else salary
    )


def _participation(age: int, mother_of_small: bool) -> float:
    """Share at work, by age, after the labour force survey."""
    if age < 60:
        return 0.72 if mother_of_small else 0.87
    return 0.74 if age < 65 else 0.5 if age < 70 else 0.3 if age < 75 else 0.1


def _salary(rng: Random, age: int) -> int:
    prime = max(0.55, 1 - abs(age - 48) / 60)
    return min(int(rng.lognormvariate(15.25, 0.55) * prime) // 1_000 * 1_000, 25_000_000)


def _since(rng: Random, on: date, birth: date) -> date:
    grown = legal_age_reached(birth, 18)
    first = max(grown, on - timedelta(days=30 * 365))
    return first + (on - first) * rng.random() ** 0.5 if first < on else on


def draw_pension(rng: Random, on: date, birth: date, disability: Disability | None) -> Pension | None:
    """Draw the pension in payment: old age from 65, disability for the gravest grades from 20."""
    age = age_on(birth, on)
    if age >= 65:
        basic = _BASIC_PENSION * rng.randint(70, 100) // 100
        earnings = int(rng.lognormvariate(13.3, 0.6)) if rng.random() < 0.75 else 0
        return Pension(None, legal_age_reached(birth, 65), basic, min(earnings, 2_600_000) // 100 * 100)
    if age >= 20 and disability and disability.grade <= 2:
        since = max(disability.issued, legal_age_reached(birth, 20))
        factor = _DISABILITY_PENSION_FACTOR[disability.grade]
        return Pension(disability.grade, since, _BASIC_PENSION * factor // 4, 0)
    return None


def draw_disability(rng: Random, on: date, birth: date) -> Disability:
    """Draw the disability certificate of a resident chosen to hold one."""
    kind = rng.choices(tuple(Certificate), weights=(62, 16, 22))[0]
    top = {Certificate.PHYSICAL: 6, Certificate.INTELLECTUAL: 2, Certificate.MENTAL: 3}[kind]
    earliest = max(birth, on - timedelta(days=20 * 365))
    return Disability(kind, rng.randint(1, top), earliest + (on - earliest) * rng.random())


def draw_account(rng: Random, on: date, number: int, holder_kana: str) -> Account:
    """Draw a benefit account; `number` makes it the person's alone (one account, one person)."""
    bank_code, bank = rng.choice(_BANKS)
    branch_code, branch = rng.choice(_BRANCHES)
    registered = max(
        date(2022, 3, 28), on - timedelta(days=rng.randint(1, 1600))
    )  # registration began that day
    return Account(bank_code, bank, branch_code, branch, f"{number:07d}", holder_kana, registered)
