"""The commission's pages, and the desk's view of the comparison: read, answered, decided."""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path

import asyncpg
import pytest
from pages_reader import Reader
from test_pages_journeys import free_people
from test_pages_reading import SIZES

from kumihimo.world import Nation, load_cast
from kumihimo.world.selfcheck import find_case

pytestmark = [pytest.mark.nation, pytest.mark.browser]
CITY, PENSION, PPC = "muni-131016", "nenkin", "ppc"
ROW = "o9/42/5@2024-05-27"
JAPANESE = """
[...document.querySelectorAll('main *')].filter(e => !e.closest('[lang=ja]') &&
 [...e.childNodes].some(n => n.nodeType === 3 && /[ぁ-んァ-ヶ一-龠]/.test(n.textContent)))
 .map(e => e.textContent.trim().slice(0, 60))
"""


async def write(nation: Nation, institution: str, statement: str, *values: object) -> None:
    conn = await asyncpg.connect(nation.server.owner_of(institution))
    try:
        await conn.execute(statement, *values)
    finally:
        await conn.close()


async def alarm(nation: Nation, kind: str, owner: str = CITY, place: int | None = None) -> bytes:
    """An alarm that its owner was told of, as if a comparison had found it."""
    name, commit = os.urandom(16), os.urandom(32) if place is None else None
    last = date.today() + timedelta(days=7)  # noqa: DTZ011 any day does
    both = (
        name,
        kind,
        owner,
        commit,
        place,
        ROW,
        494_000,
        owner,
        PENSION,
        ["digital", "jlis", PENSION],
        last,
    )
    columns = "id, kind, owner, commit, place, permission, hour, inquirer, provider, holders, due"
    marks = ", ".join(f"${number}" for number in range(1, 12))
    await write(
        nation,
        PPC,
        f"INSERT INTO oversight.alarm ({columns}, raised_at) VALUES ({marks}, now())",
        *both,
    )
    await write(nation, PPC, "INSERT INTO oversight.notice VALUES ($1, $2, now())", name, owner)
    await write(
        nation, owner, f"INSERT INTO exchange.notice ({columns}, closed) VALUES ({marks}, false)", *both
    )
    return name


async def withhold(nation: Nation) -> str:
    """A question whose fact is withheld; its commitment, once the ledger holds it in the deferral set."""
    person = (await free_people(nation))[1]
    case = find_case(nation, CITY, PENSION, "年金給付関係情報")
    office = nation.office(CITY)
    given = await office.post(
        "inquiries",
        {
            "subject": load_cast(nation.places)[CITY][person],
            "to": PENSION,
            "permission": case.permission,
            "information": case.information,
            "items": case.items,
            "piece": case.piece,
            "withhold_ground": "番号法23条2項2号",
            "withhold_until": (date.today() + timedelta(days=400)).isoformat(),  # noqa: DTZ011
        },
    )
    await office.close()
    query = "SELECT commit FROM ledger.deferred WHERE tx = $1"
    for _ in range(100):
        rows = await nation.rows("ledger", query, bytes.fromhex(given["tx"]))
        if rows:
            return rows[0]["commit"].hex()
        await asyncio.sleep(0.1)
    raise AssertionError("the ledger withholds nothing")


async def sign_in_officer(reader: Reader, nation: Nation) -> str:
    address = nation.address(PPC)
    await reader.go(address)
    await reader.page.get_by_role("radio", name="見本").check()
    await reader.press("窓口に入る")
    return address


async def compare(reader: Reader, nation: Nation) -> None:
    await reader.go(nation.address(PPC) + "oversight")
    await reader.press("いま照合する")
    query = "SELECT 1 FROM oversight.run WHERE finished_at IS NULL"
    await asyncio.sleep(0.5)
    for _ in range(300):
        if not await nation.rows(PPC, query):
            return
        await asyncio.sleep(0.1)


async def every_page(reader: Reader, nation: Nation) -> AsyncIterator[str]:
    """Walk through the commission's pages and the desk's; give the name of each while it is open."""
    commit = await withhold(nation)
    await alarm(nation, "missing")
    await alarm(nation, "forked", place=12)
    await reader.go(nation.address(PPC))
    yield "sign-in"
    address = await sign_in_officer(reader, nation)
    await compare(reader, nation)
    await reader.go(address + "oversight")
    await reader.page.locator("main summary").first.click()
    yield "overview"
    for path in ("alarms", "withheld", "epochs", "counts"):
        await reader.go(f"{address}oversight/{path}")
        yield path
    await reader.go(f"{address}oversight/withheld/{commit}")
    yield "one withheld"
    await reader.go(f"{address}oversight/withheld/{commit}?decision=release")
    yield "second look"
    await reader.sign_in_clerk(nation, CITY)
    yield "desk with notices"
    await reader.go(nation.address(CITY) + "desk/reconciliation")
    yield "comparison at the desk"


