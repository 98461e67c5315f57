"""P-01: an exchange is allowed if and only if a row in force says so, and exactly one row decides.

The judge reads the raw JSON and knows nothing of the package's indexes.
"""

import hashlib
import json
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

import kumihimo.law
from kumihimo.law import Party, Permitted, Refused, law

DATA = Path(kumihimo.law.__file__).parent / "data"
type Raw = dict[str, Any]


def read(name: str) -> Raw:
    document: Raw = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))
    return document


ROWS: list[Raw] = read("table2-permissions")["rows"] + read("order9-permissions")["rows"]
ROLES: dict[str, str | None] = {role["id"]: role["is_a"] for role in read("roles")["roles"]}
PHRASES: dict[str, Raw] = {phrase["phrase"]: phrase for phrase in read("roles")["phrases"]}
WORDS = sorted(
    {p["restriction"] or p["phrase"] for p in PHRASES.values() if p["restriction"] or not p["mechanical"]}
)
SHORT = {"q-" + hashlib.sha256(words.encode()).hexdigest()[:12]: words for words in WORDS}
DAYS = sorted({row[key] for row in ROWS for key in ("valid_from", "valid_to") if row[key]})


def ancestors(role: str | None) -> set[str]:
    found = set()
    while role in ROLES:
        found.add(role)
        role = ROLES[role]
    return found


@cache
def meant(phrase: str, roles: frozenset[str], shown: frozenset[str]) -> bool:
    """Does the phrase mean a body of these roles that has shown these qualifications?"""
    shown = frozenset(SHORT.get(words, words) for words in shown)
    if phrase in shown:
        return True
    asked = PHRASES[phrase]
    needed = asked["restriction"] or (None if asked["mechanical"] else phrase)

    def by_role(role: str, words: frozenset[str]) -> bool:
        return bool(ancestors(role) & set(asked["any_of"])) and (needed is None or needed in words)

    if any(by_role(role, shown) for role in roles):
        return True
    described = [PHRASES[words] for words in shown if words in PHRASES and PHRASES[words]["mechanical"]]
    return any(
        all(
            by_role(role, shown | {each["restriction"]} if each["restriction"] else shown)
            for role in each["any_of"]
        )
        for each in described
    )


def in_force(row: Raw, on: str) -> bool:
    return bool(row["valid_from"] <= on and (row["valid_to"] is None or on < row["valid_to"]))


@cache
def table(on: str) -> list[Raw]:
    return [row for row in ROWS if in_force(row, on)]


def allowing(inquirer: Party, item: str, provider: Party, information: str, on: date) -> list[str]:
    return [
        row["id"]
        for row in table(on.isoformat())
        if row["item"] == item
        and meant(row["inquirer"], inquirer.roles, inquirer.qualifications)
        and meant(row["provider"], provider.roles, provider.qualifications)
        and information in row["info_types"] + row["info_other"]
    ]


@cache
def parties(phrase: str | None = None) -> st.SearchStrategy[Party]:
    """Bodies near the phrase: by its words, by its roles with or without what it asks, or quite others."""
    others = st.builds(
        Party,
        st.frozensets(st.sampled_from([*sorted(ROLES), "stranger"]), max_size=3),
        st.frozensets(st.sampled_from([*WORDS, *SHORT, *PHRASES]), max_size=2),
    )
    if phrase is None:
        return others
    near = PHRASES[phrase]
    words = [near["restriction"] or phrase, phrase]
    return st.one_of(
        st.builds(Party, st.frozensets(st.sampled_from(near["any_of"]), min_size=1), st.just(frozenset())),
        st.builds(
            Party,
            st.frozensets(st.sampled_from(near["any_of"]), min_size=1),
            st.frozensets(st.sampled_from(words)),
        ),
        st.just(Party(frozenset(), frozenset({phrase}))),
        others,
    )


days = st.one_of(
    st.dates(date(2016, 6, 1), date(2027, 6, 1)),
    st.builds(
        lambda day, shift: date.fromisoformat(day) + timedelta(days=shift),
        st.sampled_from(DAYS),
        st.integers(-1, 1),
    ),
)


@st.composite
def questions(draw: st.DrawFn) -> tuple[Party, str, Party, str, date]:
    """A question near a real row on a day near a change, each part sometimes replaced by another."""
    on = draw(days)
    standing = table(on.isoformat()) or ROWS
    row = draw(st.sampled_from(standing if draw(st.booleans()) else ROWS))
    names = row["info_types"] + row["info_other"]
    other = draw(st.sampled_from(ROWS))
    return (
        draw(parties(row["inquirer"])),
        draw(st.sampled_from([row["item"]] * 6 + [other["item"], "0"])),
        draw(parties(row["provider"])),
        draw(st.sampled_from(names * 4 + other["info_types"] + other["info_other"] + ["その他の情報"])),
        on,
    )


def judge(question: tuple[Party, str, Party, str, date]) -> None:
    inquirer, item, provider, information, on = question
    allowed = allowing(inquirer, item, provider, information, on)
    answer = law().decide(inquirer, item, provider, information, frozenset(), on)
    assert isinstance(answer, Permitted) == bool(allowed)
    if isinstance(answer, Permitted):
        assert answer.row.id == allowed[0]
        assert answer.snapshot == law().snapshot(on)
    if isinstance(answer, Refused):
        assert (answer.nearest is None) == all(row["item"] != item for row in ROWS)


@settings(max_examples=1000, deadline=None)
@given(questions())
@example((Party(), "55-3", Party(), "戸籍関係情報", date(2026, 6, 14)))
def test_p01_a_question_near_the_law_is_allowed_exactly_if_a_row_in_force_says_so(
    question: tuple[Party, str, Party, str, date],
) -> None:
    judge(question)


@settings(max_examples=300, deadline=None)
@given(
    st.tuples(
        parties(),
        st.sampled_from(sorted({row["item"] for row in ROWS})),
        parties(),
        st.sampled_from(sorted({name for row in ROWS for name in row["info_types"] + row["info_other"]})),
        days,
    )
)
def test_p01_a_random_question_is_allowed_exactly_if_a_row_in_force_says_so(
    question: tuple[Party, str, Party, str, date],
) -> None:
    judge(question)


@settings(max_examples=300, deadline=None)
@given(questions(), st.sampled_from([row["id"] for row in ROWS]))
def test_p01_the_gate_permits_a_named_row_exactly_if_the_row_itself_allows(
    question: tuple[Party, str, Party, str, date], other: str
) -> None:
    inquirer, item, provider, information, on = question
    near = [row["id"] for row in ROWS if row["item"] == item and in_force(row, on.isoformat())]
    for permission in [*near, other]:
        answer = law().permits(permission, inquirer, provider, information, on)
        row_item = permission.split("/")[1]
        allowed = permission in allowing(inquirer, row_item, provider, information, on)
        assert isinstance(answer, Permitted) == allowed


def test_p01_the_judge_itself_allows_and_refuses() -> None:
    municipality = Party(frozenset({"municipal-head"}))
    asked = municipality, "106", municipality, "地方税関係情報"
    assert allowing(*asked, date(2026, 6, 14)) == ["o9/106/2@2024-10-01"]
    assert allowing(*asked, date(2017, 6, 1)) == []
