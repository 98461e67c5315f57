"""Draws the composition of households: who lives with whom, how old they are, how they are related."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from kumihimo.world.names import (
    FEMALE,
    FOREIGN_FEMALE,
    FOREIGN_MALE,
    FOREIGN_SURNAMES,
    MALE,
    SURNAMES,
    Name,
    generation,
)
from kumihimo.world.residents import Sex

HEAD = "世帯主"
_YEAR = 365.2425
_FOREIGN_SHARE = 0.03
_OLDEST = 103


@dataclass(slots=True)
class Draft:
    """A member of a household being drawn; kin are named by their place in the household."""

    birth: date
    sex: Sex
    relation: str
    surname: Name
    given: Name = ("", "")
    father: int | None = None
    mother: int | None = None
    spouse: int | None = None
    married_on: date | None = None
    divorced_on: date | None = None


@dataclass(slots=True)
class Drawing:
    """One household being drawn, householder first."""

    rng: Random
    on: date
    foreign: bool
    surname: Name
    members: list[Draft] = field(default_factory=list)

    def born(self, age: float) -> date:
        """A birthday that makes somebody `age` years old on the day of the population."""
        return self.on - timedelta(days=round(age * _YEAR))

    def add(self, birth: date, sex: Sex, relation: str, surname: Name | None = None) -> int:
        """Put a member into the household; answers the place."""
        self.members.append(Draft(birth, sex, relation, surname or self.surname))
        return len(self.members) - 1


def compose(rng: Random, on: date, room: int) -> list[Draft]:
    """Draw one household of at most `room` members, householder first, with names."""
    while True:
        foreign = rng.random() < _FOREIGN_SHARE
        drawing = Drawing(rng, on, foreign, rng.choice(FOREIGN_SURNAMES if foreign else SURNAMES))
        kinds = _KINDS if not foreign else _KINDS[:3]
        rng.choices([kind for _, kind in kinds], weights=[weight for weight, _ in kinds])[0](drawing)
        oldest = min(member.birth for member in drawing.members)
        if len(drawing.members) <= room and oldest > drawing.born(_OLDEST):
            _name_all(drawing)
            return drawing.members


def _single(drawing: Drawing) -> None:
    rng = drawing.rng
    low, high = rng.choices(((19, 35), (35, 65), (65, 97)), weights=(34, 30, 36))[0]
    age = min(rng.uniform(low, high), 45.0) if drawing.foreign else rng.uniform(low, high)
    female = rng.random() < (0.66 if age >= 65 else 0.42)
    drawing.add(drawing.born(age), Sex.FEMALE if female else Sex.MALE, HEAD)


def _couple(drawing: Drawing) -> None:
    rng = drawing.rng
    low, high = (24, 50) if drawing.foreign else rng.choices(((24, 45), (45, 65), (65, 91)), (18, 25, 57))[0]
    wife_age = rng.uniform(low, high)
    _pair(drawing, drawing.born(wife_age), drawing.born(max(20, wife_age + rng.gauss(2, 3))))


def _family(drawing: Drawing) -> None:
    eldest, mother = _mother_of(drawing)
    father = min(
        mother - timedelta(days=round(drawing.rng.gauss(2, 3) * _YEAR)), eldest - timedelta(days=7400)
    )
    husband, wife = _pair(drawing, mother, father, before=eldest)
    _children(drawing, eldest, husband, wife)


def _one_parent(drawing: Drawing) -> None:
    rng = drawing.rng
    eldest, mother = _mother_of(drawing)
    if rng.random() < 0.88:
        parent = drawing.add(mother, Sex.FEMALE, HEAD)
        _children(drawing, eldest, None, parent)
    else:
        parent = drawing.add(mother - timedelta(days=900), Sex.MALE, HEAD)
        _children(drawing, eldest, parent, None)
    youngest = max(member.birth for member in drawing.members)
    married = eldest - timedelta(days=rng.randint(100, 900))
    drawing.members[parent].married_on = married
    drawing.members[parent].divorced_on = youngest + (drawing.on - youngest) / 2


def _three_generations(drawing: Drawing) -> None:
    _family(drawing)
    rng = drawing.rng
    child = drawing.members[0]
    mother_birth = child.birth - timedelta(days=round(rng.uniform(21, 33) * _YEAR))
    if rng.random() < 0.55:
        child.father = drawing.add(mother_birth - timedelta(days=rng.randint(0, 2000)), Sex.MALE, "父")
    child.mother = drawing.add(mother_birth, Sex.FEMALE, "母")
    if child.father is None:
        drawing.members[child.mother].married_on = child.birth - timedelta(days=500)
    else:
        _marry(drawing, child.father, child.mother, child.birth)


def _parent_and_adult_child(drawing: Drawing) -> None:
    rng = drawing.rng
    parent_birth = drawing.born(rng.uniform(68, 96))
    female = rng.random() < 0.78
    parent = drawing.add(parent_birth, Sex.FEMALE if female else Sex.MALE, HEAD)
    birth = min(parent_birth + timedelta(days=round(rng.uniform(21, 38) * _YEAR)), drawing.born(30))
    child = drawing.members[drawing.add(birth, rng.choice((Sex.MALE, Sex.FEMALE)), "子")]
    child.father, child.mother = (None, parent) if female else (parent, None)
    drawing.members[parent].married_on = birth - timedelta(days=rng.randint(300, 900))


# Shares of households by kind, near the census of 2020 (singles 38 %, couples 20 %, with children 25 %).
_KINDS: tuple[tuple[float, Callable[[Drawing], None]], ...] = (
    (0.37, _single),
    (0.21, _couple),
    (0.22, _family),
    (0.06, _one_parent),
    (0.04, _three_generations),
    (0.10, _parent_and_adult_child),
)


def _mother_of(drawing: Drawing) -> tuple[date, date]:
    """Birthdays of an eldest child living at home and of its mother."""
    rng = drawing.rng
    eldest = drawing.born(rng.uniform(0.05, 33))
    return eldest, eldest - timedelta(days=round(rng.triangular(20.5, 40, 29) * _YEAR))


def _pair(drawing: Drawing, wife: date, husband: date, before: date | None = None) -> tuple[int, int]:
    """Add a married couple; answers the places of husband and wife."""
    his = drawing.rng.random() < 0.9
    if his:
        man, woman = drawing.add(husband, Sex.MALE, HEAD), drawing.add(wife, Sex.FEMALE, "妻")
    else:
        woman, man = drawing.add(wife, Sex.FEMALE, HEAD), drawing.add(husband, Sex.MALE, "夫")
    _marry(drawing, man, woman, before or drawing.on)
    return man, woman


def _marry(drawing: Drawing, man: int, woman: int, before: date) -> None:
    husband, wife = drawing.members[man], drawing.members[woman]
    of_age = max(husband.birth, wife.birth) + timedelta(days=round(18.1 * _YEAR))
    latest = min(before, of_age + timedelta(days=round(15 * _YEAR)))
    married = of_age + (latest - of_age) * drawing.rng.uniform(0.4, 0.95)
    husband.spouse, wife.spouse = woman, man
    husband.married_on = wife.married_on = married


def _children(drawing: Drawing, eldest: date, father: int | None, mother: int | None) -> None:
    rng = drawing.rng
    wanted = rng.choices((1, 2, 3, 4), weights=(36, 44, 16, 4))[0]
    birth = eldest
    for _ in range(wanted):
        place = drawing.add(birth, rng.choice((Sex.MALE, Sex.FEMALE)), "子")
        drawing.members[place].father, drawing.members[place].mother = father, mother
        birth += timedelta(days=rng.randint(480, 1500))
        if birth >= drawing.on:
            break


def _name_all(drawing: Drawing) -> None:
    """Give everybody a given name of their time; nobody shares one within the household."""
    taken: set[Name] = set()
    for member in drawing.members:
        if drawing.foreign:
            names = FOREIGN_MALE if member.sex is Sex.MALE else FOREIGN_FEMALE
        else:
            names = (MALE if member.sex is Sex.MALE else FEMALE)[generation(member.birth.year)]
        free = [name for name in names if name not in taken]
        member.given = drawing.rng.choice(free or names)
        taken.add(member.given)
