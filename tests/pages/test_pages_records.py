"""The citizen finds one record among many, and understands it and the proof without help."""

import asyncio

import pytest
from pages_reader import Reader
from test_pages_journeys import free_people, sign_in_citizen

from kumihimo.base import Problem
from kumihimo.world import Nation, load_cast
from kumihimo.world.selfcheck import ask_one, find_case

pytestmark = [pytest.mark.nation, pytest.mark.browser]
CITY, PENSION, REGISTER = "muni-131016", "nenkin", "moj"
PHONE = {"viewport": {"width": 360, "height": 740}, "java_script_enabled": False}


async def ask(nation: Nation, person: int, provider: str, information: str, **more: object) -> str:
    office = nation.office(CITY)
    try:
        case = find_case(nation, CITY, provider, information)
        given = await ask_one(office, case, provider, load_cast(nation.places)[CITY][person], **more)
    finally:
        await office.close()
    assert not isinstance(given, Problem)
    return str(given["tx"])


async def read_until(reader: Reader, *names: str) -> None:
    """Look again until these exchanges stand on the page."""
    for _ in range(40):
        page = await reader.page.locator("main").text_content() or ""
        if all(name in page for name in names):
            return
        await reader.press("最新の記録を確かめる")
        await asyncio.sleep(0.3)
    raise AssertionError("the records do not come")


@pytest.mark.parametrize("reader", [PHONE], indirect=True)
async def test_filters_narrow_the_list_without_a_script_and_without_a_look(reader: Reader, nation: Nation):
    person = (await free_people(nation, REGISTER))[1]
    single = await ask(nation, person, PENSION, "年金給付関係情報")
    bulk = await ask(nation, person, REGISTER, "戸籍関係情報", bulk=True)
    await sign_in_citizen(reader, nation, person)
    await read_until(reader, single, bulk)
    query = "SELECT count(*) AS looks FROM ledger.entry WHERE kind = 'disclosed'"
    (before,) = await nation.rows("ledger", query)
    await reader.page.get_by_text("しぼり込む（機関・時期・種類）").click()
    await reader.page.get_by_label("照会のしかた").select_option(label="多くの人をまとめた照会（一括）")
    await reader.press("しぼり込む")
    whole = await reader.page.locator("main").text_content()
    assert bulk in whole
    assert single not in whole
    assert "一括照会" in await reader.text()
    await reader.page.get_by_label("情報の種類").select_option(label="年金給付関係情報")
    await reader.page.get_by_label("照会のしかた").select_option(label="すべて")
    await reader.press("しぼり込む")
    whole = await reader.page.locator("main").text_content()
    assert single in whole
    assert bulk not in whole
    assert "件が当てはまります" in await reader.text()
    await reader.press("すべて表示に戻す")
    assert bulk in await reader.page.locator("main").text_content()
    (after,) = await nation.rows("ledger", query)
    assert after["looks"] == before["looks"]


async def test_a_record_is_a_sentence_and_the_law_is_one_press_away(reader: Reader, nation: Nation):
    person = (await free_people(nation))[2]
    tx = await ask(nation, person, PENSION, "年金給付関係情報", office="子育て支援課")
    await sign_in_citizen(reader, nation, person)
    await read_until(reader, tx)
    record = reader.page.locator("article", has_text=tx)
    sentence = await record.locator("h2").inner_text()
    assert sentence.startswith("千代田区が、")
    assert sentence.endswith("の手続のために、あなたの「年金給付」の情報を、日本年金機構に照会しました")
    assert "番号法" not in await record.inner_text()
    await record.locator("summary").first.click()
    opened = await record.inner_text()
    assert "番号法第19条第8号" in opened
    assert tx in opened
    assert "子育て支援課" in opened


async def test_the_proof_is_explained_in_three_pictures_and_three_sentences(reader: Reader, nation: Nation):
    await reader.go(nation.address("portal") + "proof")
    steps = reader.page.locator(".proof-steps > li")
    assert await steps.count() == await steps.locator("svg[role=img][aria-label]").count() == 3
    for step in await steps.all():
        told = await step.locator("p").inner_text()
        assert told.count("。") == 1
    said = await reader.text()
    assert "証明が言わないこと" in said
    for jargon in ("ハッシュ", "Merkle", "マークル", "署名検証"):
        assert jargon not in said
    await reader.press("English")
    assert "What it does not say" in await reader.text()
    assert await reader.accessible() == []
