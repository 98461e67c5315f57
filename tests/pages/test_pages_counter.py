"""A person without card or phone asks at the counter: the clerk prints the very list the portal shows."""

import asyncio

import pytest
from pages_reader import Reader
from test_pages_journeys import free_people, sign_in_citizen
from test_pages_records import ask, read_until

from kumihimo.exchange import evidence_form, slip_codec
from kumihimo.node import load_keys
from kumihimo.world import Nation, load_cast

pytestmark = [pytest.mark.nation, pytest.mark.browser]
CITY, PENSION, REGISTER = "muni-131016", "nenkin", "moj"


async def serve(reader: Reader, nation: Nation, subject: str) -> None:
    """At the counter: find the person, say how they are known, show their records."""
    await reader.sign_in_clerk(nation, CITY, "窓野")
    await reader.press("記録の開示")
    await reader.page.get_by_label("氏名・振り仮名・宛名番号").fill(subject)
    await reader.press("探す")
    await reader.press("この方を選ぶ", exact=False)
    await reader.page.get_by_label("運転免許証").check()
    await reader.page.get_by_label("ご本人が窓口で開示を請求しました").check()
    await reader.press("記録を開示する")


async def told(reader: Reader) -> list[tuple[str, str]]:
    """Each record on the page: when and how it ended, and its sentence."""
    return [
        (await one.locator(".record-top").inner_text(), await one.locator("h2").inner_text())
        for one in await reader.page.locator("article.record").all()
    ]


async def test_the_printed_list_is_the_portals_list(reader: Reader, nation: Nation):
    person = (await free_people(nation, REGISTER))[3]
    subject = load_cast(nation.places)[CITY][person]
    asked = [
        await ask(nation, person, PENSION, "年金給付関係情報", office="子育て支援課"),
        await ask(nation, person, REGISTER, "戸籍関係情報", bulk=True),
    ]
    portal = await sign_in_citizen(reader, nation, person)
    await read_until(reader, *asked)
    await reader.go(portal + "?print=1")
    at_home = await told(reader)
    details = await reader.page.locator("article.record dl").all_inner_texts()
    assert len(at_home) >= 2

    await serve(reader, nation, subject)
    assert await reader.heading() == "だれが、あなたの情報を見たか"
    assert await told(reader) == at_home
    assert await reader.page.locator("article.record dl").all_inner_texts() == details
    paper = await reader.text()
    assert "本人確認: 運転免許証" in paper
    assert "千代田区（市民課 記録開示窓口）" in paper
    assert await reader.accessible() == []
    await reader.page.emulate_media(media="print")
    assert not await reader.page.get_by_role("button", name="渡したので終了する").is_visible()
    await reader.page.emulate_media(media="screen")
    assert not [address for address in reader.addresses if subject in address]

    await reader.press("渡したので終了する")
    assert await reader.heading() == "対象の方を探す"
    await reader.go(nation.address(CITY) + "desk/counter/sheet")
    assert await reader.heading() == "対象の方を探す"

    await reader.go(portal)
    for _ in range(40):
        await reader.press("最新の記録を確かめる")
        own = await reader.page.locator("details.own").text_content()
        if "千代田区（市民課 記録開示窓口）" in own:
            break
        await asyncio.sleep(0.3)
    assert "千代田区（市民課 記録開示窓口）" in own


async def test_the_means_stand_on_the_signed_slip_and_the_records_are_not_kept(
    reader: Reader, nation: Nation
):
    person = (await free_people(nation))[6]
    await serve(reader, nation, load_cast(nation.places)[CITY][person])
    (row,) = await nation.rows(
        CITY,
        "SELECT tx, evidence FROM exchange.inquiry WHERE permission = 'act/31' "
        "ORDER BY opened_at DESC LIMIT 1",
    )
    vault = load_keys(nation.places.keys(CITY), CITY).vault
    evidence = evidence_form.read(vault.open(bytes(row["evidence"]), bytes(row["tx"])))
    slip = slip_codec.decode(evidence.slip.body)
    assert (slip.case, slip.sender.operator) == ("counter/licence", "c-105")
    assert evidence.items is None


async def test_other_clerks_are_told_who_may(reader: Reader, nation: Nation):
    reader.refused = frozenset({403})
    await reader.sign_in_clerk(nation, CITY)
    await reader.press("記録の開示")
    assert "記録開示窓口の職員だけです" in await reader.text()


async def test_nothing_is_shown_before_the_clerk_said_how_the_person_is_known(reader: Reader, nation: Nation):
    subject = load_cast(nation.places)[CITY][(await free_people(nation))[6]]
    await reader.sign_in_clerk(nation, CITY, "窓野")
    await reader.press("記録の開示")
    await reader.page.get_by_label("氏名・振り仮名・宛名番号").fill(subject)
    await reader.press("探す")
    await reader.press("この方を選ぶ", exact=False)
    assert await reader.accessible() == []
    await reader.page.evaluate("document.querySelectorAll('main form').forEach(f => { f.noValidate = true })")
    await reader.press("記録を開示する")
    assert await reader.heading() == "ご本人に記録を開示する"


async def test_the_paper_of_the_counter_comes_as_pdf_too(reader: Reader, nation: Nation):
    person = (await free_people(nation))[6]
    await serve(reader, nation, load_cast(nation.places)[CITY][person])
    answer = await reader.page.context.request.get(nation.address(CITY) + "desk/counter/sheet.pdf")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/pdf")
    assert (await answer.body()).startswith(b"%PDF-")
    await reader.press("渡したので終了する")
    gone = await reader.page.context.request.get(nation.address(CITY) + "desk/counter/sheet.pdf")
    assert "text/html" in gone.headers["content-type"]
