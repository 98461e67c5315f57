"""P-31: what the law hides is counted, ends on a day, is reviewed by the commission, and shows itself then.

Nobody else can tell a person of whom something is hidden from one of whom nothing is.
"""

import asyncio
import json
from datetime import date, timedelta

import pytest
from exchange_client import Stage, today, until
from exchange_parties import CITY, OTHER_CITY, PENSION

from kumihimo.base import ErrorType, Problem
from kumihimo.node.transport import Raw

pytestmark = pytest.mark.nation
GROUND = "番号法23条2項2号"


async def withheld(stage: Stage) -> list[dict[str, str]]:
    """What the ledger shows to the commission."""
    body = await stage.post("ppc", "ledger", "deferrals", b"{}")
    assert isinstance(body, bytes), body
    return json.loads(body)["withheld"]


async def hide(stage: Stage, person: int, days: int = 30) -> tuple[str, dict[str, str]]:
    """A question about a person whose fact is withheld: its tx, and what the commission sees of it."""
    last = (today() + timedelta(days=days)).isoformat()
    given = await stage.ask(person, withhold_ground=GROUND, withhold_until=last)
    assert not isinstance(given, Problem), given

    async def seen() -> dict[str, str] | None:
        query = "SELECT commit FROM ledger.deferred WHERE tx = $1"
        rows = await stage.nation.rows("ledger", query, bytes.fromhex(given["tx"]))
        commit = rows[0]["commit"].hex() if rows else ""
        return next((one for one in await withheld(stage) if one["commit"] == commit), None)

    return given["tx"], await until(seen)


async def shown(stage: Stage, person: int) -> dict[str, str]:
    """The person's records by tx, each with its kind; the looks themselves left out."""
    lines = await stage.records(person)
    return {one["asked"]["tx"]: one["asked"]["kind"] for one in lines if one["asked"]["kind"] != "disclosed"}


async def newest_epoch(stage: Stage) -> dict[str, int]:
    """The newest epoch's record; empty before the first."""
    raw = await stage.transport.get(stage.directory.entries["ledger"].base_url + "/o/epoch", {}, 5.0)
    assert isinstance(raw, Raw)
    return json.loads(raw.body) if raw.status == 200 else {}


async def test_a_hidden_record_is_counted_for_everybody_from_the_next_epoch_on(stage: Stage):
    before = (await stage.counted())["withheld"]
    await hide(stage, stage.someone(CITY, PENSION))
    assert (await stage.counted())["withheld"] == before + 1
    assert (await newest_epoch(stage))["deferred"] == before + 1


async def test_open_counts_are_those_of_the_newest_epoch_and_tell_no_moment(stage: Stage):
    await hide(stage, stage.someone(CITY, PENSION))
    for _ in range(40):
        first, counts, second = await newest_epoch(stage), await stage.counts(), await newest_epoch(stage)
        if first == second:
            assert counts == {
                "events": first.get("total", 0) + first.get("deferred", 0),
                "persons": first.get("persons", 0),
                "withheld": first.get("deferred", 0),
            }
        await asyncio.sleep(0.1)


async def test_the_commission_sees_ground_and_days_and_no_person_and_nobody_else_sees_anything(stage: Stage):
    person = stage.someone(CITY, PENSION)
    _, one = await hide(stage, person)
    assert (one["ground"], one["by"], one["approval"]) == (GROUND, CITY, "none")
    about = {"commit", "inquirer", "permission", "ground", "until", "due", "by", "approval"}
    assert set(one) == about | {"salt", "counted", "released"}
    subjects = {stage.subject(institution, person) for institution in (CITY, PENSION, "portal")}
    assert subjects & set(one.values()) == set()
    for other in (CITY, PENSION, OTHER_CITY, "portal", "digital", "univ"):
        for path, body in (
            ("deferrals", b"{}"),
            ("deferral-decision", json.dumps({"commit": one["commit"], "decision": "release"}).encode()),
        ):
            refused = await stage.post(other, "ledger", path, body)
            assert isinstance(refused, Problem)
            assert refused.type is ErrorType.NOT_PERMITTED


async def test_a_withholding_ends_after_a_year_unless_the_commission_approves(stage: Stage):
    _, one = await hide(stage, stage.someone(CITY, PENSION), days=3000)
    assert date.fromisoformat(one["due"]) - today() <= timedelta(days=366)
    decision = json.dumps({"commit": one["commit"], "decision": "approve"}).encode()
    assert isinstance(await stage.post("ppc", "ledger", "deferral-decision", decision), bytes)
    (approved,) = [other for other in await withheld(stage) if other["commit"] == one["commit"]]
    assert (approved["approval"], approved["due"]) == ("approved", one["until"])


async def test_until_its_end_the_person_sees_what_a_person_sees_of_whom_nothing_is_hidden(stage: Stage):
    person = stage.someone(CITY, PENSION)
    before = await shown(stage, person)
    tx, _ = await hide(stage, person)
    assert tx not in await shown(stage, person)
    assert await shown(stage, person) == before


async def test_a_providers_withholding_changes_nothing_the_inquirer_is_given(stage: Stage):
    person = stage.someone(CITY, PENSION)
    plain = await stage.ask(person)
    async with stage.flag(PENSION, person, "withheld"):
        hidden = await stage.ask(person)
    assert set(plain) == set(hidden)
    for name in set(plain) - {"tx", "answered_at"}:
        assert plain[name] == hidden[name], name


@pytest.mark.parametrize("by", ["its day", "the commission"])
async def test_at_its_end_a_hidden_record_shows_itself_as_released(stage: Stage, by: str):
    person = stage.someone(CITY, PENSION)
    tx, one = await hide(stage, person)

    async def entered() -> bool:
        query = "SELECT 1 FROM ledger.deferred WHERE commit = $1 AND entered IS NOT NULL"
        return bool(await stage.nation.rows("ledger", query, bytes.fromhex(one["commit"])))

    await until(entered, 30)
    if by == "its day":
        statement = "UPDATE ledger.deferred SET due = $2, until = $2 WHERE commit = $1"
        await stage.write("ledger", statement, bytes.fromhex(one["commit"]), today())
    else:
        decision = json.dumps({"commit": one["commit"], "decision": "release"}).encode()
        assert isinstance(await stage.post("ppc", "ledger", "deferral-decision", decision), bytes)

    async def released() -> str | None:
        return (await shown(stage, person)).get(tx)

    assert await until(released, 30) == "released"
    assert one["commit"] not in {other["commit"] for other in await withheld(stage) if not other["released"]}
