"""Every page can be read and worked: language, keyboard, small and large screens, paper, headers."""

from collections.abc import AsyncIterator

import pytest
from pages_reader import Reader
from test_pages_journeys import free_people, sign_in_citizen

from kumihimo.world import Nation, load_cast
from kumihimo.world.selfcheck import ask_one, find_case

pytestmark = [pytest.mark.nation, pytest.mark.browser]
CITY, PENSION = "muni-131016", "nenkin"
SIZES = [{"viewport": {"width": 360, "height": 740}}, {"viewport": {"width": 1400, "height": 900}}]


async def every_page(reader: Reader, nation: Nation) -> AsyncIterator[str]:
    """Walk through all pages; give the name of each while it is open."""
    case = find_case(nation, CITY, PENSION, "年金給付関係情報")
    person = (await free_people(nation))[0]
    subject = load_cast(nation.places)[CITY][person]
    await reader.go(nation.address("portal") + "map")
    yield "map"
    await reader.go(nation.address("portal"))
    yield "citizen's sign-in"
    await reader.go(nation.address(CITY) + "desk")
    yield "clerk's sign-in"
    await reader.sign_in_clerk(nation, CITY)
    yield "desk"
    await reader.press("新しい照会")
    yield "person"
    await reader.page.get_by_label("氏名・振り仮名・宛名番号").fill("")
    await reader.press("探す")
    yield "people found"
    await reader.choose_person(subject)
    yield "procedures"
    await reader.choose_question(case, PENSION)
    yield "items"
    await reader.turn(-1)
    yield "whom to ask"
    await reader.turn(1)
    await reader.press("この内容で照会する")
    await reader.page.get_by_text("証跡を見る").click()
    yield "answer"
    await reader.go(nation.address(CITY) + "desk/inquiries")
    yield "inquiries"
    await reader.go(nation.address(CITY) + "desk/approvals")
    yield "approvals"
    reader.refused = frozenset({404})
    await reader.go(nation.address(CITY) + "desk/inquiries/00")
    yield "refusal"
    reader.refused = frozenset()
    portal = await sign_in_citizen(reader, nation, person)
    for more in await reader.page.locator("main summary").all():
        await more.click()
    yield "records"
    await reader.go(portal)
    for _ in range(40):
        if await reader.page.locator("article").count():
            break
        await reader.press("最新の記録を確かめる")
        await reader.page.wait_for_timeout(300)
    await reader.page.locator("article summary").first.click()
    await reader.press("この記録の訂正を請求する")
    yield "what is wrong"
    await reader.page.get_by_label("そのほか").check()
    await reader.page.get_by_label("どこが、どう違いますか").fill("日付が違います。")
    await reader.press("内容を確かめる")
    yield "check before sending"
    await reader.press("請求を送る")
    yield "request sent"
    await reader.go(nation.address(CITY) + "desk")
    await reader.press("請求を見る", exact=False)
    yield "requests for correction"
    await reader.press("内容を見る")
    yield "request to be decided"
    await reader.page.get_by_label("記録は事実のとおり").check()
    await reader.press("確認に進む")
    yield "second look at a decision"
    await reader.go(portal + "?state=provided&since=2026-01-01")
    yield "records narrowed"
    await reader.go(portal + "?print=1")
    yield "records for paper"
    await reader.go(portal + "proof")
    yield "the proof explained"


@pytest.mark.parametrize("reader", SIZES, indirect=True, ids=["phone", "desk"])
async def test_no_page_has_a_fault_a_checker_of_accessibility_finds(reader: Reader, nation: Nation):
    faults: list[str] = []
    names = []
    async for name in every_page(reader, nation):
        names.append(name)
        faults += [f"{name}: {fault}" for fault in await reader.accessible()]
    assert faults == []
    assert len(names) == len(set(names)) == 23


async def test_english_is_one_link_away_and_remembered(reader: Reader, nation: Nation):
    await reader.go(nation.address("portal") + "map")
    assert await reader.heading() == "国の地図"
    await reader.press("English")
    assert await reader.heading() == "Map of the nation"
    assert await reader.page.locator("html").get_attribute("lang") == "en"
    await reader.go(nation.address("portal"))
    assert await reader.heading() == "Who looked at your data"
    assert await reader.accessible() == []
    await reader.press("日本語")
    assert await reader.heading() == "だれが、あなたの情報を見たか"


