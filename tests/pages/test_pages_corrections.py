"""A person says that a record is wrong; clerks of both sides decide; the person sees each step."""

import asyncio

import pytest
from pages_reader import Reader
from test_pages_journeys import free_people, sign_in_citizen
from test_pages_records import ask, read_until

from kumihimo.world import Nation

pytestmark = [pytest.mark.nation, pytest.mark.browser]
CITY, PENSION = "muni-131016", "nenkin"
LETTER = "その日は児童手当の手続をしていません。\n窓口にも行っていません。"
PHONE = {"viewport": {"width": 360, "height": 740}, "java_script_enabled": False}


async def dispute(reader: Reader, tx: str) -> None:
    """Fill in the form about one record and send it."""
    record = reader.page.locator("article", has_text=tx)
    await record.locator("summary").first.click()
    await record.get_by_role("link", name="この記録の訂正を請求する").click()
    await reader.page.get_by_label("その手続をした覚えがない").check()
    await reader.page.get_by_label("どこが、どう違いますか").fill(LETTER)
    await reader.press("内容を確かめる")


async def decide(reader: Reader, nation: Nation, institution: str, verdict: str) -> str:
    """Sign in at an institution's desk and decide the request that waits; what the page showed."""
    await reader.sign_in_clerk(nation, institution)
    await reader.press("請求を見る", exact=False)
    await reader.press("内容を見る")
    shown = await reader.text()
    await reader.page.get_by_label(verdict).check()
    await reader.press("確認に進む")
    assert "この判断でよいですか" in await reader.text()
    await reader.press("この判断を記録する")
    assert "判断を記録しました" in await reader.text()
    return shown


@pytest.mark.parametrize("reader", [PHONE], indirect=True)
async def test_a_person_disputes_a_record_and_sees_what_becomes_of_it(reader: Reader, nation: Nation):
    person = (await free_people(nation))[3]
    tx = await ask(nation, person, PENSION, "年金給付関係情報", office="子育て支援課")
    portal = await sign_in_citizen(reader, nation, person)
    await read_until(reader, tx)
    await dispute(reader, tx)
    check = await reader.text()
    assert "窓口にも行っていません。" in check
    assert "千代田区、日本年金機構" in check
    await reader.press("書き直す")
    kept = await reader.page.get_by_label("どこが、どう違いますか").input_value()
    assert kept == LETTER
    await reader.press("内容を確かめる")
    await reader.press("請求を送る")
    assert await reader.heading() == "訂正の請求を送りました"
    assert not [address for address in reader.addresses if "児童手当" in address]

    shown = await decide(reader, nation, CITY, "記録に誤りがあった")
    assert "窓口にも行っていません。" in shown
    assert "子育て支援課" in shown
    shown = await decide(reader, nation, PENSION, "事実を確かめられない")
    assert "窓口にも行っていません。" in shown
    assert "提供した" in shown

    await reader.go(portal)
    for _ in range(60):
        await reader.press("最新の記録を確かめる")
        steps = await reader.page.locator("article", has_text=tx).locator(".progress li").all_inner_texts()
        if sum("対応済み" in one for one in steps) == 2 and not any("送っています" in one for one in steps):
            break
        await asyncio.sleep(0.5)
    assert [one.partition("（")[0] for one in steps] == [
        "千代田区",
        "日本年金機構",
        "デジタル庁",
        "地方公共団体情報システム機構",
    ]
    assert "対応済み（訂正しました：記録に誤りがありました）" in steps[0]
    assert "対応済み（訂正しませんでした：事実を確かめられませんでした）" in steps[1]
    assert "受け取り、記録しました" in steps[2]


async def test_a_request_without_a_reason_or_too_long_is_not_sent(reader: Reader, nation: Nation):
    person = (await free_people(nation))[4]
    tx = await ask(nation, person, PENSION, "年金給付関係情報")
    portal = await sign_in_citizen(reader, nation, person)
    await read_until(reader, tx)
    await reader.go(f"{portal}correction/{tx}")
    form = "document.querySelector('main form')"
    await reader.page.evaluate(f"{form}.noValidate = true; {form}.text.removeAttribute('maxlength')")
    await reader.press("内容を確かめる")
    assert "何が違うかを選んでください" in await reader.text()
    assert await reader.accessible() == []
    await reader.page.evaluate(f"{form}.noValidate = true; {form}.text.removeAttribute('maxlength')")
    await reader.page.get_by_label("そのほか").check()
    await reader.page.get_by_label("どこが、どう違いますか").fill("あ" * 1001)
    await reader.press("内容を確かめる")
    assert "文章が長すぎます" in await reader.text()
    (row,) = await nation.rows(
        "ledger",
        "SELECT count(*) AS made FROM ledger.correction WHERE record = $1",
        bytes.fromhex(tx),
    )
    assert row["made"] == 0


async def test_a_record_that_was_not_shown_here_cannot_be_disputed(reader: Reader, nation: Nation):
    portal = await sign_in_citizen(reader, nation, (await free_people(nation))[4])
    await reader.go(f"{portal}correction/{'00' * 16}")
    assert await reader.heading() == "だれが、わたしの情報を見たか"
