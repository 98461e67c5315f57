"""Checks of the law's data and of the layouts against it."""

from collections.abc import Iterable
from datetime import date
from itertools import pairwise

from kumihimo.cli.checks.report import Report
from kumihimo.exchange import Layouts
from kumihimo.law import Law, Row


def check_law(report: Report, law: Law, again: Law, layouts: Layouts, on: date) -> None:
    """Look for contradictions in the tables, and for information of rows in force without a layout.

    `again` is the same law read a second time: two readings must give the same snapshots.
    """
    for text in law.faults():
        report.error("law-inconsistent", text.partition(":")[0], text)
    rows = law.find("")
    _check_days(report, rows)
    _check_twice(report, rows)
    if law.snapshots() != again.snapshots():
        report.error("snapshot-unstable", "snapshots", "two readings of the same data give other hashes")
    if not law.rows(on):
        report.error("law-missing", str(on), "no row is in force on that day")
    for name in layouts.uncovered(law.rows(on)):
        report.error("layout-missing", name, "a row in force names this information, but it has no layout")
    open_questions = law.unresolved(on)
    for kind in sorted({one.kind.value for one in open_questions}):
        report.notes[f"law: {kind}"] = [
            f"{one.subject}: {one.text}" for one in open_questions if one.kind.value == kind
        ]
    report.notes["layouts: piece not resolved"] = list(layouts.unresolved(law))
    report.notes["layouts: item beyond the definition"] = [
        f"{information}: {key}" for information, key in layouts.beyond_definition()
    ]


def _check_days(report: Report, rows: Iterable[Row]) -> None:
    for row in rows:
        if row.valid_to is not None and row.valid_to <= row.valid_from:
            report.error("law-inconsistent", row.id, f"{row.id}: it ends before it begins")


def _check_twice(report: Report, rows: Iterable[Row]) -> None:
    """No permission may stand in the table twice on one day."""
    same: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        words = (row.table, row.item, row.inquirer, row.affair, row.provider, row.information)
        same.setdefault(words, []).append(row)
    for standing in same.values():
        standing.sort(key=lambda row: row.valid_from)
        for earlier, later in pairwise(standing):
            if earlier.valid_to is None or earlier.valid_to > later.valid_from:
                report.error("law-twice", later.id, f"{earlier.id} and {later.id} say the same on one day")
