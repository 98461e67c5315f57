"""Makes the residents of a nation in miniature: the same seed makes the same people, none of them real.

Individual numbers and resident codes carry right check digits and all begin with 9999.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import NamedTuple

from kumihimo.base import IndividualNumber, ResidentCode, age_on
from kumihimo.world.coverage import cover
from kumihimo.world.households import Draft, compose
from kumihimo.world.kinship import family_register
from kumihimo.world.livelihood import draw_account, draw_disability, draw_pension, draw_work
from kumihimo.world.names import NATIONALITIES, RESIDENCE_STATUSES
from kumihimo.world.places import PLACES, YONAGUNI, draw_address, draw_place
from kumihimo.world.residents import (
    Household,
    Insurance,
    Move,
    Person,
    Population,
    Residence,
    Sex,
)

POPULATION_DAY = date(2026, 10, 1)
_MAX_COUNT = 900_000  # the synthetic numbers leave room for no more
_MOVED_SHARE, _ASSISTED_SHARE, _DISABLED_SHARE, _ACCOUNT_SHARE, _PROTECTED_SHARE = (
    0.07,
    0.016,
    0.04,
    0.45,
    0.006,
)


class _Draw(NamedTuple):
    """What making one population goes by: source of chance, the day, unused digits, who is chosen."""

    rng: Random
    on: date
    individual: list[int]
    resident: list[int]
    account: list[int]
    disabled: frozenset[int]
    has_account: frozenset[int]
    protected: frozenset[int]
    assisted: frozenset[int]


def generate(count: int = 1000, seed: int = 1, on: date = POPULATION_DAY) -> Population:
    """Make exactly `count` living residents as of a day; raises ValueError beyond 900,000 or below 1."""
    if not 1 <= count <= _MAX_COUNT:
        raise ValueError(f"a miniature nation has between 1 and {_MAX_COUNT} residents")
    rng = Random(seed)  # noqa: S311 - reproducible people, no secret
    drafts: list[list[Draft]] = []
    room = count
    while room:
        drafts.append(compose(rng, on, room))
        room -= len(drafts[-1])
    homes, first = [], 0
    for index, members in enumerate(drafts):
        homes.append(_home(rng, on, index, members, first))
        first += len(members)
    draw = _draw(rng, on, drafts, homes)
    persons: list[Person] = []
    for home, members in zip(homes, drafts, strict=True):
        family = [_person(draw, home, members, place) for place in range(len(members))]
        persons += cover(on, family, assisted=home.index in draw.assisted)
    return Population(seed, on, tuple(persons), tuple(_assist(draw, home) for home in homes))


def _home(rng: Random, on: date, index: int, members: Sequence[Draft], first: int) -> Household:
    place = draw_place(rng)
    address = draw_address(rng, place)
    indices = tuple(range(first, first + len(members)))
    if rng.random() < _MOVED_SHARE:
        former = rng.choice([other for other in PLACES if other is not place])
        day = max(on - timedelta(days=rng.randint(7, 400)), min(member.birth for member in members))
        return Household(
            index, place.code, address, day, indices, Move(day, former.code, draw_address(rng, former)), None
        )
    oldest = min(member.birth for member in members)
    since = on - timedelta(days=rng.randint(420, max(430, min((on - oldest).days, 9000))))
    return Household(index, place.code, address, since, indices, None, None)


def _draw(rng: Random, on: date, drafts: list[list[Draft]], homes: list[Household]) -> _Draw:
    """Choose exact shares of the population for everything rare, so that small nations have it too."""
    flat = [draft for members in drafts for draft in members]
    ages = [age_on(draft.birth, on) for draft in flat]
    adults = [index for index, age in enumerate(ages) if age >= 18]
    # The welfare office of a town without one is the prefecture's, which the miniature does not have.
    needy = [
        home.index
        for home in homes
        if home.municipality != YONAGUNI and home.move is None and len(home.members) <= 3
    ]
    alone = [home for home in homes if len(home.members) <= 4 and flat[home.members[0]].spouse is None]
    return _Draw(
        rng,
        on,
        individual=rng.sample(range(10**7), len(flat)),
        resident=rng.sample(range(10**6), len(flat)),
        account=rng.sample(range(10**7), len(flat)),
        disabled=_disabled(rng, ages),
        has_account=frozenset(rng.sample(adults, round(_ACCOUNT_SHARE * len(adults)))),
        protected=_protected(rng, alone),
        assisted=frozenset(rng.sample(needy, min(len(needy), round(_ASSISTED_SHARE * len(homes))))),
    )


def _disabled(rng: Random, ages: list[int]) -> frozenset[int]:
    """Certificates are three times as frequent in old age."""
    lots = [index for index, age in enumerate(ages) if age >= 3 for _ in range(3 if age >= 65 else 1)]
    chosen: set[int] = set()
    while lots and len(chosen) < round(_DISABLED_SHARE * len(ages)):
        chosen.add(rng.choice(lots))
    return frozenset(chosen)


def _protected(rng: Random, alone: list[Household]) -> frozenset[int]:
    """Whole households under support measures, two in each municipality at least."""
    chosen: set[int] = set()
    for place in PLACES:
        here = [home for home in alone if home.municipality == place.code]
        for home in rng.sample(here, min(len(here), max(2, round(_PROTECTED_SHARE * len(here))))):
            chosen |= set(home.members)
    return frozenset(chosen)


def _assist(draw: _Draw, home: Household) -> Household:
    if home.index not in draw.assisted:
        return home
    return replace(home, assisted_since=home.since + (draw.on - home.since) * draw.rng.uniform(0.1, 0.9))


def _person(draw: _Draw, home: Household, members: list[Draft], place: int) -> Person:
    """Turn one draft into a person; insurance is settled when the whole household is known."""
    rng, on, draft, first = draw.rng, draw.on, members[place], home.members[0]
    index, assisted = first + place, home.index in draw.assisted
    small = draft.sex is Sex.FEMALE and any(
        child.mother == place and age_on(child.birth, on) < 3 for child in members
    )
    disability = draw_disability(rng, on, draft.birth) if index in draw.disabled else None
    foreign = draft.surname[0].isascii()
    holder = f"{draft.surname[1]} {draft.given[1]}"
    return Person(
        index=index,
        number=IndividualNumber.with_check_digit(f"9999{draw.individual[index]:07d}"),
        resident_code=ResidentCode.with_check_digit(f"9999{draw.resident[index]:06d}"),
        family_name=draft.surname[0],
        given_name=draft.given[0],
        family_kana=draft.surname[1],
        given_kana=draft.given[1],
        birth=draft.birth,
        sex=draft.sex,
        household=home.index,
        relation=draft.relation,
        father=None if draft.father is None else first + draft.father,
        mother=None if draft.mother is None else first + draft.mother,
        spouse=None if draft.spouse is None else first + draft.spouse,
        register=None if foreign else family_register(members, place, str(home.index)),
        residence=_residence(rng, draft) if foreign else None,
        work=draw_work(rng, on, draft.birth, mother_of_small=small, modest=assisted),
        pension=None if assisted else draw_pension(rng, on, draft.birth, disability),
        insurance=Insurance.MUNICIPAL,
        insured_by=None,
        disability=disability,
        account=draw_account(rng, on, draw.account[index], holder) if index in draw.has_account else None,
        protected=index in draw.protected,
    )


def _residence(rng: Random, draft: Draft) -> Residence:
    alias = f"{draft.surname[1]}\u3000{draft.given[1]}" if rng.random() < 0.3 else None
    return Residence(rng.choice(NATIONALITIES), rng.choice(RESIDENCE_STATUSES), alias)
