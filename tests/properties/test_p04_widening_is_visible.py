"""P-04: what may be asked now that could not before is published in full, with its legal reference."""

import json
from datetime import date
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

import kumihimo.law
from kumihimo.law import Widening, law

DATA = Path(kumihimo.law.__file__).parent / "data"
RAW = {
    row["id"]: row
    for name in ("table2-permissions", "order9-permissions")
    for row in json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))["rows"]
}
spans = st.tuples(st.dates(date(2017, 1, 1), date(2027, 1, 1)), st.dates(date(2017, 1, 1), date(2027, 1, 1)))


def table(on: date) -> set[str]:
    day = on.isoformat()
    return {
        id_
        for id_, row in RAW.items()
        if row["valid_from"] <= day and (not row["valid_to"] or day < row["valid_to"])
    }


def ancestors(id_: str) -> list[str]:
    found: list[str] = []
    here = RAW[id_]
    while earlier := here["lineage"] or here["amends"]:
        found.append(earlier)
        here = RAW[earlier]
    return found


def span(days: tuple[date, date]) -> tuple[date, date, Widening]:
    start, end = sorted(days)
    return start, end, law().diff(start, end)


@settings(max_examples=150, deadline=None)
@given(spans)
def test_p04_old_and_new_less_ended_is_the_new_table(days: tuple[date, date]) -> None:
    start, end, found = span(days)
    unchanged = {row.id for row in found.unchanged}
    changes = found.amended + found.continued
    later = [row.id for row in found.new + found.unchanged] + [change.after.id for change in changes]
    assert len(later) == len(set(later))
    assert set(later) == table(end)
    assert unchanged | {c.before.id for c in changes} | {row.id for row in found.ended} == table(start)
    assert unchanged == table(start) & table(end)
    assert {row.id for row in found.ended}.isdisjoint({c.before.id for c in changes} | unchanged)


@settings(max_examples=150, deadline=None)
@given(spans)
def test_p04_new_is_exactly_what_came_from_no_row_of_the_earlier_day(days: tuple[date, date]) -> None:
    start, end, found = span(days)
    new = {id_ for id_ in table(end) - table(start) if table(start).isdisjoint(ancestors(id_))}
    assert {row.id for row in found.new} == new


@settings(max_examples=100, deadline=None)
@given(spans)
def test_p04_wording_alone_is_never_called_an_amendment_nor_the_reverse(days: tuple[date, date]) -> None:
    _, _, found = span(days)
    for change in found.amended + found.continued:
        path = [change.after.id, *ancestors(change.after.id)]
        steps = path[: path.index(change.before.id)]
        assert (change in found.amended) == any(RAW[id_]["amends"] for id_ in steps)


@settings(max_examples=50, deadline=None)
@given(spans)
def test_p04_the_published_data_names_statute_and_amending_revision(days: tuple[date, date]) -> None:
    _, _, found = span(days)
    document = json.loads(json.dumps(found.document(), ensure_ascii=False))
    assert {row["id"] for row in document["new"]} == {row.id for row in found.new}
    for row in document["new"]:
        assert row["citation"] and row["amended_by"] == RAW[row["id"]]["amended_by"]
    for row in document["ended"]:
        assert row["citation"] and row["ended_by"] == RAW[row["id"]]["ended_by"]
