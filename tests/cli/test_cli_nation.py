"""Commands on a running nation: inquire, oversight, demo in a named nation, up a second time."""

import json

import pytest
from typer.testing import CliRunner

from kumihimo.cli.demo import play
from kumihimo.cli.demo.acts_family import nation_opens
from kumihimo.cli.demo.stage import NotHeldError, Step
from kumihimo.cli.main import app
from kumihimo.law import law
from kumihimo.world import load_cast

pytestmark = pytest.mark.nation


@pytest.fixture(scope="module")
def run(nation):
    root = str(nation.places.root)

    def invoke(*words):
        done = CliRunner().invoke(app, [*words, "--nation", root])
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, done.stdout

    return invoke


def inquire(run, *words):
    code, told = run("inquire", "--json", *words)
    return code, json.loads(told.strip().splitlines()[-1])


def test_an_inquiry_gives_answer_evidence_and_who_may_see_it(run):
    code, told = inquire(run)
    assert (code, told["ok"]) == (0, True)
    assert told["answer"]["outcome"] == "provided"
    assert told["answer"]["items"]
    evidence = told["evidence"]
    assert law().row(told["permission"]).citation == evidence["citation"]
    assert len(evidence["signatures"]) == 5
    assert all(evidence["signatures"].values())
    assert list(evidence["times"].values()) == sorted(evidence["times"].values())
    assert len(told["visible_to"]) == 6


def test_the_person_the_item_and_the_items_can_be_chosen(run, nation):
    cast = load_cast(nation.places)
    person = max(cast["muni-131016"].keys() & cast["nenkin"].keys())
    by_index = inquire(run, "--person", str(person), "--item", "107", "--items", "insured_category")
    subject = cast["muni-131016"][person]
    by_number = inquire(run, "--subject", subject, "--item", "107", "--items", "insured_category")
    for code, told in (by_index, by_number):
        assert code == 0
        assert told["permission"].startswith("o9/107/")
        assert set(told["answer"]["items"]) | set(told["answer"]["absent"]) == {"insured_category"}
    assert by_index[1]["answer"]["items"] == by_number[1]["answer"]["items"]


def test_an_answer_for_people_names_the_row_and_the_signers(run):
    code, told = run("inquire")
    assert code == 0
    assert "provided" in told
    assert told.count("✓") == 5


@pytest.mark.parametrize(
    "words",
    [
        ("--item", "1-999"),
        ("--items", "shoe_size"),
        ("--from", "nobody"),
        ("--to", "nobody"),
        ("--person", "999999"),
        ("--from", "ppc"),
    ],
)
def test_what_cannot_be_asked_at_all_ends_with_2(run, words):
    assert run("inquire", *words)[0] == 2


def test_a_refused_inquiry_ends_with_1(run):
    code, told = inquire(run, "--subject", "000000000000000")
    assert code == 1
    assert told["problem"]["type"].endswith("code-not-acquired")
    assert told["answer"] is None


def test_where_no_nation_is_open_the_message_says_what_to_do(tmp_path):
    done = CliRunner().invoke(app, ["inquire", "--nation", str(tmp_path)])
    assert done.exit_code == 2
    assert "kumihimo up" in done.stderr


def test_a_suspension_is_obeyed_until_it_is_lifted(run):
    question = ("--to", "kenpo", "--information", "医療保険給付関係情報")
    code, told = run("oversight", "suspend", "kenpo", "--reason", "drill")
    assert code == 0
    assert "obeyed by all" in told
    code, told = inquire(run, *question)
    assert code == 1
    assert told["problem"]["type"].endswith("institution-suspended")
    assert run("oversight", "lift", "kenpo")[0] == 0
    assert inquire(run, *question)[0] == 0


def test_a_withdrawn_assessment_stops_and_a_published_one_opens_again(run):
    assert run("oversight", "withdraw", "nenkin")[0] == 0
    code, told = inquire(run)
    assert code == 1
    assert told["problem"]["type"].endswith("pia-not-published")
    assert run("oversight", "publish", "nenkin", "--until", "2020-01-01")[0] == 2
    assert run("oversight", "publish", "nenkin")[0] == 0
    assert inquire(run)[0] == 0


def test_the_commission_decides_nothing_about_unknown_institutions_or_nations(run, tmp_path):
    assert run("oversight", "suspend", "nobody")[0] == 2
    done = CliRunner().invoke(app, ["oversight", "suspend", "kenpo", "--nation", str(tmp_path)])
    assert done.exit_code == 2


def test_a_nation_that_is_open_is_not_opened_a_second_time(nation):
    done = CliRunner().invoke(app, ["up", "--nation", str(nation.places.root)])
    assert done.exit_code == 1
    assert nation.address("portal") in done.stderr


def test_the_demo_fails_as_a_whole_when_one_step_does_not_hold(run, monkeypatch):
    async def falls(_):
        raise NotHeldError("the bridge is open")

    steps = (Step("opens", "開く", "opens", nation_opens), Step("falls", "落ちる", "falls", falls))
    monkeypatch.setattr(play, "CHAPTERS", (("章", "chapter", steps),))
    code, told = run("demo", "--json")
    assert code == 1
    last = json.loads(told.strip().splitlines()[-1])
    assert last["ok"] is False
    assert [(one["name"], one["ok"]) for one in last["steps"]] == [("opens", True), ("falls", False)]
    assert last["steps"][1]["detail"] == "the bridge is open"
