"""Which medical insurance covers whom in a household (健康保険法3条, 国民健康保険法6条)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from kumihimo.base import age_on
from kumihimo.world.residents import Insurance, Occupation, Person

_DEPENDANT_LIMIT = 1_300_000  # yen a year, as 健康保険法3条7項 is administered


def cover(on: date, family: Sequence[Person], *, assisted: bool) -> list[Person]:
    """Give every member of a household its insurance; public assistance stands outside all of them."""
    if assisted:
        return [replace(person, insurance=Insurance.NONE) for person in family]
    return [_covered(on, person, family) for person in family]


def _covered(on: date, person: Person, family: Sequence[Person]) -> Person:
    if age_on(person.birth, on) >= 75:
        return replace(person, insurance=Insurance.ELDERLY)
    if person.work.occupation is Occupation.EMPLOYEE:
        return replace(person, insurance=Insurance.ASSOCIATION)
    payer = _payer(on, person, family)
    if payer is not None:
        return replace(person, insurance=Insurance.DEPENDANT, insured_by=payer)
    return person


def _payer(on: date, person: Person, family: Sequence[Person]) -> int | None:
    """The employee in the household who maintains a person: parent, spouse or grown child, the best paid."""
    income = person.work.salary + person.work.business + (person.pension.total if person.pension else 0)
    if income >= _DEPENDANT_LIMIT or person.work.occupation is Occupation.SELF_EMPLOYED:
        return None
    kin = {person.father, person.mother, person.spouse} - {None}
    kin |= {other.index for other in family if person.index in (other.father, other.mother)}
    employed = [
        other
        for other in family
        if other.index in kin
        and other.work.occupation is Occupation.EMPLOYEE
        and age_on(other.birth, on) < 75
        and other.work.salary > 2 * income
    ]
    return max(employed, key=lambda other: other.work.salary).index if employed else None
