"""The privacy commission steps in under load: within three seconds nothing more is stamped."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from drill_nation import Lawful, Load, ask, ask_until_answered

from kumihimo.base import JST, ErrorType, Problem
from kumihimo.node import Oversight
from kumihimo.oversight import lift, publish_assessment, suspend, withdraw_assessment
from kumihimo.world import Nation, publish, served_directory

pytestmark = [pytest.mark.drill, pytest.mark.nation]

BOUND = 3.0  # seconds from publishing until everybody obeys


def decree(nation: Nation, statement: Oversight) -> None:
    publish(nation.places, served_directory(nation.places)[0] + 1, statement)


def standing(nation: Nation) -> Oversight:
    return served_directory(nation.places)[1]


@pytest.fixture(autouse=True)
def restored(nation: Nation) -> Iterator[None]:
    before = standing(nation)
    yield
    now = datetime.now(UTC)
    for name in standing(nation).suspended:
        decree(nation, lift(standing(nation), name, now))
    for name, one in before.assessments.items():
        if standing(nation).assessments[name] != one:
            decree(nation, publish_assessment(standing(nation), name, one.published, one.valid_until, now))


async def stamped_since(nation: Nation, institution: str, moment: datetime) -> int:
    """Exchanges of an institution, as inquirer or as provider, that an operator stamped after a moment."""
    names: set[bytes] = set()
    for side in ("muni-131016", "muni-271004"):
        if side == institution:
            rows = await nation.rows(side, "SELECT tx FROM exchange.inquiry")
        else:
            rows = await nation.rows(side, "SELECT tx FROM exchange.inquiry WHERE provider = $1", institution)
        names |= {bytes(row["tx"]) for row in rows}
    query = "SELECT count(*) FROM exchange.stamp WHERE at > $1 AND tx = ANY($2::bytea[])"
    counts = [await nation.rows(one, query, moment, list(names)) for one in ("digital", "jlis")]
    return sum(int(rows[0][0]) for rows in counts)


async def nothing_more_is_stamped(nation: Nation, institution: str, statement: Oversight) -> Load:
    """Publish a statement under load; from the bound on, no operator stamps anything of the institution."""
    before = datetime.now(UTC)
    async with Load(nation, width=8) as load:
        await load.progress(20)
        assert await stamped_since(nation, institution, before) > 0
        decree(nation, statement)
        await asyncio.sleep(BOUND)
        bound = datetime.now(UTC)
        load.refused.clear()
        await asyncio.sleep(2.0)
    assert await stamped_since(nation, institution, bound) == 0
    return load


async def test_a_suspended_provider_is_asked_nothing_more(nation: Nation, question: Lawful) -> None:
    statement = suspend(standing(nation), "nenkin", "検査のため", datetime.now(UTC))
    load = await nothing_more_is_stamped(nation, "nenkin", statement)
    assert set(load.refused) == {"institution-suspended"}
    refusal = await ask(nation, question)
    assert isinstance(refusal, Problem)
    assert refusal.type is ErrorType.INSTITUTION_SUSPENDED
    assert "日本年金機構" in refusal.detail_ja
    assert "個人情報保護委員会" in refusal.remedy_ja
    decree(nation, lift(standing(nation), "nenkin", datetime.now(UTC)))
    assert (await ask_until_answered(nation, question, BOUND))["outcome"] == "provided"


async def test_a_suspended_inquirer_gets_nothing_more(nation: Nation, question: Lawful) -> None:
    statement = suspend(standing(nation), "muni-131016", "検査のため", datetime.now(UTC))
    load = await nothing_more_is_stamped(nation, "muni-131016", statement)
    assert set(load.refused) == {"institution-suspended"}
    decree(nation, lift(standing(nation), "muni-131016", datetime.now(UTC)))
    assert (await ask_until_answered(nation, question, BOUND))["outcome"] == "provided"


async def test_without_an_assessment_in_force_nothing_more_is_exchanged(
    nation: Nation, question: Lawful
) -> None:
    now = datetime.now(UTC)
    today = now.astimezone(JST).date()
    statement = withdraw_assessment(standing(nation), "nenkin", today, now)
    load = await nothing_more_is_stamped(nation, "nenkin", statement)
    assert set(load.refused) == {"pia-not-published"}
    refusal = await ask(nation, question)
    assert isinstance(refusal, Problem)
    assert refusal.type is ErrorType.PIA_NOT_PUBLISHED
    assert "28条6項" in refusal.ground
    renewed = publish_assessment(standing(nation), "nenkin", today, today + timedelta(days=1000), now)
    decree(nation, renewed)
    assert (await ask_until_answered(nation, question, BOUND))["outcome"] == "provided"