async def test_the_whole_desk_reads_in_english(reader: Reader, nation: Nation):
    await reader.go(nation.address(CITY) + "desk?lang=en")
    await reader.press("Sign in")
    for path in ("desk", "desk/person", "desk/inquiries", "desk/approvals", "desk/corrections"):
        await reader.go(nation.address(CITY) + path)
        japanese = "[...document.querySelectorAll('main *')].filter(e => !e.closest('[lang=ja]') && "
        japanese += (
            "[...e.childNodes].some(n => n.nodeType === 3 && /[ぁ-んァ-ヶ一-龠]/.test(n.textContent)))"
        )
        found = await reader.page.evaluate(japanese + ".map(e => e.textContent.trim().slice(0, 40))")
        assert [text for text in found if "for example" not in text] == []


async def test_the_keyboard_alone_signs_in_and_finds_a_person(reader: Reader, nation: Nation):
    subject = load_cast(nation.places)[CITY][(await free_people(nation))[0]]
    await reader.go(nation.address(CITY) + "desk")
    keyboard = reader.page.keyboard
    await reader.tab_to("a.skip")
    await keyboard.press("Enter")
    await reader.tab_to("input[name=clerk]")
    await keyboard.press("ArrowDown")
    await reader.tab_to("main button[type=submit]")
    await reader.enter()
    await reader.tab_to("main a[href$='/desk/person']")
    await reader.enter()
    await reader.tab_to("#words")
    await keyboard.type(subject)
    await reader.enter()
    await reader.tab_to("button[name=subject]")
    await reader.enter()
    assert await reader.heading() == "事務手続を選ぶ"
    await reader.tab_to("#q")
    await keyboard.type("児童手当")
    await reader.enter()
    await reader.tab_to("main summary")
    assert "児童手当" in await reader.text()


async def test_a_birth_date_is_read_as_offices_write_it(reader: Reader, nation: Nation):
    (row,) = await nation.rows(
        CITY, "SELECT subject, birth, name FROM register.resident ORDER BY birth LIMIT 1"
    )
    year = row["birth"].year - 1925
    await reader.sign_in_clerk(nation, CITY)
    await reader.press("新しい照会")
    await reader.page.get_by_label("生年月日").fill(f"Ｓ{year}．{row['birth'].month}．{row['birth'].day}")
    await reader.press("探す")
    assert row["name"] in await reader.text()
    await reader.page.get_by_label("生年月日").fill("昭和99年1月1日")
    await reader.press("探す")
    assert "日付として読めません" in await reader.text()


async def test_the_map_counts_what_passes_and_links_to_every_desk(reader: Reader, nation: Nation):
    cast = load_cast(nation.places)
    case = find_case(nation, CITY, PENSION, "年金給付関係情報")
    office = nation.office(CITY)
    await ask_one(office, case, PENSION, cast[CITY][(await free_people(nation))[0]])
    await office.close()
    (row,) = await nation.rows("ledger", "SELECT count(*) AS events FROM ledger.event")
    first = 0
    for _ in range(60):  # the map counts what an epoch has closed over
        await reader.go(nation.address("portal") + "map")
        first = int((await reader.page.locator(".tiles strong").first.inner_text()).replace(",", ""))
        if first >= row["events"]:
            break
        await reader.page.wait_for_timeout(2000)
    assert first >= row["events"] > 0
    desks = await reader.page.locator("table a[href$='/desk']").count()
    assert desks == 9
    assert await reader.page.locator(".map-wide svg a").count() == desks
    assert "応答なし" not in await reader.text()
    assert await reader.page.locator("[aria-label*='広がりの図'] svg").count() == 1
    assert await reader.page.locator("meta[http-equiv=refresh]").count() == 0
    await reader.press("10秒ごとに更新する")
    assert await reader.page.locator("meta[http-equiv=refresh]").get_attribute("content") == "10"


async def test_on_paper_the_list_is_whole_and_the_controls_are_gone(reader: Reader, nation: Nation):
    portal = await sign_in_citizen(reader, nation, (await free_people(nation))[0])
    await reader.go(portal + "?print=1")
    await reader.page.emulate_media(media="print")
    assert not await reader.page.locator(".lang").is_visible()
    assert not await reader.page.get_by_role("button", name="最新の記録を確かめる").is_visible()
    assert await reader.page.locator("article details:not([open])").count() == 0
