"""I-6: victims were found through one office that had not set its flag. Here every municipality hides."""

import pytest
from exchange_client import Stage
from exchange_parties import CITY, OTHER_CITY

from kumihimo.base import Problem
from kumihimo.exchange import layouts

pytestmark = pytest.mark.nation
RESIDENTS = "住民票関係情報"
CITIES = (CITY, OTHER_CITY, "muni-473821")


async def test_no_municipality_tells_where_a_protected_person_lives(stage: Stage):
    protected = [one.index for one in stage.population().persons if one.protected]
    locating, tried = layouts().latest(RESIDENTS).locating, 0
    for city in CITIES:
        for inquirer in ("kenpo", "labour", *(other for other in CITIES if other != city)):
            question = stage.case(inquirer, city, RESIDENTS, item="address")
            for person in protected:
                if person not in stage.cast[city] or person not in stage.cast[inquirer]:
                    continue
                given = await stage.ask(person, inquirer, city, question=question)
                assert not isinstance(given, Problem), given
                assert not locating & set(given["items"] or {})
                if given["outcome"] != "pending":
                    assert set(given["withheld"]) == locating & set(question.items)
                tried += 1
    assert tried, "nobody of this nation is protected"
