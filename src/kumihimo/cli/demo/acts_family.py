"""The family that moved from 大阪市 to 千代田区, and the four questions its claim makes lawful."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from rich.table import Table

from kumihimo.cli.demo.stage import CHIYODA, OSAKA, Asked, NotHeldError, Stage, answered, hold
from kumihimo.cli.evidence import read_kept
from kumihimo.cli.running import today
from kumihimo.exchange import layouts
from kumihimo.law import law
from kumihimo.world import institution_ids

_CHILD = timedelta(days=365 * 18)
_REGISTERS = ("nenkin", "accounts", "moj")


@dataclass(frozen=True, slots=True)
class Errand:
    """One question of the claim: whom, what, and the item of the table that permits it."""

    name: str
    provider: str
    information: str
    item: str


TAX = Errand("tax", OSAKA, "地方税関係情報", "106")
PENSION = Errand("pension", "nenkin", "年金給付関係情報", "107")
ACCOUNT = Errand("account", "accounts", "公的給付支給等口座登録簿関係情報", "106")
REGISTER = Errand("register", "moj", "戸籍関係情報", "106")
ERRANDS = (TAX, PENSION, ACCOUNT, REGISTER)


async def nation_opens(stage: Stage) -> str:
    """Every institution says that it can do its duty."""
    states = await asyncio.gather(*(stage.nation.health(name) for name in institution_ids()))
    ill = [name for name, state in zip(institution_ids(), states, strict=True) if not state.ok]
    hold(not ill, f"not healthy: {', '.join(ill)}")
    return f"{len(states)} institutions are healthy, each with its own keys and its own database"


@dataclass(frozen=True, slots=True)
class _Candidate:
    index: int
    moved: bool
    child: bool
    registers: int
    flags: int

    @property
    def rank(self) -> tuple[bool, int, bool, int, int]:
        return self.moved, -self.flags, self.child, self.registers, -self.index


async def family_moves(stage: Stage) -> str:
    """Find the claimant: an adult with a child, who moved from there to here and is known to all asked."""
    candidates = await _candidates(stage)
    hold(candidates, "nobody moved from 大阪市 to 千代田区 in this nation")
    best = max(candidates, key=lambda one: one.rank)
    stage.claimant = best.index
    there = await _flagged(stage, OSAKA, "SELECT subject FROM register.resident WHERE removed_on IS NOT NULL")
    hold(best.index in there, "the former municipality has no removed record of the claimant")
    child = "with a child" if best.child else "without a child in this nation"
    return f"resident {best.index}, {child}; 大阪市 keeps the removed record, 千代田区 the resident record"


async def _candidates(stage: Stage) -> Sequence[_Candidate]:
    rows = await stage.nation.rows(
        CHIYODA,
        "SELECT subject, household, birth, previous_address FROM register.resident WHERE removed_on IS NULL",
    )
    flags = [await _flagged(stage, name, "SELECT subject FROM exchange.person_flag") for name in _sides()]
    cast, by_subject = stage.nation.cast, _inverse(stage.nation.cast[CHIYODA])
    grown = today() - _CHILD
    with_child = {row["household"] for row in rows if row["birth"] > grown}
    return [
        _Candidate(
            index=index,
            moved=(row["previous_address"] or "").startswith("大阪府大阪市"),
            child=row["household"] in with_child,
            registers=sum(index in cast[name] for name in _REGISTERS),
            flags=sum(index in flagged for flagged in flags),
        )
        for row in rows
        if row["birth"] <= grown and (index := by_subject[row["subject"]]) in cast[OSAKA]
    ]


def _sides() -> tuple[str, ...]:
    return CHIYODA, OSAKA, *_REGISTERS


def _inverse(subjects: Mapping[int, str]) -> Mapping[str, int]:
    return {subject: index for index, subject in subjects.items()}


async def _flagged(stage: Stage, institution: str, query: str) -> frozenset[int]:
    by_subject = _inverse(stage.nation.cast[institution])
    return frozenset(by_subject[row["subject"]] for row in await stage.nation.rows(institution, query))


async def ask_tax(stage: Stage) -> str:
    """千代田区 asks 大阪市 for the income that decides on the allowance."""
    return await _run(stage, TAX)


async def ask_pension(stage: Stage) -> str:
    """千代田区 asks the pension service for the claimant's pension scheme."""
    return await _run(stage, PENSION)


