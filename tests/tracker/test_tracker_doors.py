"""The tracker in a running nation: a second door with the first one's gates."""

import json
from datetime import UTC, datetime

import msgspec
import pytest
from exchange_client import Stage
from exchange_parties import CITY, PENSION

from kumihimo.base import ErrorType, Problem
from kumihimo.exchange import AnswerEnvelope, answer_form, digest
from kumihimo.exchange.receiving import ANSWER_BOX
from kumihimo.world import institution_ids

pytestmark = pytest.mark.nation


async def found(stage: Stage, person: int, **query: object) -> dict | Problem:
    """What a national portal gets for one of its people."""
    papers = await stage.own_look(person, items=("usages",))
    delivery = await stage.collected(papers, "portal")
    body = msgspec.json.encode({"delivery": delivery, **query})
    answered = await stage.post("portal", "ledger", "tracker/find-usage", body)
    if isinstance(answered, Problem):
        return answered
    envelope = answer_form.read(answered)
    assert isinstance(envelope, AnswerEnvelope), envelope
    opened = stage.keys["portal"].box.open(envelope.sealed, info=ANSWER_BOX, aad=digest(papers.signed.body))
    assert isinstance(opened, bytes), opened
    return json.loads(opened)["usages"]


def refused(verdict: object) -> ErrorType:
    assert isinstance(verdict, Problem), verdict
    return verdict.type


async def test_both_doors_show_the_same_records(stage: Stage):
    person = stage.someone(CITY, PENSION)
    given = await stage.ask(person)
    await stage.line(person, given["tx"])
    first = await stage.records(person)
    second = await found(stage, person)
    assert isinstance(second, dict)
    assert second["totalUsages"] == len(second["usages"]) == len(first) + 1, "this look is the newest usage"
    for usage, record in zip(second["usages"][1:], first, strict=True):
        asked = record["asked"]
        assert datetime.fromisoformat(usage["logtime"]).timestamp() * 1000 == asked["time"]
        assert usage["receiverName"] == stage.directory.entries[asked["inquirer"]].name
    assert second["usages"][0]["action"] == "本人による記録の閲覧"
    assert any(PENSION_WORDS in usage["action"] for usage in second["usages"])


PENSION_WORDS = "年金給付関係情報（提供）"


async def test_a_look_through_this_door_is_on_record_once(stage: Stage):
    person = stage.someone(CITY, PENSION)
    before = {line["asked"]["tx"] for line in await stage.records(person)}
    papers = await stage.own_look(person, items=("usages",))
    body = msgspec.json.encode({"delivery": await stage.collected(papers, "portal")})
    for _ in range(3):
        assert isinstance(await stage.post("portal", "ledger", "tracker/find-usage", body), bytes)
    fresh = [line["asked"] for line in await stage.records(person) if line["asked"]["tx"] not in before]
    looks = [one for one in fresh if one["items"] == ["usages"]]
    assert [(one["kind"], one["inquirer"], one["tx"]) for one in looks] == [
        ("disclosed", "portal", papers.slip.tx.hex())
    ]


async def test_pages_and_periods_cut_the_list_and_not_the_count(stage: Stage):
    person = stage.someone(CITY, PENSION)
    for _ in range(3):
        given = await stage.ask(person)
        await stage.line(person, given["tx"])
    whole = await found(stage, person)
    page = await found(stage, person, offset=1, limit=2)
    assert page["totalUsages"] == whole["totalUsages"] + 1
    assert page["usages"][1] == whole["usages"][1]
    assert len(page["usages"]) == 2
    now = datetime.now(UTC).isoformat()
    assert await found(stage, person, offset=10_000) == {"totalUsages": page["totalUsages"] + 1, "usages": []}
    assert (await found(stage, person, periodEnd="2000-01-01T00:00:00"))["totalUsages"] == 0
    assert (await found(stage, person, periodStart="2000-01-01T00:00:00", periodEnd=now))["totalUsages"] > 4


@pytest.mark.parametrize(
    "query",
    [{"offset": -1}, {"limit": 0}, {"limit": 10_001}, {"limit": "5"}, {"periodStart": "yesterday"},
     {"userCode": "EE12345678901"}],
)  # fmt: skip
async def test_a_query_of_another_form_is_malformed_and_no_number_is_taken(stage: Stage, query: dict):
    person = stage.someone(CITY, PENSION)
    assert refused(await found(stage, person, **query)) is ErrorType.MALFORMED


async def test_a_query_without_a_disclosure_names_nobody(stage: Stage):
    for body in (b"{}", b"", b'{"userCode":"EE12345678901"}', b"[]", b'{"delivery":{}}'):
        verdict = await stage.post("portal", "ledger", "tracker/find-usage", body)
        assert refused(verdict) is ErrorType.MALFORMED


async def test_the_slip_must_be_made_for_this_door(stage: Stage):
    person = stage.someone(CITY, PENSION)
    papers = await stage.own_look(person)
    body = msgspec.json.encode({"delivery": await stage.collected(papers, "portal")})
    verdict = await stage.post("portal", "ledger", "tracker/find-usage", body)
    assert refused(verdict) is ErrorType.ITEMS_NOT_PERMITTED
    assert papers.slip.tx.hex() not in {line["asked"]["tx"] for line in await stage.records(person)}


async def test_heartbeat_and_period_are_answered(stage: Stage):
    beat = await stage.post("portal", "ledger", "tracker/heartbeat", b"{}")
    assert isinstance(beat, bytes)
    assert json.loads(beat)["status"] == "OK"
    period = await stage.post("portal", "ledger", "tracker/usage-period", b"{}")
    assert isinstance(period, bytes)
    assert datetime.fromisoformat(json.loads(period)["periodStart"]) <= datetime.now(UTC)


@pytest.mark.parametrize("curious", [name for name in institution_ids() if name not in {"portal", "ledger"}])
async def test_nobody_but_a_disclosure_system_is_heard(stage: Stage, curious: str):
    person = stage.someone(CITY, PENSION)
    papers = await stage.own_look(person, items=("usages",))
    body = msgspec.json.encode({"delivery": await stage.collected(papers, "portal")})
    for path in ("heartbeat", "usage-period", "find-usage"):
        assert (
            refused(await stage.post(curious, "ledger", f"tracker/{path}", body)) is ErrorType.NOT_PERMITTED
        )
