"""What the pages say, held against the law and the layouts: questions, values, the picture of the nation."""

import re
import tomllib
from dataclasses import dataclass, field
from datetime import date
from importlib import resources
from xml.etree import ElementTree

import pytest

from kumihimo.exchange import Rules, layouts, party, plain
from kumihimo.exchange.desk_people import folded
from kumihimo.exchange.desk_values import Facts, Table, shown, shown_items
from kumihimo.exchange.questions import (
    affairs,
    find_candidate,
    find_procedure,
    pieces,
    search,
    whose_and_what,
)
from kumihimo.law import Permitted, law
from kumihimo.messages import SigningKey
from kumihimo.node import EMPTY, Directory, Entry
from kumihimo.node.pages import Lang
from kumihimo.portal.pages_picture import NARROW, WIDE, draw, wrap

DAY = date(2026, 10, 1)
RULES = Rules(law(), layouts())
KEY = SigningKey.from_seed(bytes(32)).verify_key


def entry(name: str) -> Entry:
    """An institution of the miniature nation as its settings say, with no keys worth anything."""
    text = (resources.files("kumihimo.world") / "institutions" / f"{name}.toml").read_text(encoding="utf-8")
    told = tomllib.loads(text)
    return Entry(
        id=name,
        name=told["name"],
        name_en=told["name_en"],
        number=told["number"],
        domain=told["domain"],
        epoch=0,
        body=told["body"],
        base_url=f"http://127.0.0.1:1/{name}",
        sign_key=KEY,
        box_public=b"",
        roles=tuple(told["roles"]),
        qualifications=tuple(told["qualifications"]),
        municipality=told.get("municipality"),
        commitments={},
        provides=tuple(one["information"] for one in told.get("provides", ())),
        services=tuple(told.get("services", ())),
    )


NAMES = (
    "digital",
    "jlis",
    "ledger",
    "numbering",
    "portal",
    "ppc",
    "muni-131016",
    "muni-271004",
    "muni-473821",
    "pref-270008",
)
ENTRIES = {name: entry(name) for name in (*NAMES, "nenkin", "kenpo", "moj", "labour", "accounts")}
DIRECTORY = Directory(
    serial=1, issued=EMPTY.issued, expires=EMPTY.expires, entries=ENTRIES, oversight=EMPTY.oversight
)
CITY = ENTRIES["muni-131016"]


def test_a_municipality_is_offered_its_affairs_and_the_pension_service_none():
    offered = affairs(law(), CITY, DAY)
    rows = {row.id for row in law().options(party(CITY), DAY)}
    assert {one.item for one in offered} == {law().row(row).item for row in rows}
    assert affairs(law(), ENTRIES["nenkin"], DAY) == ()


def test_every_question_a_desk_offers_is_permitted_and_none_goes_to_the_asker():
    offered = 0
    for affair in affairs(law(), CITY, DAY):
        for procedure in affair.procedures:
            for asked in pieces(RULES, DIRECTORY, CITY, procedure, DAY):
                for one in asked.candidates:
                    offered += 1
                    assert one.provider.id != CITY.id
                    assert one.items
                    assert one.row.id in asked.piece.rows
                    decision = law().permits(
                        one.row.id, party(CITY), party(one.provider), one.layout.information, DAY
                    )
                    assert isinstance(decision, Permitted)
    assert offered > 300


def test_the_words_of_a_search_must_all_stand_in_the_affair_or_its_procedure():
    every = affairs(law(), CITY, DAY)
    found = search(every, "児童手当　認定の請求")
    assert found
    for affair in found:
        assert "児童手当" in affair.title
        assert all("認定の請求" in step.text for step in affair.procedures)
    assert search(every, "") == every
    assert search(every, "宇宙開発") == ()


def test_a_choice_the_law_does_not_have_is_not_found():
    procedure = find_procedure(law(), "108", "1")
    assert procedure is not None
    asked = pieces(RULES, DIRECTORY, CITY, procedure, DAY)
    choice = {"piece": "108/1/イ", "row": "o9/106/1@2024-10-01", "to": "moj", "information": "戸籍関係情報"}
    assert find_candidate(asked, choice) is not None
    for name, wrong in (("to", "nenkin"), ("row", "o9/106/2@2024-10-01"), ("information", "地方税関係情報")):
        assert find_candidate(asked, {**choice, name: wrong}) is None
    assert find_procedure(law(), "9999", None) is None


