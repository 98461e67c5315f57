"""Family registers (戸籍) of synthetic households: heads, parents who live elsewhere, siblings."""

from __future__ import annotations

from random import Random

from kumihimo.world.households import Draft
from kumihimo.world.names import FEMALE, MALE, SURNAMES, generation
from kumihimo.world.places import PLACES, draw_address
from kumihimo.world.residents import FamilyRegister, Sex


def family_register(members: list[Draft], place: int, key: str) -> FamilyRegister:
    """The register a member of a household is in; `key` makes invented kin the same for their relatives."""
    draft = members[place]
    line = _line(members, place)
    return FamilyRegister(
        domicile=_domicile(_drawn(f"{key}/{line}/domicile")),
        head=_head(members, place, key),
        father=_father(members, place, key),
        mother=_mother(members, place, key),
        position=_position(members, place),
        married_on=draft.married_on,
        divorced_on=draft.divorced_on,
    )


def _drawn(key: str) -> Random:
    return Random(key)  # noqa: S311 - reproducible people, no secret


def _line(members: list[Draft], place: int) -> int:
    """The member a register is named for: of a couple the one whose name both bear, of a child a parent."""
    draft = members[place]
    if draft.spouse is not None:
        return min(place, draft.spouse)
    parent = draft.father if draft.father is not None else draft.mother
    return place if draft.married_on is not None or parent is None else _line(members, parent)


def _head(members: list[Draft], place: int, key: str) -> str:
    line = _line(members, place)
    head = members[line]
    if head.married_on is None:
        return _father(members, line, key)
    widow = head.spouse is None and head.divorced_on is None and head.sex is Sex.FEMALE
    return _partner(members, line, key) if widow else _full(head)


def _full(draft: Draft) -> str:
    return f"{draft.surname[0]}\u3000{draft.given[0]}"


def _partner(members: list[Draft], place: int, key: str) -> str:
    """The former or late spouse of a member, who does not live in the household."""
    draft = members[place]
    names = (MALE if draft.sex is Sex.FEMALE else FEMALE)[generation(draft.birth.year)]
    return f"{draft.surname[0]}\u3000{_drawn(f'{key}/{place}/partner').choice(names)[0]}"


def _father(members: list[Draft], place: int, key: str) -> str:
    draft = members[place]
    if draft.father is not None:
        return _full(members[draft.father])
    if draft.mother is not None:
        return _partner(members, draft.mother, key)
    given = _drawn(f"{key}/{place}/father").choice(MALE[generation(draft.birth.year - 28)])
    return f"{_birth_surname(members, place, key)}\u3000{given[0]}"


def _mother(members: list[Draft], place: int, key: str) -> str:
    draft = members[place]
    if draft.mother is not None:
        return _full(members[draft.mother])
    if draft.father is not None:
        return _partner(members, draft.father, key)
    given = _drawn(f"{key}/{place}/mother").choice(FEMALE[generation(draft.birth.year - 28)])
    return f"{_birth_surname(members, place, key)}\u3000{given[0]}"


def _birth_surname(members: list[Draft], place: int, key: str) -> str:
    """The surname before marriage: another one for whoever took the spouse's name (民法750条)."""
    draft = members[place]
    if draft.spouse is None or _line(members, place) == place:
        return draft.surname[0]
    return _drawn(f"{key}/{place}/surname").choice(SURNAMES)[0]


def _domicile(rng: Random) -> str:
    address = draw_address(rng, rng.choice(PLACES))
    return address.split("丁目")[0].removesuffix("番地") + "番地"


def _position(members: list[Draft], place: int) -> str:
    """Place among one's siblings of the same sex (父母との続柄): 長男, 二女 ..."""
    draft = members[place]
    parents = (draft.father, draft.mother)
    elder = sum(
        other.sex is draft.sex and other.birth < draft.birth and (other.father, other.mother) == parents
        for other in members
        if parents != (None, None)
    )
    return f"{'長二三四五'[elder]}{'男' if draft.sex is Sex.MALE else '女'}"
