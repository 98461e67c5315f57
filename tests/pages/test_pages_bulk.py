"""A clerk asks the same about several people in one go; each sees it on their own record, marked."""

import pytest
from pages_reader import Reader
from test_pages_journeys import INFORMATION, free_people

from kumihimo.world import Nation, load_cast
from kumihimo.world.selfcheck import find_case

pytestmark = [pytest.mark.nation, pytest.mark.browser]
CITY, PENSION = "muni-131016", "nenkin"


async def test_a_run_at_the_desk_is_an_inquiry_of_its_own_for_each_person(reader: Reader, nation: Nation):
    case = find_case(nation, CITY, PENSION, INFORMATION)
    cast = load_cast(nation.places)[CITY]
    subjects = [cast[index] for index in (await free_people(nation))[:3]]
    await reader.sign_in_clerk(nation, CITY)
    await reader.choose_person(subjects[0])
    await reader.choose_question(case, PENSION)
    await reader.page.get_by_text("ほかの方についても照会する").click()
    others = "\n".join([*subjects[1:], subjects[1], "000000000000000"])
    await reader.page.get_by_label("ほかの方の宛名番号").fill(others)
    await reader.press("この内容で照会する")
    assert await reader.heading() == "一括照会の結果"
    assert await reader.accessible() == []
    assert all(subject not in reader.page.url for subject in subjects)
    text = await reader.text()
    assert "4人について" in text
    assert text.count("回答を見る") == 3
    assert text.count("照会できない") == 1
    links = await reader.page.locator("main a[href*='/desk/inquiries/']").all()
    names = {(await link.get_attribute("href") or "").rpartition("/")[2] for link in links}
    query = "SELECT slip, tx FROM exchange.stamp WHERE tx = ANY($1::bytea[])"
    stamped = await nation.rows("digital", query, [bytes.fromhex(name) for name in names])
    assert len(stamped) == len(names) == 3
    for name in names:
        office = nation.office(CITY)
        given = await office.get(f"inquiries/{name}")
        await office.close()
        assert given["outcome"] == "provided"


async def test_more_than_a_hundred_people_are_refused_at_the_desk(reader: Reader, nation: Nation):
    case = find_case(nation, CITY, PENSION, INFORMATION)
    subject = load_cast(nation.places)[CITY][(await free_people(nation))[0]]
    count = "SELECT count(*) AS n FROM exchange.stamp"
    before = (await nation.rows("digital", count))[0]["n"]
    await reader.sign_in_clerk(nation, CITY)
    await reader.choose_person(subject)
    await reader.choose_question(case, PENSION)
    await reader.page.get_by_text("ほかの方についても照会する").click()
    await reader.page.get_by_label("ほかの方の宛名番号").fill("\n".join(str(n) for n in range(100)))
    reader.refused = frozenset({413})
    await reader.press("この内容で照会する")
    assert "一度に照会できるのは100人までです" in await reader.text()
    assert (await nation.rows("digital", count))[0]["n"] == before