def test_a_piece_says_whose_data_it_is_and_what():
    piece = law().piece("108", "1", "ロ")
    assert piece is not None
    whose, what = whose_and_what(piece)
    assert what == "市町村民税に関する情報"
    assert whose.endswith("生計を一にする子")
    assert plain("甲（乙（丙）を除く。）に関する事務であって第百八条で定めるもの") == "甲に関する事務"


def test_an_answer_is_read_with_labels_eras_and_yen():
    layout = layouts().latest("地方税関係情報")
    assert layout is not None
    items: dict[str, object] = {
        "total_income": 1234567,
        "tax_class": 3,
        "assessed_on": "2026-06-01",
        "municipality_code": "131016",
        "is_dependant": False,
        "incomes": [{"kind": "salary", "amount": 5000}],
        "deductions": [],
        "taxable_base": None,
    }
    read = {one.key: one for one in shown_items(layout, items, Lang.JA)}
    assert list(read) == [key for key in layout.items if key in items]
    assert (read["total_income"].label, read["total_income"].value) == ("合計所得金額", "1,234,567円")
    assert read["tax_class"].value == "課税"
    assert read["assessed_on"].value == "令和8年6月1日"
    assert read["municipality_code"].value == "東京都千代田区（131016）"
    assert read["is_dependant"].value == "いいえ"
    assert read["incomes"].value == Table(("所得の種類", "所得金額"), (("給与所得", "5,000円"),))
    assert (read["deductions"].value, read["taxable_base"].value) == ("該当なし", "（記録なし）")
    english = {one.key: one.value for one in shown_items(layout, items, Lang.EN)}
    assert (english["total_income"], english["tax_class"]) == ("¥1,234,567", "Taxed")


def test_months_and_nested_records_are_read_too():
    month = {"type": "string", "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])$"}
    assert shown(month, "2019-05", Lang.JA) == "令和元年5月"
    assert shown(month, "2019-05", Lang.EN) == "May 2019"
    record = {"type": "object", "properties": {"from": {**month, "title": "始", "x-title-en": "From"}}}
    assert shown(record, {"from": "2019-05"}, Lang.JA) == Facts((("始", "令和元年5月"),))


@pytest.mark.parametrize("text", ["みほん はなこ", "ミホンハナコ", "ﾐﾎﾝ ﾊﾅｺ"])
def test_names_are_compared_without_spaces_and_in_one_script(text: str):
    assert folded(text) == "ミホンハナコ"


@dataclass(frozen=True)
class Looked:
    entry: Entry
    up: bool = True
    counts: dict[str, int] = field(default_factory=dict)
    has_desk: bool = False


@pytest.mark.parametrize("shape", [WIDE, NARROW])
@pytest.mark.parametrize("lang", list(Lang))
def test_the_picture_shows_every_institution_inside_its_frame(shape, lang):
    counts = {"asked": 12345, "provided": 6789, "refused": 3}
    seen = [Looked(one, counts=counts if one.provides else {}, has_desk=True) for one in ENTRIES.values()]
    svg = ElementTree.fromstring(draw(seen, shape, lang))
    boxes = [
        (float(rect.get("x")), float(rect.get("y")), float(rect.get("width")), float(rect.get("height")))
        for rect in svg.iter("{http://www.w3.org/2000/svg}rect")
    ]
    assert len(boxes) == len(ENTRIES) + len(shape.areas)
    areas = [(a.x, a.y, a.width, a.height) for a in shape.areas.values()]
    for x, y, width, height in boxes:
        assert any(
            ax <= x and ay <= y and x + width <= ax + aw and y + height <= ay + ah for ax, ay, aw, ah in areas
        )
        assert x + width <= shape.width
        assert y + height <= shape.height
    said = "".join(svg.itertext())
    for one in ENTRIES.values():
        name = one.name if lang is Lang.JA else one.name_en
        assert re.sub(r"\s", "", name) in re.sub(r"\s", "", said)


def test_an_institution_that_does_not_answer_is_shown_as_down():
    text = draw([Looked(ENTRIES["nenkin"], up=False, counts={"asked": 3})], WIDE, Lang.JA)
    assert "応答なし" in text
    assert "照会 3" not in text


def test_long_names_break_at_spaces_and_before_brackets():
    assert wrap("地方公共団体情報システム機構（番号生成）", 32) == [
        "地方公共団体情報システム機構",
        "（番号生成）",
    ]
    assert wrap("Ministry of Justice, family registers", 24) == ["Ministry of Justice,", "family registers"]
    assert wrap("千代田区", 20) == ["千代田区"]
