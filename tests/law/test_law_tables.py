"""The tables the package carries are those of the statutes, day by day."""

from datetime import date, timedelta

import pytest

from kumihimo.law import Law, law, load, package_data

NEWEST = date(2026, 6, 14)

IN_FORCE = {
    "2017-04-01": 259,
    "2017-05-30": 276,
    "2018-06-27": 281,
    "2019-05-31": 296,
    "2019-10-01": 298,
    "2021-05-19": 300,
    "2022-01-01": 368,
    "2024-03-01": 413,
    "2024-05-26": 413,
    "2024-05-27": 443,
    "2025-07-28": 455,
    "2025-10-01": 456,
    "2026-04-01": 455,
    "2026-06-01": 459,
    "2026-06-14": 481,
}


@pytest.mark.parametrize(("day", "count"), IN_FORCE.items())
def test_the_exchange_table_has_the_rows_of_each_revision(day: str, count: int) -> None:
    assert len(law().rows(date.fromisoformat(day))) == count


@pytest.mark.parametrize(
    ("day", "count"),
    [("2017-04-01", 100), ("2024-04-01", 108), ("2024-05-27", 176), ("2025-12-12", 181), ("2026-06-01", 220)],
)
def test_table_1_has_the_affairs_of_each_revision(day: str, count: int) -> None:
    assert len(law().table1(date.fromisoformat(day))) == count


def test_all_rows_over_time_are_carried() -> None:
    tables = load()
    assert sum(row.table == "o9" for row in tables.rows) == 556
    assert sum(row.table == "t2" for row in tables.rows) == 500
    assert (len(tables.table1), len(tables.order8)) == (383, 15)
    assert len(law().order8(NEWEST)) == 14
    assert len(law().rows(NEWEST)) == 481


def test_all_procedures_pieces_phrases_and_roles_are_carried() -> None:
    tables = load()
    assert len({procedure.item for procedure in tables.procedures}) == 186
    assert len(tables.procedures) == 943
    assert sum(len(procedure.pieces) for procedure in tables.procedures) == 2195
    assert (len(tables.phrases), len(tables.roles), len(tables.terms)) == (136, 83, 76 + 39)


def test_no_table_stands_before_the_source_begins() -> None:
    day = date(2017, 3, 31)
    assert law().rows(day) == ()
    assert law().snapshot(day).rows == 0


def test_the_order_replaces_the_repealed_table_overnight() -> None:
    assert {row.table for row in law().rows(date(2024, 5, 26))} == {"t2"}
    assert {row.table for row in law().rows(date(2024, 5, 27))} == {"o9"}


def test_item_55_3_meant_two_things_within_two_weeks() -> None:
    def affair(day: date) -> str:
        return next(row.affair for row in law().rows(day) if row.item == "55-3")

    assert "航空法" in affair(date(2026, 6, 13))
    assert "出入国管理" in affair(date(2026, 6, 14))
    assert len(law().history("55-3")) == 3
    assert {"o9/55-3/1@2026-06-01", "o9/55-3/1@2026-06-14"} <= {row.id for row in law().history("55-3")}


def test_the_lineage_of_a_row_runs_from_its_first_text_to_its_last() -> None:
    for row in law().rows(NEWEST)[:60]:
        chain = law().chain(row.id)
        assert row in chain
        for later in chain[1:]:
            assert (later.lineage or later.amends) in {earlier.id for earlier in chain}
    assert law().chain("o9/0/0@2000-01-01") == ()


def test_the_lineage_crosses_the_repeal_of_2024() -> None:
    found = [law().chain(row.id) for row in law().rows(NEWEST)]
    assert sum({row.table for row in chain} == {"t2", "o9"} for chain in found) > 250


def test_a_term_means_what_it_meant_on_the_day() -> None:
    before, after = (law().term("児童手当関係情報", day) for day in (date(2024, 9, 30), date(2024, 10, 1)))
    assert before is not None and after is not None
    assert "特例給付" in before.definition and before.definition != after.definition
    assert law().term("外国人生活保護関係情報", date(2020, 1, 1)) is None


def test_the_definition_of_the_table_goes_before_a_narrower_one() -> None:
    term = law().term("出入国関係情報", NEWEST)
    assert term is not None and term.law == "order 9 (table)"


def test_every_information_type_of_the_order_in_force_is_a_defined_term() -> None:
    types = {name for row in law().rows(NEWEST) for name in row.info_types}
    assert len(types) == 24
    assert all(law().term(name, NEWEST) for name in types)


def test_find_reads_every_cell_and_all_days() -> None:
    found = law().find("児童手当", NEWEST)
    assert "106" in {row.item for row in found}
    assert len(law().find("児童手当")) > len(found)
    assert law().find("存在しない語句") == ()


def test_a_citation_names_the_statute_and_the_item() -> None:
    rows = {row.id: row.citation for row in law().history("55-3")}
    assert rows["o9/55-3/1@2026-06-14"] == "令和6年デジタル庁・総務省令第9号第2条の表 55の3の項"
    assert law().rows(date(2020, 1, 1))[0].citation == "番号法別表第二 1の項"


def test_a_snapshot_names_the_revision_in_force() -> None:
    snapshot = law().snapshot(date(2026, 6, 20))
    assert snapshot.revision == "506M60004008009_20260614_507M60004008011"
    assert (snapshot.in_force_from, snapshot.table, snapshot.rows) == (NEWEST, "o9", 481)
    assert len(snapshot.hash) == 64 and int(snapshot.hash, 16)


def test_there_is_one_snapshot_for_each_revision_that_stood_for_a_day() -> None:
    snapshots = law().snapshots()
    assert sum(s.table == "o9" for s in snapshots) == 15
    assert sum(s.table == "t2" for s in snapshots) == 43
    assert [s.in_force_from for s in snapshots] == sorted(s.in_force_from for s in snapshots)


def test_the_hash_changes_with_the_table_and_only_then() -> None:
    for before, after in zip(law().snapshots(), law().snapshots()[1:], strict=False):
        eve = after.in_force_from - timedelta(days=1)
        same = law().rows(eve) == law().rows(after.in_force_from)
        assert (before.hash == after.hash) == same


def test_the_data_files_contradict_one_another_nowhere() -> None:
    assert law().faults() == ()


def test_a_contradiction_in_the_data_is_named() -> None:
    def broken(name: str) -> bytes:
        data = package_data(name)
        if name == "roles":
            return data.replace('"phrase": "法務大臣",'.encode(), '"phrase": "法務大臣殿",'.encode())
        return data

    faults = Law(load(broken)).faults()
    assert any("法務大臣 is not among the phrases" in fault for fault in faults)
