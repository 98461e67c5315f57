"""``kumihimo law`` on the command line."""

import json
from pathlib import Path

from typer.testing import CliRunner, Result

from kumihimo.cli.law import app
from kumihimo.law import law

ASK = {
    "inquirer": "municipal-head",
    "item": "106",
    "provider": "municipal-head",
    "information": "地方税関係情報",
    "on": "2026-06-14",
}


def run(*args: str, given: str | bytes | None = None) -> Result:
    return CliRunner().invoke(app, list(args), input=given)


def ask(*lines: object) -> list[dict[str, object]]:
    given = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
    result = run("decide", "--jsonl", given=given)
    assert result.exit_code == 0
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_line_in_gives_a_line_out_in_the_same_order() -> None:
    answers = ask(ASK, ASK | {"item": "999"}, ASK | {"provider": "都道府県知事"}, ASK)
    assert answers == [
        {"permitted": True, "row": "o9/106/2@2024-10-01"},
        {"permitted": False, "reason": "no-such-item", "nearest": None},
        {"permitted": False, "reason": "provider-not-named", "nearest": "o9/106/2@2024-10-01"},
        {"permitted": True, "row": "o9/106/2@2024-10-01"},
    ]


def test_a_malformed_line_is_answered_and_does_not_stop_the_rest() -> None:
    bad: list[object] = [
        "",
        "{",
        "[]",
        "null",
        ASK | {"on": "2026-02-30"},
        ASK | {"on": "20260614"},
        ASK | {"on": "2026-06-14T00:00:00"},
        ASK | {"item": 106},
        {key: value for key, value in ASK.items() if key != "provider"},
        '{"x":' + "[" * 100_000,
    ]
    answers = ask(*bad, ASK)
    malformed = {"permitted": False, "reason": "malformed", "nearest": None}
    assert answers[:-1] == [malformed] * len(bad)
    assert answers[-1]["permitted"] is True


def test_a_line_that_is_not_utf8_is_malformed() -> None:
    result = run("decide", "--jsonl", given=b'{"inquirer":"\xff"}\n' + json.dumps(ASK).encode())
    first, second = (json.loads(line) for line in result.stdout.splitlines())
    assert first["reason"] == "malformed" and second["permitted"] is True


def test_every_row_in_force_is_permitted_to_the_phrases_it_names() -> None:
    rows = law().rows(law().changes()[-1])
    asked = [
        {
            "inquirer": row.inquirer,
            "item": row.item,
            "provider": row.provider,
            "information": name,
            "on": "2026-06-14",
        }
        for row in rows
        for name in row.names
    ]
    expected = [row.id for row in rows for _ in row.names]
    assert [answer["row"] for answer in ask(*asked)] == expected


def test_qualifications_belong_to_the_inquirer_and_may_be_given_to_the_provider() -> None:
    words = "公営住宅法第二条第十六号に規定する事業主体である"
    row = next(r for r in law().rows(law().changes()[-1]) if r.inquirer.startswith(words))
    asked = ASK | {"item": row.item, "provider": row.provider, "information": row.names[0]}
    bare, shown = ask(asked, asked | {"qualifications": [words]})
    assert bare == {"permitted": False, "reason": "qualification-missing", "nearest": row.id}
    assert shown == {"permitted": True, "row": row.id}
    payer = "健康保険法第五十五条に規定する他の法令による給付の支給を行うこととされている者"
    paying = next(r for r in law().rows(law().changes()[-1]) if r.provider == payer)
    asked = ASK | {"inquirer": paying.inquirer, "item": paying.item, "information": paying.names[0]}
    asked["provider"] = "benefit-payer"
    bare, wrong, shown = ask(
        asked, asked | {"qualifications": [payer]}, asked | {"provider_qualifications": [payer]}
    )
    assert bare["reason"] == wrong["reason"] == "qualification-missing"
    assert shown["permitted"] is True


def test_talk_goes_to_standard_error() -> None:
    result = run("decide", "--jsonl", given=json.dumps(ASK) + "\n")
    assert result.stdout.count("\n") == 1
    assert "1 questions answered" in result.stderr


def test_one_question_may_be_asked_by_options() -> None:
    options = [word for key, value in ASK.items() for word in (f"--{key}", value)]
    assert json.loads(run("decide", *options).stdout) == {"permitted": True, "row": "o9/106/2@2024-10-01"}
    assert run("decide", "--item", "106").exit_code == 2


def test_show_prints_the_rows_of_an_item_on_a_day() -> None:
    result = run("show", "55-3", "--on", "2026-06-13")
    assert result.exit_code == 0
    assert "o9/55-3/1@2026-06-01" in result.stdout and "航空法" in result.stdout
    rows = json.loads(run("show", "106", "--on", "2026-06-14", "--json").stdout)
    assert [row["id"] for row in rows][1] == "o9/106/2@2024-10-01"


def test_show_of_an_item_not_in_force_tells_when_it_was() -> None:
    result = run("show", "173-2", "--on", "2025-01-01")
    assert result.exit_code == 1 and result.stdout == ""
    assert "o9/173-2/1@2025-07-28" in result.stderr


def test_words_that_look_like_markup_do_no_harm() -> None:
    assert run("show", "[/bold]").exit_code == 1
    assert run("find", "[bold").exit_code == 1


def test_find_prints_the_rows_that_say_the_words() -> None:
    result = run("find", "児童手当", "--on", "2026-06-14")
    assert result.exit_code == 0 and "o9/106/2@2024-10-01" in result.stdout
    assert len(json.loads(run("find", "児童手当", "--ever", "--json").stdout)) == len(law().find("児童手当"))


def test_diff_is_readable_is_data_and_draws_the_picture(tmp_path: Path) -> None:
    picture = tmp_path / "widening.svg"
    result = run("diff", "2017-06-01", "2026-06-14", "--svg", str(picture))
    assert result.exit_code == 0
    assert "276 → 481" in result.stdout and "新設 New" in result.stdout
    assert picture.read_text(encoding="utf-8") == law().widening_svg()
    document = json.loads(run("diff", "2017-06-01", "2026-06-14", "--json").stdout)
    assert document["counts"]["new"] == len(document["new"]) == 275
    assert document["new"][0]["citation"] and document["new"][0]["amended_by"]


def test_diff_wants_the_earlier_day_first() -> None:
    assert run("diff", "2026-06-14", "2017-06-01").exit_code == 2


def test_history_snapshot_procedures_and_unresolved_answer_too() -> None:
    assert "o9/55-3/1@2026-06-14" in run("history", "55-3").stdout
    assert "t2/" in run("history", "o9/106/2@2024-10-01").stdout
    assert run("history", "9999").exit_code == 1
    assert run("snapshot").stdout.count("\n") == 58
    found = json.loads(run("snapshot", "--on", "2026-06-14", "--json").stdout)
    assert found[0]["hash"] == law().snapshot(law().changes()[-1]).hash
    assert "第108条第1号" in run("procedures", "106").stdout
    assert json.loads(run("procedures", "106", "--json").stdout)[0]["pieces"][0]["person"]
    assert run("procedures", "0").exit_code == 1
    assert len(json.loads(run("unresolved", "--json").stdout)) == len(law().unresolved())
    assert run("picture").stdout == law().widening_svg()
