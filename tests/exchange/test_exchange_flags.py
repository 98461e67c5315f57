"""Flags on a person at the provider: a human answers, the fact is withheld, the whereabouts are protected."""

import asyncio
from datetime import timedelta

import pytest
from exchange_client import Stage, today, until
from exchange_parties import CITY, PENSION

from kumihimo.base import ErrorType, Problem, system_clock
from kumihimo.exchange import layouts
from kumihimo.oversight import suspend

pytestmark = pytest.mark.nation
RESIDENTS = "住民票関係情報"


async def pending(stage: Stage, person: int) -> str:
    """Ask about a person whom a human answers for; give the tx that waits."""
    given = await stage.ask(person)
    assert not isinstance(given, Problem), given
    assert (given["outcome"], given["items"]) == ("pending", None)
    return str(given["tx"])


async def decide(stage: Stage, tx: str, *, approve: bool, by: str = "年金課 主任") -> object:
    async with stage.office(PENSION) as office:
        return await office.post(f"approvals/{tx}", {"approve": approve, "by": by})


async def waiting(stage: Stage) -> dict[str, dict[str, object]]:
    async with stage.office(PENSION) as office:
        return {one["tx"]: one for one in await office.get("approvals")}


async def found(stage: Stage, tx: str) -> dict[str, object] | Problem:
    async with stage.office(CITY) as office:
        return await office.get(f"inquiries/{tx}")


async def ended(stage: Stage, tx: str) -> dict[str, object]:
    """The inquiry once its later answer has been delivered."""

    async def look() -> dict[str, object] | None:
        given = await found(stage, tx)
        return given if not isinstance(given, Problem) and given["outcome"] != "pending" else None

    return await until(look)


async def test_an_approved_answer_is_delivered_and_collected(stage: Stage):
    person = stage.someone(CITY, PENSION)
    async with stage.flag(PENSION, person, "manual"):
        tx = await pending(stage, person)
        one = (await waiting(stage))[tx]
        assert (one["inquirer"], one["reason"]) == (CITY, "試験の根拠")
        assert stage.subject(PENSION, person) not in str(one)
        assert (await found(stage, tx))["outcome"] == "pending"
        assert await decide(stage, tx, approve=True) == {"outcome": "provided"}
        later = await ended(stage, tx)
    assert later["outcome"] == "provided"
    assert later["items"]
    assert tx not in await waiting(stage)
    line = await stage.line(person, tx)
    assert line["outcome"]["outcome"] == "provided"


async def test_a_question_refused_by_a_human_ends_refused(stage: Stage):
    person = stage.someone(CITY, PENSION)
    async with stage.flag(PENSION, person, "manual"):
        tx = await pending(stage, person)
        assert await decide(stage, tx, approve=False) == {"outcome": "refused"}
        later = await ended(stage, tx)
    assert (later["outcome"], later["items"]) == ("refused", None)
    assert later["problem"]["type"] == "urn:kumihimo:error:declined"
    assert later["problem"]["ground"] == "番号法22条1項"
    assert later["problem"]["remedy_ja"]

    async def recorded() -> bool:
        outcome = (await stage.line(person, tx))["outcome"]
        return (outcome["outcome"], outcome["reason"]) == ("refused", "declined")

    assert await until(recorded)


async def test_a_question_is_decided_once(stage: Stage):
    person = stage.someone(CITY, PENSION)
    async with stage.flag(PENSION, person, "manual"):
        tx = await pending(stage, person)
        await decide(stage, tx, approve=True)
        for approve in (True, False):
            again = await decide(stage, tx, approve=approve)
            assert isinstance(again, Problem)
            assert again.type is ErrorType.NOT_FOUND
        assert (await ended(stage, tx))["outcome"] == "provided"


async def test_nobody_approves_what_may_no_longer_be_exchanged(stage: Stage):
    person = stage.someone(CITY, PENSION)
    async with stage.flag(PENSION, person, "manual"):
        tx = await pending(stage, person)
        async with stage.decided(lambda now: suspend(now, CITY, "漏えい", system_clock())):
            refused = await decide(stage, tx, approve=True)
            assert isinstance(refused, Problem)
            assert refused.type is ErrorType.INSTITUTION_SUSPENDED
            assert tx in await waiting(stage)
        assert await decide(stage, tx, approve=True) == {"outcome": "provided"}


async def test_of_two_humans_deciding_at_once_one_decides(stage: Stage):
    person = stage.someone(CITY, PENSION)
    async with stage.flag(PENSION, person, "manual"):
        for _ in range(3):
            tx = await pending(stage, person)
            told = await asyncio.gather(*(decide(stage, tx, approve=yes) for yes in (True, False)))
            taken = [one for one in told if not isinstance(one, Problem)]
            assert len(taken) == 1
            assert (await ended(stage, tx))["outcome"] == taken[0]["outcome"]


@pytest.mark.parametrize("tx", ["00" * 16, "zz", "0", "a" * 5000])
async def test_what_nobody_asked_cannot_be_decided(stage: Stage, tx):
    verdict = await decide(stage, tx, approve=True)
    assert isinstance(verdict, Problem)
    assert verdict.type is ErrorType.NOT_FOUND


async def test_a_withheld_exchange_is_answered_hidden_and_counted(stage: Stage):
    person = stage.someone(CITY, PENSION)
    before = (await stage.counted())["withheld"]
    async with stage.flag(PENSION, person, "withheld") as last:
        given = await stage.ask(person)
    assert not isinstance(given, Problem)
    assert given["outcome"] == "provided"
    event = await until(lambda: event_of(stage, given["tx"]))
    assert (event["withheld_until"], event["withheld_by"]) == (last, PENSION)
    assert (await stage.counted())["withheld"] == before + 1
    assert given["tx"] not in {one["asked"]["tx"] for one in await stage.records(person)}


