"""A clerk asks, a colleague elsewhere approves, the citizen sees it: through the pages, without a script."""

import asyncio
import re

import msgspec
import pytest
from pages_reader import Reader, label

from kumihimo.world import Nation, load_cast
from kumihimo.world.selfcheck import ask_one, find_case

pytestmark = [pytest.mark.nation, pytest.mark.browser]
CITY, PENSION = "muni-131016", "nenkin"
INFORMATION = "年金給付関係情報"


async def free_people(nation: Nation, provider: str = PENSION, city: str = CITY) -> list[int]:
    """Residents known to both, on whom the provider has set no flag."""
    cast = load_cast(nation.places)
    flagged = {
        row["subject"] for row in await nation.rows(provider, "SELECT subject FROM exchange.person_flag")
    }
    both = cast[city].keys() & cast[provider].keys()
    return sorted(index for index in both if cast[provider][index] not in flagged)


async def sign_in_citizen(reader: Reader, nation: Nation, person: int) -> str:
    """Sign in at the portal as a resident; give the address of the pages."""
    portal, user = nation.address("portal"), load_cast(nation.places)["portal"][person]
    (row,) = [name for number, name in demo_users(nation).items() if number == user]
    await reader.go(portal)
    await reader.page.get_by_label("架空の住民を名前で探す").fill(row)
    await reader.press("探す")
    await reader.page.locator(f'input[name=user][value="{user}"]').check()
    await reader.press("ログインする")
    return portal


def demo_users(nation: Nation) -> dict[str, str]:
    """The made-up people the portal offers, by its own number of each."""
    return msgspec.json.decode(
        (nation.places.keys("portal") / "demo-users.json").read_bytes(), type=dict[str, str]
    )


@pytest.mark.parametrize("reader", [{"java_script_enabled": False}], indirect=True)
async def test_a_clerk_asks_in_four_steps_and_the_citizen_sees_it(reader: Reader, nation: Nation):
    case = find_case(nation, CITY, PENSION, INFORMATION)
    person = (await free_people(nation))[0]
    subject = load_cast(nation.places)[CITY][person]

    await reader.sign_in_clerk(nation, CITY)
    await reader.choose_person(subject)
    await reader.choose_question(case, PENSION)
    assert await reader.heading() == "項目を確かめて照会する"
    offered = reader.page.locator("input[name=items]")
    assert await offered.count() == len(case.items)
    assert await reader.page.locator("input[name=items]:checked").count() == len(case.items)
    await reader.press("この内容で照会する")

    assert await reader.heading() == "照会の結果"
    answer = await reader.text()
    assert "日本年金機構 から回答がありました" in answer
    assert "いま直接取得した情報です" in answer
    assert "番号法22条2項" in answer
    (held,) = await nation.rows(
        PENSION,
        "SELECT basic_number FROM pension.insured WHERE subject = $1",
        load_cast(nation.places)[PENSION][person],
    )
    assert held["basic_number"] in answer or label(INFORMATION, case.items[0]) in answer
    await reader.page.get_by_text("証跡を見る").click()
    evidence = await reader.text()
    for word in ("照会票", "情報提供許可証 1", "情報提供許可証 2", "記録の受領証", case.permission):
        assert word in evidence
    tx = reader.page.url.rpartition("/")[2]
    assert not [address for address in reader.addresses if subject in address]

    await sign_in_citizen(reader, nation, person)
    seen = await reader.text()
    assert "千代田区が、" in seen
    whole = await reader.page.locator("main").text_content()
    assert "千代田区 （子育て支援課）" in re.sub(r"\s+", " ", whole)
    assert "情報が提供されました" in seen
    assert "日本年金機構" in seen
    assert tx in await reader.page.locator("main").text_content()
    assert "第19条第8号" in await reader.page.locator("main").text_content()
    await reader.press("ログアウト")
    assert "だれとしてログインしますか" in await reader.text()


