"""The ledger's pure rules: labels, chains, and what a person is shown when."""

import os
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from exchange_parties import NOW
from hypothesis import given
from hypothesis import strategies as st

from kumihimo.base import JST
from kumihimo.codes import person_element, random_scalar
from kumihimo.exchange import Mark, Outcome
from kumihimo.ledger import Entry, Kind, chain_head, entry_hash, label_of, lines
from kumihimo.ledger.model import COUNTED, EMPTY_HEAD, next_head, withheld_until

hashes = st.lists(st.binary(min_size=32, max_size=32), max_size=12)


def entry(tx: str, ago: timedelta = timedelta(minutes=5), **changes: object) -> Entry:
    time = int((NOW - ago).timestamp() * 1000)
    return replace(Entry(v=1, kind=Kind.ASKED, tx=tx, time=time, inquirer="muni-131016"), **changes)


def outcome(tx: str, result: Outcome = Outcome.PROVIDED, ago: timedelta = timedelta(minutes=4)) -> Entry:
    return entry(tx, ago, kind=Kind.OUTCOME, outcome=result, inquirer="")


def shown(*entries: Entry, withheld: dict[str, date] | None = None, now: datetime = NOW) -> list[str]:
    return [line.asked.tx for line in lines(entries, withheld or {}, now)]


def test_a_chain_begins_with_thirty_two_zero_bytes():
    assert chain_head([]) == EMPTY_HEAD == bytes(32)


@given(hashes, st.data())
def test_any_change_of_a_chain_changes_its_head(chain, data):
    head = chain_head(chain)
    if chain:
        place = data.draw(st.integers(0, len(chain) - 1))
        assert chain_head(chain[:place] + chain[place + 1 :]) != head
        other = data.draw(st.binary(min_size=32, max_size=32).filter(lambda one: one != chain[place]))
        assert chain_head([*chain[:place], other, *chain[place + 1 :]]) != head
    assert chain_head([*chain, bytes(32)]) == next_head(head, bytes(32)) != head


def test_two_entries_in_another_order_are_another_chain():
    one, two = entry_hash(b"1"), entry_hash(b"2")
    assert chain_head([one, two]) != chain_head([two, one])


def test_a_label_needs_the_ledgers_secret_and_the_persons_code():
    secret, other = bytes(random_scalar()), bytes(random_scalar())
    alice, bob = person_element(os.urandom(32)), person_element(os.urandom(32))
    labels = {label_of(key, code) for key in (secret, other) for code in (alice, bob)}
    assert len(labels) == 4
    assert label_of(secret, alice) in labels
    assert all(len(label) == 32 for label in labels)


def test_the_newest_exchange_comes_first_with_its_last_outcome():
    entries = (
        entry("old", timedelta(hours=2)),
        entry("new", timedelta(hours=1)),
        outcome("old", Outcome.PENDING),
        outcome("new"),
        outcome("old", Outcome.REFUSED),
    )
    assert shown(*entries) == ["new", "old"]
    told = {line.asked.tx: line.outcome for line in lines(entries, {}, NOW)}
    assert told["old"].outcome is Outcome.REFUSED


def test_what_stands_in_the_chain_is_shown_with_or_without_an_outcome():
    assert shown(entry("asked"), entry("look", timedelta(0), kind=Kind.DISCLOSED)) == ["look", "asked"]
    assert shown(entry("let-go", kind=Kind.RELEASED, ground="x"), outcome("let-go")) == ["let-go"]
    assert shown(entry("fixed", kind=Kind.CORRECTION)) == []


def test_one_entry_of_each_record_is_counted():
    assert {Kind.ASKED, Kind.DISCLOSED, Kind.RELEASED} == COUNTED


def test_a_withheld_exchange_shows_itself_on_its_day_in_japan():
    day = date(2026, 9, 1)
    entries, withheld = (entry("x"), outcome("x")), {"x": day}
    midnight = datetime(2026, 9, 1, tzinfo=JST)
    assert shown(*entries, withheld=withheld, now=midnight - timedelta(seconds=1)) == []
    assert shown(*entries, withheld=withheld, now=midnight) == ["x"]


def test_withholding_one_exchange_hides_no_other():
    entries = (entry("x"), outcome("x"), entry("y"), outcome("y"))
    assert shown(*entries, withheld={"x": date(2099, 1, 1)}) == ["y"]


@pytest.mark.parametrize(("years", "expected"), [(6.9, ["x"]), (7.1, [])])
def test_records_are_shown_for_seven_years(years, expected):
    entries = (entry("x", timedelta(days=365.25 * years)), outcome("x"))
    assert shown(*entries) == expected


def test_an_outcome_of_nothing_shows_nothing():
    assert shown(outcome("stray")) == []


@pytest.mark.parametrize(
    ("mark", "expected"),
    [
        (None, None),
        (Mark(ground="x", until="2026-12-31"), date(2026, 12, 31)),
        (Mark(ground="x", until=""), None),
        (Mark(ground="x", until="someday"), None),
    ],
)
def test_a_mark_without_a_readable_end_withholds_nothing(mark, expected):
    assert withheld_until(mark) == expected
