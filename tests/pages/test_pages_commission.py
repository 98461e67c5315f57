"""The commission's pages, and the desk's view of the comparison: read, answered, decided."""

import asyncio
import json
import os
import secrets
import time
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest
from pages_reader import Reader
from test_pages_journeys import free_people
from test_pages_reading import SIZES

from kumihimo.cli.demo.messenger import bring
from kumihimo.cli.running import find_running
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


async def until(nation: Nation, institution: str, query: str, *values: object) -> object:
    """The first row's first value, once there is one."""
    for _ in range(200):
        rows = await nation.rows(institution, query, *values)
        if rows and rows[0][0] is not None:
            return rows[0][0]
        await asyncio.sleep(0.1)
    raise AssertionError(f"{institution} has not come to it")


async def compared(nation: Nation) -> None:
    """The logs of all compared to the end, begun after now."""
    running = find_running(nation.places)
    assert running is not None
    begun = False
    while True:
        question = json.dumps({"start": not begun}).encode()
        said = await bring(running, PPC, PPC, "reconcile", question, os.urandom(16))
        assert isinstance(said, bytes), said
        standing = json.loads(said)
        if begun and not standing["running"]:
            return
        begun = begun or standing["began"]
        await asyncio.sleep(0.2)


async def missing_at_the_city(nation: Nation) -> bytes:
    """Others hold an exchange that the city has not: the comparison finds it and tells the city."""
    await compared(nation)
    commit, hour = os.urandom(32), int(time.time()) // 3600 - 1
    for log in ("digital", "jlis", "ledger", PENSION):
        await write(
            nation,
            PPC,
            "INSERT INTO oversight.line VALUES ($1, $2, $3, 'inquire', $4, $5, $6, $7, $8)",
            log,
            -(1 << 40) - secrets.randbelow(1 << 40),
            commit,
            CITY,
            PENSION,
            ROW,
            hour,
            datetime.now(UTC) - timedelta(minutes=10),
        )
    await compared(nation)
    query = "SELECT id FROM oversight.alarm WHERE commit = $1 AND kind = 'missing' AND owner = $2"
    return await told(nation, bytes(await until(nation, PPC, query, commit, CITY)))


async def forked_at_the_city(nation: Nation) -> bytes:
    """The city's log is shorter than what was proved of it: the comparison finds it and tells the city."""
    await compared(nation)
    more = 1000 + secrets.randbelow(1 << 30)
    longer = "UPDATE oversight.reading SET size = size + $2 WHERE log = $1"
    await write(nation, PPC, longer, CITY, more)
    (row,) = await nation.rows(PPC, "SELECT size FROM oversight.reading WHERE log = $1", CITY)
    await compared(nation)
    await write(nation, PPC, longer, CITY, -more)
    query = "SELECT id FROM oversight.alarm WHERE place = $1 AND kind = 'forked' AND owner = $2"
    return await told(nation, bytes(await until(nation, PPC, query, row["size"], CITY)))


async def told(nation: Nation, alarm: bytes) -> bytes:
    """The alarm, once the city holds its notice."""
    await until(nation, CITY, "SELECT id FROM exchange.notice WHERE id = $1", alarm)
    return alarm


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
    await missing_at_the_city(nation)
    await forked_at_the_city(nation)
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
    await missing_at_the_city(nation)
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
    name = await forked_at_the_city(nation)
    await reader.sign_in_clerk(nation, CITY)
    await reader.go(nation.address(CITY) + "desk/reconciliation")
    form = reader.page.locator(f"form[action$='{name.hex()}']")
    await form.get_by_label("当方の記録に誤りがあった").check()
    await form.get_by_role("button").click()
    assert "回答を委員会に送ります" in await reader.text()
    await until(
        nation, PPC, "SELECT answer FROM oversight.notice WHERE alarm = $1 AND institution = $2", name, CITY
    )
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
    assert "集合と一致することを確かめました" in await reader.text()
    await reader.page.locator(f"a[href$='{commit}']").click()
    assert "承認がなければ、この日に開示されます" in await reader.text()
    await reader.press("承認へ進む" if decision == "approve" else "開示へ進む")
    await reader.press("承認する" if decision == "approve" else "開示する")
    assert ("承認しました" if decision == "approve" else "開示を決めました") in await reader.text()
    query = "SELECT approval FROM ledger.deferred WHERE commit = $1"
    (row,) = await nation.rows("ledger", query, bytes.fromhex(commit))
    assert row["approval"] == {"approve": "approved", "release": "refused"}[decision]


async def test_a_list_that_is_not_what_the_ledger_committed_to_is_said_and_is_an_alarm(
    reader: Reader, nation: Nation
):
    commit = bytes.fromhex(await withhold(nation))
    await until(nation, "ledger", "SELECT entered FROM ledger.deferred WHERE commit = $1", commit)
    (row,) = await nation.rows("ledger", "SELECT ground FROM ledger.deferred WHERE commit = $1", commit)
    change = "UPDATE ledger.deferred SET ground = $2 WHERE commit = $1"
    await write(nation, "ledger", change, commit, "別の根拠")
    address = await sign_in_officer(reader, nation)
    await reader.go(address + "oversight/withheld")
    shown = await reader.text()
    await write(nation, "ledger", change, commit, row["ground"])
    assert "台帳が確定した集合と一致しません" in shown
    query = "SELECT count(*) FROM oversight.alarm WHERE owner = 'ledger' AND kind = 'differing'"
    assert await until(nation, PPC, query) == 1
    await reader.go(address + "oversight/withheld")
    assert "集合と一致することを確かめました" in await reader.text()


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
