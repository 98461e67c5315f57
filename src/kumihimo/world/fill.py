"""Who is known to which institution of the miniature nation, and what stands in its register about them.

Pure: rows come out, nothing is written. An institution's rows name people only by the integrated addressee
numbers the caller drew for that institution; no individual number and no resident code is among them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import NamedTuple

from kumihimo.base import age_on
from kumihimo.world.places import OSAKA
from kumihimo.world.records import Filing, Tables
from kumihimo.world.records_bodies import account_tables, health_tables, labour_tables
from kumihimo.world.records_justice import justice_tables
from kumihimo.world.records_municipality import (
    assessments,
    business_tables,
    certificate_tables,
    resident_tables,
)
from kumihimo.world.records_pension import pension_tables
from kumihimo.world.records_welfare import assistance_tables, child_allowance_tables, rearing_tables
from kumihimo.world.residents import Insurance, Occupation, Person, Population

INSTITUTIONS = (
    "digital",
    "jlis",
    "numbering",
    "ledger",
    "accounts",
    "portal",
    "muni-131016",
    "muni-271004",
    "muni-473821",
    "pref-270008",
    "nenkin",
    "kenpo",
    "moj",
    "labour",
    "ppc",
    "univ",
    "bar",
)
_MUNICIPAL = "muni-"
_KNOW_EVERYBODY = frozenset({"numbering", "ledger", "portal"})
_FLAGGED_SHARE = 0.003
_MANUAL = "記録の内容を確認中のため、回答の都度職員が確認する（自動応答不可）"
_WITHHELD = "個人情報の保護に関する法律78条1項（開示により調査の適正な遂行に支障を及ぼすおそれ）"
_PROTECTED = "住民基本台帳事務における支援措置（配偶者からの暴力等の被害者の保護）"


class Flag(NamedTuple):
    """A mark an institution has set on a person (by index): `manual`, `withheld` or `protected`, and why."""

    person: int
    flag: str
    ground: str


def holders(institution: str, population: Population) -> tuple[Person, ...]:
    """The persons an institution lawfully knows; for most of them it will acquire a code."""
    if institution in _KNOW_EVERYBODY:
        return population.persons
    if institution.startswith(_MUNICIPAL):
        code = institution.removeprefix(_MUNICIPAL)
        return tuple(person for person in population.persons if _lived_in(code, person, population))
    knows = _KNOWS.get(institution)
    return tuple(person for person in population.persons if knows(person, population)) if knows else ()


def _lived_in(code: str, person: Person, population: Population) -> bool:
    """A municipality knows its residents and those who lived there in the tax year before."""
    home = population.home(person)
    if home.municipality == code:
        return True
    return home.move is not None and home.move.municipality == code and person.birth < home.move.day


def _certified_in_osaka(person: Person, population: Population) -> bool:
    """The prefecture knows those who live in 大阪市 and hold a certificate of disability."""
    return person.disability is not None and population.home(person).municipality == OSAKA


_KNOWS: Mapping[str, Callable[[Person, Population], bool]] = {
    "pref-270008": _certified_in_osaka,
    "accounts": lambda person, _: person.account is not None,
    "nenkin": lambda person, all_: age_on(person.birth, all_.on) >= 20 or person.pension is not None,
    "kenpo": lambda person, _: person.insurance in (Insurance.ASSOCIATION, Insurance.DEPENDANT),
    "moj": lambda person, _: person.register is not None,
    "labour": lambda person, _: person.work.occupation in (Occupation.EMPLOYEE, Occupation.JOBSEEKER),
}


def tables_for(institution: str, population: Population, subjects: Mapping[int, str]) -> Tables:
    """The rows of an institution's register, by table and in an order that satisfies references.

    `subjects` gives each holder's integrated addressee number (15 digits) at this institution, by index.
    """
    filing = Filing(institution, population, subjects, holders(institution, population))
    if institution.startswith(_MUNICIPAL):
        return _municipal_tables(filing)
    fill = _FILLS.get(institution)
    return fill(filing) if fill else {}


_FILLS: Mapping[str, Callable[[Filing], Tables]] = {
    "pref-270008": certificate_tables,
    "accounts": account_tables,
    "nenkin": pension_tables,
    "kenpo": health_tables,
    "moj": justice_tables,
    "labour": labour_tables,
}


def _municipal_tables(filing: Filing) -> Tables:
    taxes = assessments(filing)
    return {
        **resident_tables(filing),
        **business_tables(filing, taxes),
        **child_allowance_tables(filing),
        **rearing_tables(filing, taxes),
        **assistance_tables(filing),
    }


def flags_for(institution: str, population: Population) -> tuple[Flag, ...]:
    """The flags an institution has set: at least two people answered by hand and two withheld.

    Where few are known, at least half are left to be answered at once. Protected persons are marked at every
    municipality that knows them, and at the two insurers, whose answers tell an abuser where somebody works
    and lives.
    """
    known = holders(institution, population)
    if institution not in _FILLS and not institution.startswith(_MUNICIPAL):
        return ()
    rng = Random(f"{population.seed}/{institution}/flags")  # noqa: S311 - reproducible people, no secret
    each = min(max(2, round(_FLAGGED_SHARE * len(known))), len(known) // 4)
    drawn = rng.sample([person.index for person in known], 2 * each)
    flags = [Flag(index, "manual", _MANUAL) for index in drawn[:each]]
    flags += [Flag(index, "withheld", _WITHHELD) for index in drawn[each:]]
    hidden = [person.index for person in known if person.protected]
    if institution.startswith(_MUNICIPAL) or institution in {"nenkin", "kenpo"}:
        flags += [Flag(index, "protected", _PROTECTED) for index in hidden]
    return tuple(flags)
