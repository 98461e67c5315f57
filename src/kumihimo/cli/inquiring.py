"""The work of `kumihimo inquire`: find the row, ask, and show answer, evidence and who may see it."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from kumihimo.base import Problem
from kumihimo.cli.evidence import Kept, read_kept
from kumihimo.cli.running import Running, find_running
from kumihimo.cli.talk import emit_json, give_up, page, talk
from kumihimo.exchange import Layout, layouts
from kumihimo.law import law
from kumihimo.world import Case, Places, ask_one

NOTHING_TO_ASK = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody at the command line wants to ask."""

    inquirer: str
    provider: str
    information: str
    person: int | None = None
    subject: str = field(default="", repr=False)
    item: str | None = None
    items: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came back, in how many milliseconds, with its papers if it was answered."""

    case: Case
    answer: Mapping[str, Any] | Problem
    milliseconds: float
    kept: Kept | None


def inquire_once(root: Path, wish: Wish, *, as_json: bool) -> int:
    """Ask once in the nation of this folder; give the exit code."""
    nation = find_running(Places(root.resolve()))
    if nation is None or not nation.settled:
        give_up(
            f"{root} の国は開いていません。先に kumihimo up を実行してください。",
            f"the nation in {root} is not open; run `kumihimo up` first",
            NOTHING_TO_ASK,
        )
    case, subject = _case(nation, wish), _subject(nation, wish)
    outcome = asyncio.run(_ask(nation, wish, case, subject))
    if as_json:
        emit_json(_document(nation, wish, outcome))
    else:
        _show(nation, wish, outcome)
    return 1 if isinstance(outcome.answer, Problem) or outcome.answer["outcome"] == "refused" else 0


def _case(nation: Running, wish: Wish) -> Case:
    for institution in (wish.inquirer, wish.provider):
        if institution not in nation.directory:
            known = ", ".join(nation.directory)
            give_up(
                f"{institution} という機関はありません。",
                f"no institution {institution}; there are: {known}",
                NOTHING_TO_ASK,
            )
    found = nation.questions(wish.inquirer, wish.provider, wish.information, wish.item)
    wanted = frozenset(wish.items)
    case = next((one for one in found if wanted <= set(one.items)), None)
    if case is None:
        give_up(
            "この照会を認める規定が見つかりません。",
            f"no row in force lets {wish.inquirer} ask {wish.provider} this; "
            f"`kumihimo law find {wish.information}` shows who may",
            NOTHING_TO_ASK,
        )
    chosen = tuple(sorted(wanted)) or case.items
    return Case(case.permission, case.information, case.piece, chosen)


def _subject(nation: Running, wish: Wish) -> str:
    if wish.subject:
        return wish.subject
    known = nation.cast[wish.inquirer]
    common = known.keys() & nation.cast.get(wish.provider, known).keys()
    index = wish.person if wish.person is not None else min(common, default=-1)
    if index not in known:
        give_up(
            f"{wish.inquirer} はその住民を知りません。",
            f"{wish.inquirer} does not know resident {index}",
            NOTHING_TO_ASK,
        )
    return known[index]


async def _ask(nation: Running, wish: Wish, case: Case, subject: str) -> Outcome:
    office = nation.office(wish.inquirer)
    try:
        started = time.perf_counter()
        answer = await ask_one(office, case, wish.provider, subject, office="kumihimo inquire")
        took = (time.perf_counter() - started) * 1000
    finally:
        await office.close()
    kept = None if isinstance(answer, Problem) else await read_kept(nation, wish.inquirer, answer["tx"])
    return Outcome(case, answer, took, kept)


def who_may_see(nation: Running, inquirer: str, provider: str) -> tuple[tuple[str, str, str], ...]:
    """Who learns what of an exchange: institution, in Japanese, in English."""
    names = {name: entry.name for name, entry in nation.directory.items()}
    return (
        (names[inquirer], "回答の内容と証拠", "the answer and its evidence"),
        (names[provider], "誰のどの項目を誰に提供したか", "whose items it gave, and to whom"),
        (
            names["digital"],
            "誰が誰にどの根拠で尋ねたか。本人も内容も見えない",
            "who asked whom by which row; no person",
        ),
        (names["jlis"], "同上", "the same"),
        (
            names["ledger"],
            "誰がいつ何を照会したか。内容は見えない",
            "that it was asked, when and why; no content",
        ),
        ("本人 the person", "マイナポータルで記録のすべて", "the whole record, in Mynaportal"),
    )


def _document(nation: Running, wish: Wish, outcome: Outcome) -> dict[str, object]:
    answer = outcome.answer
    return {
        "ok": not isinstance(answer, Problem) and answer["outcome"] != "refused",
        "inquirer": wish.inquirer,
        "provider": wish.provider,
        "permission": outcome.case.permission,
        "information": wish.information,
        "milliseconds": round(outcome.milliseconds, 1),
        "answer": None if isinstance(answer, Problem) else answer,
        "problem": answer.document() if isinstance(answer, Problem) else answer["problem"],
        "evidence": outcome.kept.document(nation) if outcome.kept else None,
        "visible_to": [
            {"who": who, "ja": japanese, "en": english}
            for who, japanese, english in who_may_see(nation, wish.inquirer, wish.provider)
        ],
    }


def _show(nation: Running, wish: Wish, outcome: Outcome) -> None:
    row = law().row(outcome.case.permission)
    if row is not None:
        talk.print(f"根拠 basis: [bold]{row.citation}[/bold] ({row.id}, {outcome.case.piece})")
    if isinstance(outcome.answer, Problem):
        show_problem(outcome.answer)
        return
    layout = layouts().latest(wish.information)
    page.print(answer_table(outcome.answer, layout))
    page.print(f"{outcome.milliseconds:.0f} ms · tx {outcome.answer['tx']}")
    if outcome.kept is not None:
        signers = outcome.kept.signers(nation)
        page.print(
            "証拠 evidence: " + " · ".join(f"{name} {'✓' if ok else '✗'}" for name, ok in signers.items())
        )
        page.print(f"  commit {outcome.kept.commit.hex()}")
    page.print("見える人 who sees what:")
    for who, japanese, english in who_may_see(nation, wish.inquirer, wish.provider):
        page.print(f"  {who}: {japanese}  [dim]{english}[/dim]")


def show_problem(problem: Problem) -> None:
    """Tell a refusal and the next step."""
    page.print(f"[bold]{problem.title_ja}[/bold]  {problem.title}")
    for japanese, english in ((problem.detail_ja, problem.detail), (problem.remedy_ja, problem.remedy)):
        page.print(f"  {japanese}  [dim]{english}[/dim]")
    if problem.nearest:
        page.print(f"  最も近い行 nearest row: {problem.nearest}")


def answer_table(answer: Mapping[str, Any], layout: Layout | None) -> Table:
    """An answer as a table: label, key, value; what was held back and what the register does not keep."""
    table = Table(
        "項目 item", "key", "値 value", title=f"回答 answer: {answer['outcome']}", title_justify="left"
    )
    for key, value in (answer["items"] or {}).items():
        item = layout.items.get(key) if layout else None
        table.add_row(item.label if item else "", key, Text(_told(value)))
    for key in answer["withheld"]:
        table.add_row("", key, "[yellow]秘匿 held back (protected person)[/yellow]")
    for key in answer["absent"]:
        table.add_row("", key, "[dim]保有なし not kept[/dim]")
    return table


def _told(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_told(one)}" for key, one in value.items())
    if isinstance(value, list):
        return "\n".join(_told(one) for one in value) or "–"
    return "–" if value is None else str(value)
