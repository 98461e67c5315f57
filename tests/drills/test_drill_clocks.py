"""A clock that is off by five minutes: everybody else goes on, and it is told in plain words."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from drill_nation import Lawful, ask, ask_until_answered, held_down, lawful

from kumihimo.base import ErrorType, Problem, system_clock
from kumihimo.node import hosting, load_settings
from kumihimo.world import Nation

pytestmark = [pytest.mark.drill, pytest.mark.nation, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

ISLAND = "muni-473821"
OFF = [timedelta(minutes=5), timedelta(minutes=-5)]


@asynccontextmanager
async def off(nation: Nation, by: timedelta) -> AsyncIterator[None]:
    """The island's node is down; the same institution is hosted here, by a clock that is wrong."""
    async with held_down(nation, ISLAND):
        settings = load_settings(nation.places.runtime(ISLAND))
        async with hosting([settings], clock=lambda: system_clock() + by):
            yield


def told_plainly(answer: object, other: str) -> None:
    assert isinstance(answer, Problem)
    assert answer.type is ErrorType.CLOCK_SKEW
    assert other in answer.detail
    assert "時計" in answer.title_ja
    assert "信頼できる時刻に合わせ" in answer.remedy_ja
    assert "trusted time source" in answer.remedy


@pytest.mark.parametrize("by", OFF, ids=["fast", "slow"])
async def test_an_office_whose_clock_is_off_is_told_so_and_nothing_is_stamped(
    nation: Nation, by: timedelta
) -> None:
    question = lawful(nation, ISLAND, "nenkin", "年金給付関係情報")
    stamps = "SELECT count(*) FROM exchange.stamp WHERE sender = $1"
    before = await nation.rows("digital", stamps, ISLAND)
    async with off(nation, by):
        told_plainly(await ask(nation, question), "digital")
    assert await nation.rows("digital", stamps, ISLAND) == before
    assert (await ask_until_answered(nation, question))["outcome"] == "provided"


@pytest.mark.parametrize("by", OFF, ids=["fast", "slow"])
async def test_a_provider_whose_clock_is_off_answers_nothing_and_is_named(
    nation: Nation, question: Lawful, by: timedelta
) -> None:
    to_island = lawful(nation, "muni-131016", ISLAND, "住民票関係情報")
    answers = "SELECT count(*) FROM exchange.answer"
    before = await nation.rows(ISLAND, answers)
    async with off(nation, by):
        told_plainly(await ask(nation, to_island), ISLAND)
        assert not isinstance(await ask(nation, question), Problem)
    assert await nation.rows(ISLAND, answers) == before
    assert not isinstance(await ask_until_answered(nation, to_island), Problem)
