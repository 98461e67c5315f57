"""`kumihimo check` passes the tree as it is, and finds each fault that is put into a copy of it."""

import json
import re
from datetime import date
from importlib.resources import files
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kumihimo.cli.checks import Report, check_institutions, check_law, read_institutions
from kumihimo.cli.main import app
from kumihimo.exchange import Layouts, layouts
from kumihimo.law import Law, law, load, package_data

DAY = date(2026, 6, 14)


@pytest.fixture
def folder(tmp_path):
    source = Path(str(files("kumihimo.world") / "institutions"))
    for file in source.glob("*.toml"):
        tmp_path.joinpath(file.name).write_bytes(file.read_bytes())
    return tmp_path


def check(*arguments):
    done = CliRunner().invoke(app, ["check", "--json", *arguments])
    return done.exit_code, json.loads(done.stdout.strip().splitlines()[-1])


def change(folder, name, pattern, replacement):
    file = folder / f"{name}.toml"
    text, count = re.subn(pattern, replacement, file.read_text(encoding="utf-8"), count=1, flags=re.MULTILINE)
    assert count == 1
    file.write_text(text, encoding="utf-8")


def examine(folder):
    report = Report()
    check_institutions(report, read_institutions(report, folder), law(), layouts(), DAY)
    return report


def errors(folder):
    return {(one.kind, one.subject) for one in examine(folder).errors}


def test_the_tree_lacks_nothing_that_is_needed():
    code, told = check()
    assert code == 0
    assert told["ok"] is True
    assert told["errors"] == []
    assert "nobody-may-ask" not in {one["kind"] for one in told["warnings"]}
    assert all(isinstance(count, int) for count in told["notes"].values())
    assert told["notes"]["law: qualification"] > 0


def test_an_unchanged_copy_lacks_nothing(folder):
    assert errors(folder) == set()


def test_anything_that_is_needed_and_missing_gives_exit_code_1(folder):
    folder.joinpath("ledger.toml").unlink()
    code, told = check("--institutions", str(folder))
    assert code == 1
    assert told["ok"] is False
    assert [(one["kind"], one["subject"]) for one in told["errors"]] == [("service", "ledger")]
    done = CliRunner().invoke(app, ["check", "--institutions", str(folder)])
    assert done.exit_code == 1
    assert "ledger" in done.stdout


@pytest.mark.parametrize(
    ("name", "pattern", "replacement", "kind"),
    [
        ("nenkin", r"^layout = 1", "layout = 9", "layout-missing"),
        ("nenkin", r"年金給付関係情報", "年金関係情報", "layout-missing"),
        ("nenkin", r"world/pension/pension", "world/pension/nothing", "query-missing"),
        ("nenkin", r"world/pension/pension", "world/nobody/pension", "query-missing"),
        ("accounts", r"accounts/benefit_account", "municipality/local_tax", "query-elsewhere"),
        ("nenkin", r'"pension-service"', '"pension-servce"', "role-unknown"),
        ("kenpo", r"^qualifications = \[\]", 'qualifications = ["q-000000000000"]', "role-unknown"),
        ("kenpo", r'^number = "\d', 'number = "', "number-malformed"),
        ("ppc", r'"oversight"', '"oversigth"', "room-unknown"),
        ("muni-473821", r'^municipality = "473821"', 'municipality = "473822"', "municipality-unknown"),
        ("moj", r'^codes_from = \["muni-131016"', 'codes_from = ["muni-131017"', "codes-from-unknown"),
    ],
)
def test_a_fault_in_an_institution_is_found(folder, name, pattern, replacement, kind):
    change(folder, name, pattern, replacement)
    assert (kind, name) in errors(folder)


@pytest.mark.parametrize(
    ("line", "value"), [("number", "9914000000001000"), ("domain", "jp/pension"), ("id", "nenkin")]
)
def test_two_institutions_that_share_an_identifier_are_found(folder, line, value):
    change(folder, "kenpo", rf'^{line} = ".*"', f'{line} = "{value}"')
    assert {kind for kind, _ in errors(folder)} >= {"duplicate"}


@pytest.mark.parametrize("gone", ["digital", "jlis", "ledger", "numbering", "portal", "ppc"])
def test_a_missing_service_is_found(folder, gone):
    folder.joinpath(f"{gone}.toml").unlink()
    assert {kind for kind, _ in errors(folder)} == {"service"}


def test_fewer_witnesses_than_a_quorum_are_found(folder):
    for name in ("univ", "bar"):
        folder.joinpath(f"{name}.toml").unlink()
    assert errors(folder) == {("service", "witness")}


def test_a_file_that_is_no_institution_is_found(folder):
    folder.joinpath("broken.toml").write_text("id = ", encoding="utf-8")
    folder.joinpath("strange.toml").write_text('id = "strange"\ncolour = "red"\n', encoding="utf-8")
    assert errors(folder) == {
        ("institution-unreadable", "broken.toml"),
        ("institution-unreadable", "strange.toml"),
    }


def test_a_provider_no_row_names_is_a_warning(folder):
    change(folder, "nenkin", r'"pension-service"', '"bar-exam-commission"')
    report = examine(folder)
    assert report.ok
    assert ("nobody-may-ask", "nenkin") in {(one.kind, one.subject) for one in report.warnings}


def test_a_role_that_is_narrowed_by_words_the_institution_lacks_is_a_warning(folder):
    narrowed = next(
        row
        for row in law().rows(DAY)
        if (words := law().bodies.phrases[row.provider]).qualification and words.any_of
    )
    role = law().bodies.phrases[narrowed.provider].any_of[0]
    change(folder, "kenpo", r'"health-insurance-association"', f'"{role}"')
    change(folder, "kenpo", r"医療保険給付関係情報", narrowed.names[0])
    found = {(one.kind, one.subject) for one in examine(folder).warnings}
    assert ("qualification-missing", "kenpo") in found


def broken_law(name, old, new):
    def read(wanted):
        data = package_data(wanted)
        if wanted != name:
            return data
        assert old in data
        return data.replace(old, new, 1)

    return Law(load(read))


def law_report(examined, again=None, on=DAY):
    report = Report()
    check_law(report, examined, again or examined, layouts(), on)
    return report


def test_the_law_as_carried_has_no_fault():
    assert law_report(law(), Law(load())).ok


def test_lineage_that_points_nowhere_is_found():
    row = next(row for row in law().rows(DAY) if row.lineage)
    examined = broken_law("order9-permissions", f'"{row.lineage}"'.encode(), b'"o9/0/0@2024-05-27"')
    assert "law-inconsistent" in {one.kind for one in law_report(examined).errors}


def test_a_row_that_ends_before_it_begins_is_found():
    begins = b'"valid_from": "%s", "valid_to": "20'
    examined = broken_law("order9-permissions", begins % b"2024-05-27", begins % b"2031-05-27")
    assert "law-inconsistent" in {one.kind for one in law_report(examined).errors}


def test_a_day_without_any_row_is_found():
    assert "law-missing" in {one.kind for one in law_report(law(), on=date(2016, 1, 1)).errors}


def test_readings_that_give_other_snapshots_are_found():
    row = law().rows(DAY)[0]
    other = broken_law("order9-permissions", row.affair.encode(), row.affair.encode() + "等".encode())
    assert "snapshot-unstable" in {one.kind for one in law_report(law(), other).errors}


def test_information_of_a_row_in_force_without_a_layout_is_found():
    report = Report()
    check_law(report, law(), law(), Layouts(()), DAY)
    assert ("layout-missing", "年金給付関係情報") in {(one.kind, one.subject) for one in report.errors}
