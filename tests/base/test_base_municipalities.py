"""The list of local governments: complete, consistent, and wards fold into their city."""

from collections import Counter
from datetime import date

import pytest

from kumihimo.base import (
    LocalGovernmentCode,
    MunicipalityKind,
    all_municipalities,
    body_of,
    in_force,
    municipality,
)

TODAY = date(2026, 6, 14)


def test_the_list_is_complete():
    kinds = Counter(entry.kind for entry in all_municipalities())
    assert kinds == {
        MunicipalityKind.PREFECTURE: 47,
        MunicipalityKind.DESIGNATED_CITY: 20,
        MunicipalityKind.CITY: 772,
        MunicipalityKind.TOWN: 743,
        MunicipalityKind.VILLAGE: 183,
        MunicipalityKind.SPECIAL_WARD: 23,
        MunicipalityKind.WARD: 171,
    }
    assert len(all_municipalities()) == len({entry.code for entry in all_municipalities()}) == 1959


def test_every_code_has_its_check_digit_and_stands_in_order():
    codes = [entry.code for entry in all_municipalities()]
    assert [LocalGovernmentCode(code).reveal() for code in codes] == sorted(codes)


def test_every_parent_is_the_prefecture_or_the_wards_city():
    for entry in all_municipalities():
        parent = entry.parent and municipality(entry.parent)
        if entry.kind is MunicipalityKind.PREFECTURE:
            assert parent is None
        elif entry.kind is MunicipalityKind.WARD:
            assert parent.kind is MunicipalityKind.DESIGNATED_CITY
            assert entry.name.startswith(parent.name)
        else:
            assert (parent.kind, parent.name) == (MunicipalityKind.PREFECTURE, entry.prefecture)


@pytest.mark.parametrize(
    ("code", "name", "body"),
    [
        ("131016", "千代田区", "千代田区"),
        ("271004", "大阪市", "大阪市"),
        ("271021", "大阪市都島区", "大阪市"),
        ("473821", "与那国町", "与那国町"),
        ("221384", "浜松市中央区", "浜松市"),
        ("130001", "東京都", "東京都"),
    ],
)
def test_a_code_names_a_place_and_the_body_that_answers_for_it(code, name, body):
    assert municipality(code).name == name
    assert body_of(code).name == body


def test_a_body_is_never_a_ward_of_a_designated_city():
    bodies = {body_of(entry.code).code for entry in all_municipalities()}
    assert len(bodies) == 1959 - 171
    assert all(municipality(code).kind is not MunicipalityKind.WARD for code in bodies)


def test_a_right_check_digit_is_not_a_code_in_force():
    assert LocalGovernmentCode.parse("221376").reveal() == "221376"
    assert not in_force("221376", TODAY)
    assert municipality("221376") is None
    assert body_of("221376") is None


def test_a_young_code_is_in_force_from_its_first_day():
    assert not in_force("221384", date(2023, 12, 31))
    assert in_force("221384", date(2024, 1, 1))
    assert in_force("131016", date(2023, 12, 31))
