"""A woman under protection measures (支援措置): offices serve her, and nobody learns where she lives."""

import pytest
from exchange_client import Stage
from exchange_parties import CITY

from kumihimo.base import Problem
from kumihimo.exchange import layouts

pytestmark = pytest.mark.nation
RESIDENTS = "住民票関係情報"


async def test_her_insurer_gets_what_it_needs_and_not_her_address(stage: Stage):
    her = stage.someone("kenpo", CITY)
    question = stage.case("kenpo", CITY, RESIDENTS, item="address")
    open_answer = await stage.ask(her, "kenpo", CITY, question=question)
    assert not isinstance(open_answer, Problem)
    address = open_answer["items"]["address"]
    async with stage.flag(CITY, her, "protected"):
        given = await stage.ask(her, "kenpo", CITY, question=question)
    assert not isinstance(given, Problem)
    assert given["outcome"] == "provided"
    assert address not in str(given["items"])
    assert set(given["withheld"]) == layouts().latest(RESIDENTS).locating & set(question.items)
    missing = set(open_answer["items"]) - set(given["items"])
    assert missing == set(given["withheld"]) - set(open_answer["absent"])


async def test_a_human_may_give_the_address_when_it_is_safe(stage: Stage):
    her = stage.someone("kenpo", CITY)
    question = stage.case("kenpo", CITY, RESIDENTS, item="address")
    async with stage.flag(CITY, her, "protected", "manual"):
        given = await stage.ask(her, "kenpo", CITY, question=question)
        assert not isinstance(given, Problem)
        assert given["outcome"] == "pending"
        async with stage.office(CITY) as office:
            done = await office.post(f"approvals/{given['tx']}", {"approve": True, "by": "支援措置担当"})
        assert done == {"outcome": "provided"}