async def ask_account(stage: Stage) -> str:
    """千代田区 asks the register of benefit accounts where to pay."""
    return await _run(stage, ACCOUNT)


async def ask_register(stage: Stage) -> str:
    """千代田区 asks the Minister of Justice who is whose child."""
    return await _run(stage, REGISTER)


def person_for(stage: Stage, provider: str) -> int:
    """The claimant, or the first resident both sides know when the provider does not know the claimant."""
    cast = stage.nation.cast
    if stage.claimant in cast[provider]:
        return stage.claimant
    return min(cast[CHIYODA].keys() & cast[provider].keys())


async def _run(stage: Stage, errand: Errand) -> str:
    case = stage.question(CHIYODA, errand.provider, errand.information, errand.item)
    row = law().row(case.permission) if case else None
    if case is None or row is None:
        raise NotHeldError(f"item {errand.item} names no {errand.information}")
    hold(row.in_force(today()), f"{row.id} is not in force")
    person = person_for(stage, errand.provider)
    started = time.time_ns() // 1_000_000
    answer = answered(await stage.ask(CHIYODA, errand.provider, case, person, office="子育て支援課"))
    ended = time.time_ns() // 1_000_000
    kept = await read_kept(stage.nation, CHIYODA, answer["tx"])
    asked = Asked(CHIYODA, errand.provider, person, case, answer, kept)
    _verify(stage, asked)
    stage.asked[errand.name] = asked
    _show(stage, asked, started, ended)
    count = len(answer["items"])
    return f"{row.citation} ({row.id}, {case.piece}): {count} items, live, in {ended - started} ms"


def _verify(stage: Stage, asked: Asked) -> None:
    answer, layout = asked.answer, layouts().latest(asked.case.information)
    given = set(asked.case.items) - set(answer["withheld"]) - set(answer["absent"])
    hold(answer["row"] == asked.case.permission, "the answer names another row")
    hold(answer["live"], "the answer is a copy, not live")
    hold(answer["items"] and set(answer["items"]) == given, "other items came than were asked for")
    faults = layout.validate(answer["items"], given) if layout else ("no layout",)
    hold(not faults, f"the answer does not follow the layout: {faults}")
    broken = [who for who, ok in asked.kept.signers(stage.nation).items() if not ok]
    hold(not broken, f"signatures that do not hold: {broken}")


def _show(stage: Stage, asked: Asked, started: int, ended: int) -> None:
    table = Table(box=None, padding=(0, 2, 0, 4), show_header=False)
    items, layout = asked.answer["items"], layouts().latest(asked.case.information)
    for key, value in list(items.items())[:4]:
        table.add_row(layout.items[key].label if layout else "", f"[dim]{key}[/dim]", _short(value))
    stage.console.print(table)
    stops = asked.kept.timeline()
    way = " → ".join(f"{_desk(stage, name)} {max(at - started, 0)}" for name, at in stops)
    stage.console.print(f"    [cyan]{way} → 受領 {ended - started} ms[/cyan]")


def _desk(stage: Stage, name: str) -> str:
    desks = {"operator-1": "第一運営者", "operator-2": "第二運営者", "ledger": "台帳"}
    return desks.get(name) or stage.name(name)


def _short(value: object) -> str:
    if isinstance(value, list):
        return f"{len(value)} 件"
    if isinstance(value, dict):
        return "…"
    return "–" if value is None else (value.isoformat() if isinstance(value, date) else str(value))
