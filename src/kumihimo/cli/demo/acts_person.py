"""What the person sees, and the three flags: withheld for now, answered by a human only, protected."""

import asyncio
from collections.abc import Iterator, Sequence

import msgspec

from kumihimo.base import Problem
from kumihimo.cli.demo.citizen import Citizen, Records
from kumihimo.cli.demo.stage import CHIYODA, OSAKA, NotHeldError, Stage, answered, hold
from kumihimo.exchange import layouts
from kumihimo.law import law
from kumihimo.world import Case

_PATIENCE = 15.0
_EPOCH_PATIENCE = 40.0  # seconds: the ledger's open counts are those of its last closed epoch
_PAUSE = 0.2
_LOOK_PAUSE = 1.0
_OTHERS = ("nenkin", "kenpo", "accounts", "moj", "labour", OSAKA, "muni-473821")
_RESIDENT = "住民票関係情報"


async def person_sees(stage: Stage) -> str:
    """The person signs in at the portal and finds each question of this claim, its row and its outcome."""
    asked = [one for one in stage.asked.values() if one.person == stage.claimant]
    hold(asked, "nothing was asked about the claimant")
    citizen = Citizen.of(stage.nation, stage.claimant)
    records = await citizen.look()
    for _ in range(round(_PATIENCE / _LOOK_PAUSE)):
        if all(_ended(records, one.tx) for one in asked):
            break
        await asyncio.sleep(_LOOK_PAUSE)
        records = await citizen.look()
    for one in asked:
        seen = records.seen.get(one.tx)
        row = law().row(one.case.permission)
        if seen is None or row is None:
            raise NotHeldError(f"the question to {one.provider} is missing from the person's page")
        hold(seen.state == "provided", f"the page says {seen.state} of an answered question")
        hold(row.citation in seen.text, "the page does not name the row of law")
    values = {value for one in asked for value in one.answer["items"].values() if _telling(value)}
    hold(not any(value in records.page for value in values), "the page holds an item of an answer")
    return f"{len(asked)} questions on the person's page: who, whom, why, the row and the outcome; no content"


def _ended(records: Records, tx: str) -> bool:
    return tx in records.seen and records.seen[tx].state != "open"


def _telling(value: object) -> bool:
    """Whether a value is long and particular enough to prove something by its absence."""
    return isinstance(value, str) and len(value) >= 6 and not value.isascii()


async def withheld(stage: Stage) -> str:
    """An event that the law keeps from the person for now is not shown to them, but it is counted."""
    inquirer, provider, person, case = await _find(stage, "withheld")
    before = await _withheld_count(stage)
    answer = answered(await stage.ask(inquirer, provider, case, person))
    after = before
    for _ in range(round(_EPOCH_PATIENCE / _PAUSE)):
        after = await _withheld_count(stage)
        if after > before:
            break
        await asyncio.sleep(_PAUSE)
    hold(after > before, f"the number of withheld events went from {before} to {after}")
    records = await Citizen.of(stage.nation, person).look()
    hold(answer["tx"] not in records.page, "the withheld event is shown")
    return (
        f"{stage.name(provider)} withholds it: not on the person's page ({len(records.seen)} shown), "
        f"but counted ({before} → {after})"
    )


async def manual(stage: Stage) -> str:
    """Where no automatic answer is allowed, a clerk of the provider decides, and the answer comes later."""
    inquirer, provider, person, case = await _find(stage, "manual")
    answer = answered(await stage.ask(inquirer, provider, case, person), "pending")
    tx = answer["tx"]
    hold(not answer["items"], "items came before a human decided")
    waiting = await stage.office(provider).get("approvals")
    queue = () if isinstance(waiting, Problem) else [one["tx"] for one in waiting]
    hold(tx in queue, "the question is not in the approval queue")
    decided = await stage.office(provider).post(f"approvals/{tx}", {"approve": True, "by": "clerk-1"})
    hold(not isinstance(decided, Problem) and decided["outcome"] == "provided", "the approval was not taken")
    for _ in range(round(_PATIENCE / _PAUSE)):
        later = await stage.office(inquirer).get(f"inquiries/{tx}")
        if not isinstance(later, Problem) and later["outcome"] == "provided":
            hold(later["items"], "the later answer carries no items")
            return (
                f"{stage.name(provider)}: pending, approved by a clerk, {len(later['items'])} items delivered"
            )
        await asyncio.sleep(_PAUSE)
    raise NotHeldError("the approved answer was not delivered")


