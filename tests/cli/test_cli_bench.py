"""What a bench tells machines, and that it notices a wrong answer."""

import json
from dataclasses import replace
from datetime import date
from random import Random

import pytest
from typer.testing import CliRunner

from kumihimo.cli.bench import BENCHES, COMPARED, KEYS
from kumihimo.cli.bench.decision import set_exam
from kumihimo.cli.main import app
from kumihimo.law import law

DAY = date(2026, 6, 14)


@pytest.mark.parametrize("name", ["decision", "codes", "log", "audit"])
def test_the_last_line_is_one_object_with_the_agreed_keys(name):
    done = CliRunner().invoke(app, ["bench", name, "--seconds", "1", "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout.strip().splitlines()[-1])
    assert set(told) - {"detail"} == {*KEYS, *COMPARED}
    assert told["name"] == name
    assert told["errors"] == 0
    assert told["count"] > 0
    assert told["ratio"] == pytest.approx(told["product"] / told["floor"], abs=0.001)


def test_without_json_the_same_is_a_table():
    done = CliRunner().invoke(app, ["bench", "decision", "--seconds", "0.1"])
    assert done.exit_code == 0
    assert [key for key in (*KEYS, *COMPARED) if key != "name" and key not in done.stdout] == []


def test_a_bench_nobody_wrote_is_a_usage_error():
    done = CliRunner().invoke(app, ["bench", "weather"])
    assert done.exit_code == 2
    assert all(name in done.output for name in BENCHES)


def test_the_law_answers_every_drawn_question_as_the_bare_reading_of_the_rows_does():
    exam = set_exam(law(), DAY, Random(3))
    assert len(exam.permitted) > 5000
    assert exam.errors() == 0


def test_a_wrong_decision_is_counted_as_an_error():
    exam = set_exam(law(), DAY, Random(3))
    wrong = exam.permitted - {exam.questions[0], *exam.questions[:500]}
    assert replace(exam, permitted=wrong).errors() > 0
