"""The local governments of Japan: 47 prefectures, 1,741 municipalities, 171 wards of designated cities.

The list is that of 2024-01-01, unchanged since; it holds no code abolished before that day and none of the
associations (一部事務組合・広域連合). Read once, on first use, from the package's own data.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from importlib.resources import files
from types import MappingProxyType


class MunicipalityKind(StrEnum):
    """What a local government is in law (地方自治法1条の3・252条の19・252条の20・281条)."""

    PREFECTURE = "prefecture"
    DESIGNATED_CITY = "designated_city"
    CITY = "city"
    TOWN = "town"
    VILLAGE = "village"
    SPECIAL_WARD = "special_ward"
    WARD = "ward"


@dataclass(frozen=True, slots=True)
class Municipality:
    """One local government, or one ward of a designated city, with its code in force.

    `code` and `parent` are six digits; `parent` is the prefecture, or for a ward its city. `prefecture` is
    the prefecture's name, `name` of a ward begins with its city's, `kana` is full-width katakana.
    `valid_from` is the first day of a code younger than the list.
    """

    code: str
    kind: MunicipalityKind
    prefecture: str
    name: str
    kana: str
    parent: str | None
    valid_from: date | None


def all_municipalities() -> tuple[Municipality, ...]:
    """All local governments and wards in the order of their codes."""
    return tuple(_by_code().values())


def municipality(code: str) -> Municipality | None:
    """The local government or ward a six-digit code stands for; None if the code is not in the list."""
    return _by_code().get(code)


def in_force(code: str, on: date) -> bool:
    """Whether a code is in force that day: more than a right check digit, which abolished codes have too."""
    found = municipality(code)
    return found is not None and (found.valid_from is None or found.valid_from <= on)


def body_of(code: str) -> Municipality | None:
    """The local government responsible under a code: a ward's designated city, else itself.

    A special ward of Tokyo is a body of its own; a ward of a designated city is an office of the city.
    """
    found = municipality(code)
    if found is None or found.kind is not MunicipalityKind.WARD or found.parent is None:
        return found
    return municipality(found.parent)


@cache
def _by_code() -> Mapping[str, Municipality]:
    text = files("kumihimo.base").joinpath("data/municipalities.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    prefectures = {row["code"][:2]: row["name"] for row in rows if row["kind"] == MunicipalityKind.PREFECTURE}
    return MappingProxyType({row["code"]: _read(row, prefectures) for row in rows})


def _read(row: Mapping[str, str], prefectures: Mapping[str, str]) -> Municipality:
    return Municipality(
        code=row["code"],
        kind=MunicipalityKind(row["kind"]),
        prefecture=prefectures[row["code"][:2]],
        name=row["name"],
        kana=row["kana"],
        parent=row["parent"] or None,
        valid_from=date.fromisoformat(row["valid_from"]) if row["valid_from"] else None,
    )
