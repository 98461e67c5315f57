"""The difference of two days, followed by lineage."""

from datetime import date

import pytest

from kumihimo.law import law


def test_the_repeal_of_2024_continued_amended_added_and_dropped_rows() -> None:
    counts = law().diff(date(2024, 5, 26), date(2024, 5, 27)).counts
    assert counts == {"new": 114, "amended": 71, "continued": 258, "unchanged": 0, "ended": 84}


def test_the_account_register_and_the_family_register_were_nothing_but_new_rows() -> None:
    accounts = law().diff(date(2021, 12, 31), date(2022, 1, 1))
    assert len(accounts.new) == 68 and not accounts.ended
    assert {name for row in accounts.new for name in row.names} == {"公的給付支給等口座登録簿関係情報"}
    family = law().diff(date(2024, 2, 29), date(2024, 3, 1))
    assert len(family.new) == 45 and {row.provider for row in family.new} == {"法務大臣"}


def test_a_day_differs_from_itself_in_nothing() -> None:
    found = law().diff(date(2026, 6, 14), date(2026, 6, 14))
    assert (found.new, found.amended, found.continued, found.ended) == ((), (), (), ())
    assert len(found.unchanged) == 481


def test_an_amended_row_tells_which_information_was_added() -> None:
    found = law().diff(date(2025, 7, 27), date(2025, 7, 28))
    added = {name for change in found.amended for name in change.information_added}
    assert "外国人生活保護関係情報" in added
    assert all(change.cells for change in found.amended)


def test_a_row_amended_on_the_way_counts_as_amended_even_if_only_wording_changed_last() -> None:
    whole = law().diff(date(2017, 4, 1), date(2026, 6, 14))
    for change in whole.amended:
        ids = [row.id for row in law().chain(change.after.id)]
        between = ids[ids.index(change.before.id) + 1 : ids.index(change.after.id) + 1]
        assert any(row.amends for row in map(law().row, between) if row)


def test_the_earlier_day_comes_first() -> None:
    with pytest.raises(ValueError, match="earlier day"):
        law().diff(date(2026, 1, 1), date(2025, 1, 1))


def test_the_document_carries_the_legal_reference_of_every_row() -> None:
    document = law().diff(date(2024, 5, 26), date(2024, 5, 27)).document()
    new = document["new"]
    assert isinstance(new, list) and len(new) == 114
    assert all(row["citation"].startswith("令和6年") and row["amended_by"] for row in new)
