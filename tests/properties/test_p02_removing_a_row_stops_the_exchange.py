"""P-02: without its row an exchange fails at once, and the law of any past day can be had again."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kumihimo.law import Law, Permitted, Row, law, load, package_data

NEWEST = date(2026, 6, 14)
type Raw = dict[str, Any]


def altered(change: Callable[[str, Raw], None]) -> Law:
    """The law from data files that somebody has changed."""

    def read(name: str) -> bytes:
        document = json.loads(package_data(name))
        change(name, document)
        return json.dumps(document, ensure_ascii=False).encode()

    return Law(load(read))


def ask(law_: Law, row: Row, on: date) -> str | None:
    answer = law_.decide(
        law_.party(row.inquirer), row.item, law_.party(row.provider), row.names[0], frozenset(), on
    )
    return answer.row.id if isinstance(answer, Permitted) else None


@pytest.mark.parametrize("half", [0, 1])
def test_p02_a_removed_row_permits_nothing_and_the_rest_permit_what_they_did(half: int) -> None:
    rows = law().rows(NEWEST)
    removed = {row.id for place, row in enumerate(rows) if place % 2 == half}

    def remove(name: str, document: Raw) -> None:
        if name == "order9-permissions":
            document["rows"] = [row for row in document["rows"] if row["id"] not in removed]

    without = altered(remove)
    for row in rows:
        assert ask(law(), row, NEWEST) == row.id
        assert ask(without, row, NEWEST) == (None if row.id in removed else row.id)
    assert without.snapshot(NEWEST).hash != law().snapshot(NEWEST).hash


def test_p02_a_row_that_is_ended_fails_from_that_day_on_and_not_before() -> None:
    row = law().row("o9/106/2@2024-10-01")
    assert row is not None
    end = date(2026, 7, 1)

    def repeal(name: str, document: Raw) -> None:
        if name == "order9-permissions":
            next(r for r in document["rows"] if r["id"] == row.id)["valid_to"] = end.isoformat()

    repealed = altered(repeal)
    assert ask(repealed, row, end - timedelta(days=1)) == row.id
    assert ask(repealed, row, end) is None
    asked = repealed.party(row.inquirer), repealed.party(row.provider), row.names[0]
    assert not isinstance(repealed.permits(row.id, *asked, end), Permitted)


def as_known_on(day: str) -> Callable[[str, Raw], None]:
    """Cut the data files back to what could be known that day: no later row, revision or end."""

    def cut(name: str, document: Raw) -> None:
        if name not in {"order9-permissions", "table2-permissions"}:
            return
        document["rows"] = [row for row in document["rows"] if row["valid_from"] <= day]
        for row in document["rows"]:
            if row["valid_to"] is not None and row["valid_to"] > day:
                row["valid_to"] = row["ended_by"] = None
        revisions = document["source"]["revisions"]
        document["source"]["revisions"] = [r for r in revisions if r["in_force_from"] <= day]

    return cut


@pytest.mark.parametrize(
    "day", ["2017-04-01", "2017-05-30", "2019-10-01", "2022-01-01", "2024-05-26", "2024-05-27", "2026-06-13"]
)
def test_p02_a_past_day_is_reproduced_to_the_bit_by_those_who_did_not_know_the_future(day: str) -> None:
    on = date.fromisoformat(day)
    then = altered(as_known_on(day))
    assert then.snapshot(on) == law().snapshot(on)
    assert [row.id for row in then.rows(on)] == [row.id for row in law().rows(on)]


@settings(max_examples=150, deadline=None)
@given(st.dates(date(2017, 4, 1), date(2027, 1, 1)), st.data())
def test_p02_every_row_of_any_past_day_still_permits_on_that_day(on: date, data: st.DataObject) -> None:
    row = data.draw(st.sampled_from(law().rows(on)))
    assert ask(law(), row, on) == row.id
    if row.valid_to is not None:
        assert ask(law(), row, row.valid_to) != row.id
    assert ask(law(), row, row.valid_from - timedelta(days=1)) != row.id
