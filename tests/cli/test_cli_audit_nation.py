"""`kumihimo audit` on a running nation: everything holds, nothing is said of persons, and who may ask."""

import json
import time

import pytest
from typer.testing import CliRunner

from kumihimo.cli.main import app
from kumihimo.world import Nation

pytestmark = pytest.mark.nation
PATIENCE = 180.0


@pytest.fixture(scope="module")
def run(nation: Nation):
    def invoke(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, [*words, "--nation", str(nation.places.root)])
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, done.stdout

    return invoke


@pytest.fixture(scope="module")
def asked(run) -> None:
    """Some questions whose records stand in an epoch, with every log cosigned."""
    for _ in range(3):
        assert run("inquire")[0] == 0
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        _, report = audited(run, "--share", "1")
        if report["checks"]["evidence"]["counts"].get("sampled", 0) >= 3 and report["held"]:
            break
        time.sleep(2)


def audited(run, *words: str) -> tuple[int, dict]:
    code, told = run("audit", "--json", *words)
    return code, json.loads(told.strip().splitlines()[-1])


def test_every_event_of_a_running_nation_is_proved_to_the_commission(run, asked):
    code, report = audited(run, "--share", "1")
    counts = report["checks"]["evidence"]["counts"]
    assert (code, report["held"]) == (0, True), report
    assert counts["sampled"] == counts["held"] >= 3
    assert counts["sampled"] + counts["over_budget"] == counts["auditable"]
    epochs = report["checks"]["epochs"]["counts"]
    assert epochs["events"] == epochs["total"] + epochs["deferred"] + epochs["open"] + epochs["void"]
    assert report["checks"]["logs"]["counts"]["witnesses"] == 2


def test_a_witness_audits_too_and_goes_on_from_what_it_saw(run, asked):
    for compared in (False, True):
        code, report = audited(run, "--as", "univ", "--seed", "the same")
        assert (code, report["held"], report["seed"]) == (0, True, "the same"), report
        assert (report["checks"]["logs"]["counts"]["compared"] > 0) is compared


def test_the_report_is_for_people_in_both_languages(run, asked):
    code, told = run("audit")
    assert code == 0
    assert "すべて成り立ちます。" in told
    assert "Everything holds." in told


def test_nobody_audits_who_does_not_watch(run):
    assert run("audit", "--as", "nenkin")[0] == 2
    assert run("audit", "--as", "nobody")[0] == 2