@pytest.mark.parametrize("reader", SIZES, indirect=True, ids=["phone", "desk"])
async def test_no_page_of_the_commission_has_a_fault(reader: Reader, nation: Nation):
    faults: list[str] = []
    pictures = os.environ.get("KUMIHIMO_PICTURES")
    async for name in every_page(reader, nation):
        faults += [f"{name}: {fault}" for fault in await reader.accessible()]
        if pictures:
            width = reader.page.viewport_size["width"]
            path = Path(pictures) / f"{name.replace(' ', '-')}-{width}.png"
            await reader.page.screenshot(path=path, full_page=True)
    assert faults == []


async def test_the_commissions_pages_read_in_english(reader: Reader, nation: Nation):
    await alarm(nation, "missing")
    commit = await withhold(nation)
    await reader.go(nation.address(PPC) + "oversight?lang=en")
    await reader.press("Sign in")
    paths = ("", "/alarms", "/withheld", f"/withheld/{commit}", "/epochs", "/counts")
    for path in paths:
        await reader.go(f"{nation.address(PPC)}oversight{path}")
        assert await reader.page.evaluate(JAPANESE) == [], path
    await reader.go(nation.address(CITY) + "desk?lang=en")
    await reader.press("Sign in")
    await reader.go(nation.address(CITY) + "desk/reconciliation")
    assert await reader.page.evaluate(JAPANESE) == []


async def test_nobody_sees_the_commissions_pages_without_signing_in(reader: Reader, nation: Nation):
    for path in ("alarms", "withheld", "epochs", "counts"):
        await reader.go(f"{nation.address(PPC)}oversight/{path}")
        assert await reader.heading() == "監督の窓口に入る"


@pytest.mark.parametrize("reader", [{"java_script_enabled": False}], indirect=True)
async def test_a_clerk_answers_a_notice_and_the_commission_sees_it_and_closes_the_alarm(
    reader: Reader, nation: Nation
):
    name = await alarm(nation, "forked", place=3)
    await reader.sign_in_clerk(nation, CITY)
    await reader.go(nation.address(CITY) + "desk/reconciliation")
    form = reader.page.locator(f"form[action$='{name.hex()}']")
    await form.get_by_label("当方の記録に誤りがあった").check()
    await form.get_by_role("button").click()
    assert "回答を委員会に送ります" in await reader.text()
    query = "SELECT answer FROM oversight.notice WHERE alarm = $1"
    for _ in range(100):
        if (await nation.rows(PPC, query, name))[0]["answer"]:
            break
        await asyncio.sleep(0.1)
    address = await sign_in_officer(reader, nation)
    await reader.go(address + "oversight/alarms")
    close = reader.page.locator(f"form[action*='{name.hex()}']")
    await close.get_by_role("button").click()
    assert "警報を閉じました" in await reader.text()
    (row,) = await nation.rows(PPC, "SELECT closed_at FROM oversight.alarm WHERE id = $1", name)
    assert row["closed_at"] is not None


@pytest.mark.parametrize("decision", ["approve", "release"])
async def test_the_commission_decides_about_a_withholding_after_a_second_look(
    reader: Reader, nation: Nation, decision: str
):
    commit = await withhold(nation)
    address = await sign_in_officer(reader, nation)
    await reader.go(address + "oversight/withheld")
    await reader.page.locator(f"a[href$='{commit}']").click()
    assert "承認がなければ、この日に開示されます" in await reader.text()
    await reader.press("承認へ進む" if decision == "approve" else "開示へ進む")
    await reader.press("承認する" if decision == "approve" else "開示する")
    assert ("承認しました" if decision == "approve" else "開示を決めました") in await reader.text()
    query = "SELECT approval FROM ledger.deferred WHERE commit = $1"
    (row,) = await nation.rows("ledger", query, bytes.fromhex(commit))
    assert row["approval"] == {"approve": "approved", "release": "refused"}[decision]


async def test_own_records_are_narrowed_by_day_and_the_other_side(reader: Reader, nation: Nation):
    await withhold(nation)
    await reader.sign_in_clerk(nation, CITY)
    await reader.press("記録の照合")
    rows = reader.page.locator("main table tbody tr")
    assert await rows.count() > 0
    await reader.page.get_by_label("相手の機関").select_option(PENSION)
    await reader.press("絞り込む")
    names = {text async for text in _texts(rows)}
    assert all("日本年金機構" in text for text in names)
    await reader.page.get_by_label("日", exact=True).fill("2024-01-01")
    await reader.press("絞り込む")
    assert "この条件に合う記録はありません" in await reader.text()


async def _texts(rows: object) -> AsyncIterator[str]:
    for row in await rows.all():
        yield await row.inner_text()
