"""The ledger's bench on a small ledger: every part is measured, and nothing is wrong."""

import json

import pytest
from typer.testing import CliRunner

from kumihimo.cli.bench import COMPARED, KEYS
from kumihimo.cli.main import app


@pytest.fixture(scope="module")
def told():
    size = ["--persons", "300", "--records", "1500", "--seconds", "0.5"]
    done = CliRunner().invoke(app, ["bench", "ledger", *size, "--json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout.strip().splitlines()[-1])


def test_the_ledgers_bench_tells_the_agreed_keys(told):
    assert set(told) - {"detail"} == {*KEYS, *COMPARED}
    assert told["ratio"] == pytest.approx(told["product"] / told["floor"], abs=0.001)


def test_filling_files_epochs_and_checks_are_all_measured_without_an_error(told):
    assert told["errors"] == 0
    assert told["count"] == pytest.approx(1500, rel=0.1)
    detail = told["detail"]
    assert detail["epoch_s"]["touched"] == 300
    assert all(detail[key] > 0 for key in ("files_per_s", "live_records_per_s", "map_persons_per_s"))
    assert detail["file_of_100"]["bytes"] > 10_000
    assert 0 < detail["file_of_100"]["check_ms"] < 1000
