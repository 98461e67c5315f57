"""The page kit without a browser: visits, dates, and what is loaded where."""

import subprocess
import sys
from datetime import date
from importlib import resources

import pytest

from kumihimo.node.pages import Lang, Sessions, day_text, moment, read_day, yen


class Hands:
    """A clock one sets by hand."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_a_visit_ends_after_its_idle_minutes_and_each_look_keeps_it_alive():
    clock = Hands()
    sessions = Sessions[str](10, clock)
    session = sessions.open("somebody")
    for _ in range(3):
        clock.seconds += 9 * 60
        found = sessions.find(session.token)
        assert found is not None
        assert found.who == "somebody"
    clock.seconds += 10 * 60 + 1
    assert sessions.find(session.token) is None
    assert len(sessions) == 0


def test_a_visit_ended_by_its_person_is_gone_and_tokens_are_never_the_same():
    sessions = Sessions[str](10)
    first, second = sessions.open("a"), sessions.open("a")
    assert first.token != second.token
    sessions.end(first.token)
    assert sessions.find(first.token) is None
    assert sessions.find(second.token) is not None
    assert sessions.find("") is None
    assert first.token not in repr(first)


@pytest.mark.parametrize(
    "text",
    [
        "昭和49年3月12日",
        "S49.3.12",
        "s49/3/12",
        "Ｓ４９．３．１２",
        "1974/3/12",
        "1974-03-12",
        "1974年3月12日",
    ],
)
def test_a_day_is_read_in_every_spelling_offices_use(text: str):
    assert read_day(text) == date(1974, 3, 12)


@pytest.mark.parametrize(
    "text", ["", "昭和64年1月8日", "1974-02-30", "49/3/12", "令和", "X1.1.1", "1974-3-12-1"]
)
def test_what_is_no_day_is_not_guessed(text: str):
    assert read_day(text) is None


def test_the_first_year_of_an_era_is_read_and_written():
    assert read_day("令和元年5月1日") == date(2019, 5, 1) == read_day("R1.5.1")
    assert day_text(date(2019, 5, 1), Lang.JA) == "令和元年5月1日"
    assert day_text(date(2019, 5, 1), Lang.EN) == "1 May 2019"


def test_moments_are_told_in_japanese_time():
    assert moment(1_781_450_040_000, Lang.JA) == "令和8年6月15日（月）0時14分"
    assert moment(1_781_450_040_000, Lang.EN) == "15 June 2026, 00:14 (Japan)"


def test_amounts_are_told_with_their_unit():
    assert (yen(1234567, Lang.JA), yen(1234567, Lang.EN)) == ("1,234,567円", "¥1,234,567")


@pytest.mark.parametrize("room", ["kumihimo.exchange", "kumihimo.exchange.app", "kumihimo.ledger.app"])
def test_who_has_no_pages_loads_nothing_that_makes_pages(room: str):
    check = f"import sys, {room}; sys.exit(bool({{'litestar', 'jinja2'}} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


def test_the_design_tokens_keep_their_licence_and_every_colour_comes_from_them():
    folder = resources.files("kumihimo.node.pages") / "static"
    tokens = (folder / "tokens.css").read_text(encoding="utf-8")
    sheet = (folder / "kumihimo.css").read_text(encoding="utf-8")
    assert "MIT License" in tokens
    assert "デジタル庁" in tokens
    used = {part.split(")")[0].split(",")[0] for part in sheet.split("var(")[1:]}
    assert {name for name in used if f"{name}:" not in tokens} == set()
    assert "url(" not in sheet
    assert "@import" not in sheet