async def protected(stage: Stage) -> str:
    """Where a protected person lives is held back, whoever lawfully asks; the answer says that it is."""
    inquirer, provider, person, case = await _find(stage, "protected")
    layout = layouts().latest(case.information)
    locating = set(case.items) & (layout.locating if layout else frozenset())
    answer = answered(await stage.ask(inquirer, provider, case, person))
    hold(locating and locating <= set(answer["withheld"]), "an item that tells the place was not held back")
    hold(not locating & set(answer["items"]), "an item that tells the place was given")
    if provider.startswith("muni-"):
        await _no_address(stage, provider, person, answer["items"])
    held = "、".join(sorted(locating))
    return f"{stage.name(inquirer)} → {stage.name(provider)}: {len(answer['items'])} items, held back: {held}"


async def _no_address(stage: Stage, provider: str, person: int, items: object) -> None:
    query = "SELECT address FROM register.resident WHERE subject = $1"
    rows = await stage.nation.rows(provider, query, stage.nation.cast[provider][person])
    text = msgspec.json.encode(items).decode()
    hold(rows and rows[0]["address"] not in text, "the address stands elsewhere in the answer")


async def _find(stage: Stage, flag: str) -> tuple[str, str, int, Case]:
    """A person with only this flag at a provider, and an institution that knows them and may ask."""
    for inquirer, provider, case in _pairs(stage, flag):
        cast = stage.nation.cast
        common = {cast[provider][index]: index for index in cast[provider].keys() & cast[inquirer].keys()}
        query = (
            "SELECT subject FROM exchange.person_flag WHERE until >= current_date "
            "GROUP BY subject HAVING array_agg(flag) = ARRAY[$1]::text[] ORDER BY subject"
        )
        for row in await stage.nation.rows(provider, query, flag):
            person = common.get(row["subject"])
            if person is not None and await _kept(stage, inquirer, provider, case, person):
                return inquirer, provider, person, case
    raise NotHeldError(f"no institution of this nation may ask about a person flagged as {flag}")


async def _kept(stage: Stage, inquirer: str, provider: str, case: Case, person: int) -> bool:
    """Whether both sides hold their codes for the person."""
    query = "SELECT 1 FROM exchange.person_code WHERE subject = $1"
    sides = [
        await stage.nation.rows(one, query, stage.nation.cast[one][person]) for one in (inquirer, provider)
    ]
    return all(sides)


def _pairs(stage: Stage, flag: str) -> Iterator[tuple[str, str, Case]]:
    """Who may ask whom about whom with this flag: 千代田区 first, and addresses first for the protected."""
    inquirers = (CHIYODA, OSAKA, "muni-473821", "kenpo", "labour")
    if flag == "protected":
        for inquirer in ("kenpo", "labour", OSAKA, CHIYODA):
            for provider in (CHIYODA, OSAKA, "muni-473821"):
                case = _case(stage, inquirer, provider, _RESIDENT, ("address", "name"))
                if case is not None:
                    yield inquirer, provider, case
        return
    for inquirer in inquirers:
        for provider in _OTHERS:
            information = stage.nation.directory[provider].provides[0]
            case = _case(stage, inquirer, provider, information, ())
            if case is not None:
                yield inquirer, provider, case


def _case(stage: Stage, inquirer: str, provider: str, information: str, wanted: Sequence[str]) -> Case | None:
    if inquirer == provider:
        return None
    return stage.question(inquirer, provider, information, wanted=wanted)


async def _withheld_count(stage: Stage) -> int:
    body = await stage.nation.open_resource("ledger", "counts")
    return int(msgspec.json.decode(body)["withheld"]) if body else -1
