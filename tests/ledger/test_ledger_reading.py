"""A person's records in plain words: purposes, filters, and what is marked."""

from dataclasses import replace
from datetime import date, timedelta
from types import MappingProxyType

import pytest

from kumihimo.exchange import Decision, Ground, Outcome, Role, Rules, Wrong, layouts, plain
from kumihimo.law import law
from kumihimo.ledger import Correction, Entry, Holder, Kind, Line
from kumihimo.ledger.reading import Filter, Teller, stories
from kumihimo.ledger.reading.purposes import programme, step, subject

DAY = 86_400_000
NOON = 1_790_000_000_000
TELLER = Teller(Rules(law(), layouts()), MappingProxyType({}))


def asked(number: int, **changes: object) -> Line:
    entry = Entry(
        v=1,
        kind=Kind.ASKED,
        tx=f"{number:032x}",
        time=NOON - number * DAY,
        inquirer="muni-131016",
        office="子育て支援課",
        provider="nenkin",
        permission="o9/106/1@2024-10-01",
        piece="108/1/イ",
        information="年金給付関係情報",
        items=("pension_kind",),
    )
    return Line(replace(entry, **changes), None)


def ended(line: Line, outcome: Outcome, reason: str | None = None) -> Line:
    said = Entry(v=1, kind=Kind.OUTCOME, tx=line.asked.tx, time=line.asked.time, outcome=outcome)
    return Line(line.asked, replace(said, reason=reason))


def found(lines: list[Line], **query: str) -> list[int]:
    wanted = Filter.of(query)
    return [int(one.asked.tx, 16) for one in stories(lines) if wanted.takes(one)]


def test_every_affair_of_the_law_has_an_everyday_name():
    days = (date(2024, 6, 1) + timedelta(days=30 * month) for month in range(32))
    affairs = {row.affair for day in days for row in law().rows(day)}
    assert len(affairs) > 150
    nameless = [plain(one) for one in affairs if programme(one).ja == "法律で定められた手続"]
    assert nameless == []
    assert all(len(programme(one).ja) <= 24 for one in affairs)


@pytest.mark.parametrize(
    ("procedure", "words"),
    [
        (
            "児童手当法第七条第二項の児童手当の受給資格及びその額についての認定の請求"
            "に係る事実についての審査に関する事務",
            "児童手当の受給資格及びその額についての認定の請求の審査",
        ),
        ("予防接種法第十六条第一項第一号又は同条第二項第一号の医療費の支給に関する事務", ""),
        ("母子保健法による未熟児の訪問指導に関する事務", "母子保健法による未熟児の訪問指導"),
    ],
)
def test_a_step_is_told_without_citations_or_not_at_all(procedure: str, words: str):
    assert step(procedure) == words


def test_most_procedures_can_be_told_without_citing():
    told = [step(one.text) for one in law().procedures()]
    assert sum(map(bool, told)) > 0.7 * len(told)
    assert not any("条第" in one for one in told)


def test_what_was_asked_about_is_short_or_left_to_the_details():
    assert subject("年金給付関係情報") == "年金給付"
    assert subject("国民年金法による障害基礎年金の支給に関する情報") == "障害基礎年金の支給"
    assert all(len(subject(one)) <= 30 for one in layouts().informations())


def test_an_event_is_one_sentence_with_the_law_beside_it():
    told = TELLER.tell(stories([ended(asked(1), Outcome.REFUSED, "no-record")])[0])
    assert told.sentence.ja == (
        "muni-131016が、児童手当の手続のために、あなたの「年金給付」の情報を、nenkinに照会しました"
    )
    assert told.sentence.en.endswith("for child allowance")
    assert told.citation.startswith("番号法第19条第8号・")
    assert told.ending.ja == "提供されませんでした"
    assert told.reason is not None


def test_the_newest_comes_first_and_filters_narrow_the_list():
    lines = [
        ended(asked(3, inquirer="kenpo"), Outcome.PROVIDED),
        ended(asked(1, bulk=True), Outcome.PROVIDED),
        ended(asked(2, information="地方税関係情報"), Outcome.REFUSED, "no-record"),
        asked(4),
    ]
    assert found(lines) == [1, 2, 3, 4]
    assert found(lines, who="kenpo") == [3]
    assert found(lines, information="地方税関係情報") == [2]
    assert found(lines, state="refused") == [2]
    assert found(lines, state="open") == [4]
    assert found(lines, sort="bulk") == [1]
    assert found(lines, sort="single") == [2, 3, 4]
    assert found(lines, who="kenpo", state="refused") == []


def test_a_period_holds_its_first_and_its_last_day():
    lines = [asked(number) for number in range(5)]
    days = [one.day for one in stories(lines)]
    assert found(lines, since=days[3].isoformat(), until=days[1].isoformat()) == [1, 2, 3]


@pytest.mark.parametrize("query", [{"state": "x"}, {"sort": "'"}, {"since": "31.31.2020"}, {"until": ""}])
def test_what_is_no_choice_of_the_form_filters_nothing(query: dict[str, str]):
    assert not Filter.of(query).active
    assert found([asked(1)], **query) == [1]


def test_what_the_law_had_kept_back_is_marked_with_its_ground():
    lines = [asked(1, kind=Kind.RELEASED, ground="番号法23条2項・捜査"), asked(2)]
    assert found(lines, sort="released") == [1]
    released, plain_one = (TELLER.tell(one) for one in stories(lines))
    assert released.story.released
    assert released.ground == "番号法23条2項・捜査"
    assert not plain_one.story.released
    assert not plain_one.ground


def test_a_request_for_correction_is_told_with_each_holders_last_step():
    steps = {
        "muni-131016": {"acknowledged": 5, "decision": Decision.CORRECTED, "decided": 9},
        "nenkin": {"acknowledged": 6},
        "digital": {"acknowledged": 7},
        "jlis": {},
    }
    roles = (Role.INQUIRER, Role.PROVIDER, Role.OPERATOR, Role.OPERATOR)
    nothing = {"acknowledged": None, "decision": None, "decided": None}
    holders = tuple(
        Holder(
            holder=name,
            role=role,
            ground=Ground.RECORD_WAS_WRONG if "decided" in step else None,
            **nothing | step,
        )
        for (name, step), role in zip(steps.items(), roles, strict=True)
    )
    line = asked(1)
    request = Correction(id="aa" * 16, record=line.asked.tx, wrong=Wrong.OTHER, time=4, holders=holders)
    other = Correction(id="bb" * 16, record="cc" * 16, wrong=Wrong.OTHER, time=4, holders=holders)
    (told,) = TELLER.tell(stories([line], [other, request])[0]).corrections
    assert told.name == "aa" * 16
    assert [one.step for one in told.holders] == ["decided", "received", "decided", "sent"]
    assert [one.when for one in told.holders] == [9, 6, 7, None]
    assert told.holders[0].words.ja == "対応済み（訂正しました：記録に誤りがありました）"