async def event_of(stage: Stage, tx: object):
    query = "SELECT outcome, withheld_until, withheld_by FROM ledger.event WHERE tx = $1"
    row = (await stage.nation.rows("ledger", query, bytes.fromhex(str(tx))))[0]
    return row if row["outcome"] else None


async def test_an_inquirer_may_withhold_from_the_first_moment(stage: Stage):
    person = stage.someone(CITY, PENSION)
    before = (await stage.counted())["withheld"]
    until_day = (today() + timedelta(days=90)).isoformat()
    given = await stage.ask(person, withhold_ground="番号法23条2項2号", withhold_until=until_day)
    assert not isinstance(given, Problem)
    assert given["tx"] not in {one["asked"]["tx"] for one in await stage.records(person)}
    event = await until(lambda: event_of(stage, given["tx"]))
    assert event["withheld_until"].isoformat() == until_day
    assert (await stage.counted())["withheld"] == before + 1
    assert given["tx"] not in {one["asked"]["tx"] for one in await stage.records(person)}


async def test_a_withholding_that_is_over_hides_nothing(stage: Stage):
    person = stage.someone(CITY, PENSION)
    over = today().isoformat()
    given = await stage.ask(person, withhold_ground="番号法23条2項2号", withhold_until=over)
    assert not isinstance(given, Problem)
    assert (await stage.line(person, str(given["tx"])))["asked"]["inquirer"] == CITY


async def test_a_quick_decision_does_not_lose_the_withholding(stage: Stage):
    """The decision replaces a report that may not have left yet: what it withheld stays withheld."""
    person = stage.someone(CITY, PENSION)
    async with stage.flag(PENSION, person, "withheld", "manual") as last:
        tx = await pending(stage, person)
        await decide(stage, tx, approve=False)

    async def refused():
        event = await event_of(stage, tx)
        return event if event and event["outcome"] == "refused" else None

    event = await until(refused)
    assert event["withheld_until"] == last
    assert tx not in {one["asked"]["tx"] for one in await stage.records(person)}


async def test_a_retry_of_a_pending_slip_gets_the_later_answer(stage: Stage):
    person = stage.someone(CITY, PENSION)
    async with stage.flag(PENSION, person, "manual"):
        delivery = await stage.ready(papers := await stage.slip(person))
        first = await stage.answered(delivery)
        assert await stage.answered(delivery) == first
        await decide(stage, papers.slip.tx.hex(), approve=True)
        later = await stage.answered(delivery)
        # This slip was carried by hand; its inquirer's gateway does not wait for it.
        gone = "DELETE FROM node.outbox WHERE kind = 'exchange.later' AND key LIKE '%' || $1"
        await stage.write(PENSION, gone, papers.slip.tx.hex())
    assert not isinstance(later, Problem)
    assert later != first
    assert later.sealed


async def test_the_whereabouts_of_a_protected_person_are_held_back(stage: Stage):
    person = stage.someone("kenpo", CITY)
    locating = layouts().latest(RESIDENTS).locating
    question = stage.case("kenpo", CITY, RESIDENTS, item="address")
    async with stage.flag(CITY, person, "protected"):
        given = await stage.ask(person, "kenpo", CITY, question=question)
        assert not isinstance(given, Problem), given
        hidden = set(question.items) & locating
        assert (given["outcome"], set(given["withheld"])) == ("provided", hidden)
        assert not hidden & set(given["items"])
        assert given["items"]
        only = await stage.ask(person, "kenpo", CITY, question=question, items=sorted(hidden))
    assert not isinstance(only, Problem)
    assert (only["outcome"], only["items"]) == ("refused", None)
    assert only["problem"]["type"] == "urn:kumihimo:error:person-protected"
    assert only["problem"]["remedy_ja"]


async def test_the_same_person_is_answered_for_when_no_longer_protected(stage: Stage):
    person = stage.someone("kenpo", CITY)
    question = stage.case("kenpo", CITY, RESIDENTS, item="address")
    async with stage.flag(CITY, person, "protected", days=-1):
        given = await stage.ask(person, "kenpo", CITY, question=question)
    assert not isinstance(given, Problem)
    assert (given["withheld"], given["items"].get("address") is not None) == ([], True)


async def test_flags_of_the_last_day_still_hold(stage: Stage):
    person = stage.someone(CITY, PENSION)
    async with stage.flag(PENSION, person, "manual", days=0):
        tx = await pending(stage, person)
        await decide(stage, tx, approve=False)
        await ended(stage, tx)


async def test_an_answer_says_what_it_replaces_and_under_which_duty(stage: Stage):
    """番号法22条: a relayed question is answered, and provision counts as filing the document."""
    given = await stage.ask(stage.someone(CITY, PENSION))
    assert not isinstance(given, Problem)
    layout = layouts().latest("年金給付関係情報")
    assert "22条1項" in str(given["relayed"])
    assert given["replaces"] == layout.replaces != ""
    assert given["live"] is True
    refused = await stage.ask(stage.someone(CITY, PENSION), as_of="2026-02-30")
    assert not isinstance(refused, Problem)
    assert (refused["outcome"], refused["replaces"]) == ("refused", "")
    assert refused["problem"]["type"] == "urn:kumihimo:error:malformed"
