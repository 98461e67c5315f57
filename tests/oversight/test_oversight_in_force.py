"""Decisions of the commission reach every desk, also in the middle of an exchange."""

from datetime import timedelta

import pytest
from exchange_client import Stage, today
from exchange_parties import CITY, PENSION

from kumihimo.base import ErrorType, Problem, system_clock
from kumihimo.oversight import suspend, withdraw_assessment

pytestmark = pytest.mark.nation


def kind(result: object) -> ErrorType | None:
    return result.type if isinstance(result, Problem) else None


async def test_a_provider_suspended_in_the_middle_of_an_exchange_gives_nothing(stage: Stage):
    person = stage.someone(CITY, PENSION)
    papers = await stage.slip(person)
    delivery = await stage.collected(papers)
    ready = await stage.ready(await stage.slip(person))
    async with stage.decided(lambda now: suspend(now, PENSION, "点検中", system_clock())):
        assert kind(await stage.recorded(papers, delivery)) is ErrorType.INSTITUTION_SUSPENDED
        assert kind(await stage.answered(ready)) is ErrorType.INSTITUTION_SUSPENDED
        asked = await stage.ask(person)
        assert kind(asked) is ErrorType.INSTITUTION_SUSPENDED
        assert PENSION in asked.detail
        assert asked.remedy_ja
    given = await stage.ask(person)
    assert not isinstance(given, Problem), given
    assert not isinstance(await stage.answered(ready), Problem)


async def test_a_suspended_inquirer_is_heard_at_no_desk(stage: Stage):
    person = stage.someone(CITY, PENSION)
    papers = await stage.slip(person)
    delivery = await stage.ready(papers)
    async with stage.decided(lambda now: suspend(now, CITY, "漏えい", system_clock())):
        for result in (
            await stage.stamped(papers, 1),
            await stage.stamped(papers, 2, delivery.first),
            await stage.recorded(papers, delivery),
            await stage.answered(delivery),
            await stage.post(CITY, "numbering", "acquire", b"{}"),
            await stage.ask(person),
        ):
            assert kind(result) is ErrorType.INSTITUTION_SUSPENDED
    assert not isinstance(await stage.answered(delivery), Problem)


@pytest.mark.parametrize("side", [CITY, PENSION])
async def test_an_assessment_withdrawn_in_the_middle_ends_the_exchange(stage: Stage, side):
    person = stage.someone(CITY, PENSION)
    papers = await stage.slip(person)
    delivery = await stage.ready(papers)
    day = today() - timedelta(days=1)
    async with stage.decided(lambda now: withdraw_assessment(now, side, day, system_clock())):
        refused = await stage.answered(delivery)
        assert kind(refused) is ErrorType.PIA_NOT_PUBLISHED
        assert side in refused.detail
        assert kind(await stage.stamped(await stage.slip(person), 1)) is ErrorType.PIA_NOT_PUBLISHED
        assert kind(await stage.ask(person)) is ErrorType.PIA_NOT_PUBLISHED
        # The person still sees their own record: that is no exchange between the two.
        assert await stage.records(person)
    assert not isinstance(await stage.answered(delivery), Problem)
