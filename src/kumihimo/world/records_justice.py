"""Fills the Minister of Justice's copies of family registers: relations, marriages, parental authority."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from kumihimo.base import legal_age_reached
from kumihimo.world.records import Filing, Row, Tables, table
from kumihimo.world.residents import FamilyRegister, Person

_MAJORITY = 18  # 民法4条, since 2022-04


def justice_tables(filing: Filing) -> Tables:
    """The family registers of all nationals among the residents."""
    records: list[Row] = []
    relations: list[Row] = []
    marriages: list[Row] = []
    authority: list[Row] = []
    for person in filing.known:
        register = person.register
        if register is None:
            continue
        subject = filing.subject(person)
        updated = max(person.birth, filing.day - timedelta(days=filing.rng(person.index).randint(0, 900)))
        records.append(
            (
                subject,
                register.domicile,
                register.head,
                person.name,
                person.kana,
                person.birth,
                register.position,
                updated,
            )
        )
        relations += _relations(filing, person, register, subject)
        marriages += _marriages(filing, person, register, subject)
        authority += _authority(filing, person, subject)
    return {
        "justice.record": table("subject domicile head name kana birth position updated_on", records),
        "justice.relation": table("subject relation other_name other_birth since", relations),
        "justice.marriage": table("subject other_name other_birth married_on ended_on ended_by", marriages),
        "justice.authority": table("subject role other_name other_birth since until", authority),
    }


def _birth(filing: Filing, index: int | None) -> date | None:
    return None if index is None else filing.population.persons[index].birth


def _relations(filing: Filing, person: Person, register: FamilyRegister, subject: str) -> Iterable[Row]:
    yield subject, "father", register.father, _birth(filing, person.father), person.birth
    yield subject, "mother", register.mother, _birth(filing, person.mother), person.birth
    for child in filing.population.children(person):
        yield subject, "child", child.name, child.birth, child.birth


def _marriages(filing: Filing, person: Person, register: FamilyRegister, subject: str) -> Iterable[Row]:
    if register.married_on is None:
        return
    if person.spouse is not None:
        other = filing.population.persons[person.spouse]
        yield subject, other.name, other.birth, register.married_on, None, None
        return
    partner = _partner(filing, person)
    if register.divorced_on is not None:
        yield subject, partner, None, register.married_on, register.divorced_on, "divorce"
        return
    # Widowed: some day between the youngest child's birth and now.
    children = filing.population.children(person)
    youngest = max((child.birth for child in children), default=register.married_on)
    since = max(youngest, register.married_on)
    died = since + (filing.day - since) * filing.rng(f"widowed/{person.index}").uniform(0.3, 0.95)
    yield subject, partner, None, register.married_on, died, "death"


def _partner(filing: Filing, person: Person) -> str:
    """The other parent of a single parent's children, as the children's registers name them."""
    child = filing.population.children(person)[0]
    assert child.register is not None
    return child.register.father if child.father is None else child.register.mother


def _authority(filing: Filing, person: Person, subject: str) -> Iterable[Row]:
    """Parental authority over minors (民法818条・819条): of married parents, else of the one at home."""
    population = filing.population
    for child in population.children(person):
        since, until = _span(population.persons, child)
        if until > filing.day:
            yield subject, "holder", child.name, child.birth, since, until
    since, until = _span(population.persons, person)
    if until > filing.day:
        for index in (person.father, person.mother):
            if index is not None:
                parent = population.persons[index]
                yield subject, "minor", parent.name, parent.birth, since, until


def _span(persons: tuple[Person, ...], child: Person) -> tuple[date, date]:
    divorces = [
        register.divorced_on
        for index in (child.father, child.mother)
        if index is not None and (register := persons[index].register) is not None and register.divorced_on
    ]
    return max([child.birth, *divorces]), legal_age_reached(child.birth, _MAJORITY)