async def test_a_question_that_waits_is_approved_by_a_human_after_a_second_look(
    reader: Reader, nation: Nation
):
    cast = load_cast(nation.places)
    manual = {
        r["subject"]
        for r in await nation.rows(PENSION, "SELECT subject FROM exchange.person_flag WHERE flag = 'manual'")
    }
    city, person = next(
        (city, index)
        for city in ("muni-131016", "muni-271004", "muni-473821")
        for index in sorted(cast[city].keys() & cast[PENSION].keys())
        if cast[PENSION][index] in manual
    )
    case = find_case(nation, city, PENSION, INFORMATION)
    await reader.sign_in_clerk(nation, city)
    await reader.choose_person(cast[city][person])
    await reader.choose_question(case, PENSION)
    await reader.press("この内容で照会する")
    assert "日本年金機構 の職員が確認しています" in await reader.text()
    asked = reader.page.url

    await reader.sign_in_clerk(nation, PENSION)
    assert "いまの法令では、この機関の名で照会できる規定はありません" in await reader.text()
    await reader.press("承認待ち")
    assert "自動応答不可" in await reader.text()
    await reader.page.locator(f'a[href$="{asked.rpartition("/")[2]}"]').click()
    shown = await reader.text()
    assert cast[PENSION][person] in shown
    assert label(INFORMATION, case.items[0]) in shown
    await reader.press("提供する")
    assert "この内容で提供してよいですか" in await reader.text()
    waiting = await nation.rows(
        PENSION,
        "SELECT decision FROM exchange.approval WHERE tx = $1",
        bytes.fromhex(asked.rpartition("/")[2]),
    )
    assert waiting[0]["decision"] is None
    await reader.press("提供する")
    assert "承認し、回答を送りました" in await reader.text()

    for _ in range(40):
        await reader.go(asked)
        if "から回答がありました" in await reader.text():
            break
        await asyncio.sleep(0.5)
    assert "から回答がありました" in await reader.text()


async def test_a_question_that_waits_can_be_refused_and_the_inquirer_reads_why(
    reader: Reader, nation: Nation
):
    cast = load_cast(nation.places)
    person = (await free_people(nation))[-1]
    await nation.rows(
        PENSION,
        "INSERT INTO exchange.person_flag VALUES ($1, 'manual', '本人の申出', current_date + 9)",
        cast[PENSION][person],
    )
    try:
        office = nation.office(CITY)
        case = find_case(nation, CITY, PENSION, INFORMATION)
        given = await ask_one(office, case, PENSION, cast[CITY][person])
        await office.close()
    finally:
        await nation.rows(
            PENSION, "DELETE FROM exchange.person_flag WHERE subject = $1", cast[PENSION][person]
        )
    await reader.sign_in_clerk(nation, PENSION)
    await reader.go(nation.address(PENSION) + f"desk/approvals/{given['tx']}")
    await reader.press("提供しない")
    await reader.press("提供しない")
    assert "提供しないことを相手に知らせました" in await reader.text()
    await reader.sign_in_clerk(nation, CITY)
    for _ in range(40):
        await reader.go(nation.address(CITY) + f"desk/inquiries/{given['tx']}")
        if "提供しませんでした" in await reader.text():
            break
        await asyncio.sleep(0.5)
    told = await reader.text()
    assert "提供者が提供しないことを決めました" in told
    assert "次にすること" in told
    assert "規定がありません" not in told
    seen_by = await sign_in_citizen(reader, nation, person)
    assert "提供者が提供しないことを決めました" in await reader.text()
    await reader.go(seen_by + "?lang=en")
    assert "The provider declined" in await reader.text()


async def test_what_is_decided_already_says_so(reader: Reader, nation: Nation):
    reader.refused = frozenset({404})
    await reader.sign_in_clerk(nation, PENSION)
    await reader.go(nation.address(PENSION) + "desk/approvals/" + "00" * 16)
    assert "すでに判断されたもの" in await reader.text()


async def test_a_refusal_is_a_plain_sentence_with_the_next_step_in_both_languages(
    reader: Reader, nation: Nation
):
    cast = load_cast(nation.places)
    case = find_case(nation, CITY, "kenpo", "医療保険給付関係情報")
    stranger = next(index for index in sorted(cast[CITY]) if index not in cast["kenpo"])
    await reader.sign_in_clerk(nation, CITY)
    await reader.choose_person(cast[CITY][stranger])
    await reader.choose_question(case, "kenpo")
    await reader.press("この内容で照会する")
    told = await reader.text()
    assert "全国健康保険協会 は、この情報を提供しませんでした" in told
    assert "情報提供者は、この方について該当する情報を保有していません" in told
    assert "次にすること" in told
    await reader.page.get_by_text("In English").click()
    assert "holds no record of this kind" in await reader.text()


async def test_a_protected_persons_items_are_withheld_by_name(reader: Reader, nation: Nation):
    cast = load_cast(nation.places)
    other = "muni-271004"
    case = find_case(nation, other, CITY, "住民票関係情報")
    person = next(iter(sorted(cast[CITY].keys() & cast[other].keys())), None)
    if person is None:
        pytest.fail("nobody of this nation has moved between the two cities")
    await nation.rows(
        CITY,
        "INSERT INTO exchange.person_flag VALUES ($1, 'protected', '支援措置', current_date + 9) "
        "ON CONFLICT DO NOTHING",
        cast[CITY][person],
    )
    await reader.sign_in_clerk(nation, other)
    await reader.choose_person(cast[other][person])
    await reader.choose_question(case, CITY)
    await reader.press("この内容で照会する")
    assert "他の方法で調べないでください" in await reader.text()
