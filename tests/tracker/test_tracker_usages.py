"""A record as a usage: Estonia's words, our facts, and nothing that a record does not say."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from exchange_parties import CITY, PENSION, PENSIONS, network

from kumihimo.exchange import DISCLOSE_RIGHT, OWN_RECORDS, Outcome
from kumihimo.law import law
from kumihimo.ledger import Entry, Kind, Line
from kumihimo.tracker import Period, usages

START = datetime(2026, 6, 14, 3, 0, tzinfo=UTC)
ROW = network().question(CITY, PENSION, PENSIONS, START.date()).permission


def asked(minute: int = 0, **changes: object) -> Entry:
    entry = Entry(
        v=1,
        kind=Kind.ASKED,
        tx=f"{minute:032x}",
        time=int((START + timedelta(minutes=minute)).timestamp() * 1000),
        inquirer=CITY,
        office="子育て支援課",
        provider=PENSION,
        permission=ROW,
        information="年金給付関係情報",
        items=("amount",),
        commit="ab" * 32,
    )
    return replace(entry, **changes)


def ended(entry: Entry, outcome: Outcome | None) -> Line:
    told = Entry(v=1, kind=Kind.OUTCOME, tx=entry.tx, time=entry.time + 500, outcome=outcome)
    return Line(entry, told if outcome else None)


@pytest.fixture(scope="module")
def directory():
    return network().directory.entries


def shown(directory, *lines: Line, period: Period = Period()):  # noqa: B008 frozen
    return usages(lines, period, law(), directory)


def test_a_usage_says_when_for_what_and_who_received(directory):
    (usage,) = shown(directory, ended(asked(), Outcome.PROVIDED))
    assert usage.logtime == START
    assert usage.receiver_code == directory[CITY].number
    assert usage.receiver_name == directory[CITY].name
    assert usage.receiver_system == "子育て支援課"
    assert usage.action.endswith("：年金給付関係情報（提供）")
    document = msgspec.to_builtins(usage)
    assert set(document) == {"logtime", "action", "receiverCode", "receiverName", "receiverSystem"}
    assert document["logtime"] == "2026-06-14T03:00:00Z"


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (Outcome.PROVIDED, "提供"),
        (Outcome.REFUSED, "提供されず"),
        (Outcome.PENDING, "確認中"),
        (None, "結果の連絡待ち"),
    ],
)
def test_a_look_that_gave_nothing_is_a_usage_too_and_says_so(directory, outcome, words):
    (usage,) = shown(directory, ended(asked(), outcome))
    assert usage.action.endswith(f"（{words}）")


def test_a_persons_own_look_is_named_as_such(directory):
    own = asked(kind=Kind.DISCLOSED, inquirer="portal", provider="ledger", permission=DISCLOSE_RIGHT)
    (usage,) = shown(directory, Line(replace(own, information=OWN_RECORDS), None))
    assert usage.action == "本人による記録の閲覧"
    assert usage.receiver_name == directory["portal"].name


def test_the_latest_comes_first(directory):
    found = shown(directory, *(ended(asked(minute), Outcome.PROVIDED) for minute in (2, 9, 4)))
    assert [usage.logtime.minute for usage in found] == [9, 4, 2]


def test_a_period_holds_both_its_ends(directory):
    lines = [ended(asked(minute), Outcome.PROVIDED) for minute in range(5)]
    at = [START + timedelta(minutes=minute) for minute in range(5)]
    for period, expected in (
        (Period(), 5),
        (Period(start=at[3]), 2),
        (Period(end=at[1]), 2),
        (Period(at[1], at[3]), 3),
        (Period(at[3], at[1]), 0),
    ):
        assert len(shown(directory, *lines, period=period)) == expected


def test_a_body_that_left_the_directory_is_still_named(directory):
    (usage,) = shown(directory, ended(asked(inquirer="gone"), Outcome.PROVIDED))
    assert (usage.receiver_code, usage.receiver_name) == ("gone", "gone")


def test_a_row_that_no_table_knows_is_named_by_its_reference(directory):
    (usage,) = shown(directory, ended(asked(permission="o9/999/1@1999-01-01"), Outcome.PROVIDED))
    assert usage.action.startswith("o9/999/1@1999-01-01：")
