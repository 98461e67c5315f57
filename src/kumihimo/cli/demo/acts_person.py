"""What the person sees, and the three flags: withheld for now, answered by a human only, protected."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from kumihimo.base import Problem
from kumihimo.cli.demo.stage import CHIYODA, OSAKA, NotHeldError, Stage, answered, hold
from kumihimo.exchange import DISCLOSE_RIGHT, OWN_RECORDS, layouts
from kumihimo.world import Case

_PATIENCE = 15.0
_PAUSE = 0.2
_OTHERS = ("nenkin", "kenpo", "accounts", "moj", "labour", OSAKA, "muni-473821")
_RESIDENT = "住民票関係情報"


async def person_sees(stage: Stage) -> str:
    """The person asks the portal who asked about them, and finds each question of this claim with its outcome."""
    wanted = {one.tx for one in stage.asked.values() if one.person == stage.claimant}
    hold(wanted, "nothing was asked about the claimant")
    lines: dict[str, Mapping[str, Any]] = {}
    async for seen in _until(stage, stage.claimant):
        lines = {line["asked"]["tx"]: line for line in seen}
        if all(lines.get(tx, {}).get("outcome") for tx in wanted):
            break
    hold(wanted <= lines.keys(), f"{len(wanted - lines.keys())} questions are missing from the person's record")
    for one in stage.asked.values():
        line = lines.get(one.tx)
        if line is not None:
            hold(line["asked"]["permission"] == one.case.permission, "the record names another row")
            hold(line["outcome"]["outcome"] == "provided", "the record says another outcome")
    text = msgspec.json.encode(list(lines.values())).decode()
    values = {v for one in stage.asked.values() for v in one.answer["items"].values() if _telling(v)}
    hold(not any(str(value) in text for value in values), "the record holds an item of an answer")
    looks = sum(line["asked"]["kind"] == "disclosed" for line in lines.values())
    return f"{len(wanted)} questions with row, time and outcome, no content; {looks} looks of their own"


def _telling(value: object) -> bool:
    return isinstance(value, str) and len(value) >= 6 and not value.isascii()


async def withheld(stage: Stage) -> str:
    """An event that the law keeps from the person for now is not shown to them, but it is counted."""
    inquirer, provider, person, case = await _find(stage, "withheld")
    before = await _withheld_count(stage)
    answer = answered(await stage.ask(inquirer, provider, case, person))
    after = before
    for _ in range(round(_PATIENCE / _PAUSE)):
        after = await _withheld_count(stage)
        if after > before:
            break
        await asyncio.sleep(_PAUSE)
    hold(after == before + 1, f"the number of withheld events went from {before} to {after}")
    shown = await _records(stage, person)
    hold(answer["tx"] not in {line["asked"]["tx"] for line in shown}, "the withheld event is shown")
    return f"{stage.name(provider)} withholds it: not among the {len(shown)} shown, counted ({before} → {after})"


async def manual(stage: Stage) -> str:
    """Where no automatic answer is allowed, a clerk of the provider decides, and the answer comes later."""
    inquirer, provider, person, case = await _find(stage, "manual")
    answer = answered(await stage.ask(inquirer, provider, case, person), "pending")
    tx = answer["tx"]
    hold(not answer["items"], "items came before a human decided")
    waiting = await stage.office(provider).get("approvals")
    hold(not isinstance(waiting, Problem), "the approval queue cannot be read")
    hold(tx in {one["tx"] for one in waiting}, "the question is not in the approval queue")
    decided = await stage.office(provider).post(f"approvals/{tx}", {"approve": True, "by": "clerk-1"})
    hold(not isinstance(decided, Problem) and decided["outcome"] == "provided", "the approval was not taken")
    for _ in range(round(_PATIENCE / _PAUSE)):
        later = await stage.office(inquirer).get(f"inquiries/{tx}")
        if not isinstance(later, Problem) and later["outcome"] == "provided":
            hold(later["items"], "the later answer carries no items")
            return f"{stage.name(provider)}: pending, approved by a clerk, {len(later['items'])} items delivered"
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
    """A person with this flag alone at a provider, and an institution that knows them and may ask about them."""
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
    sides = [await stage.nation.rows(one, query, stage.nation.cast[one][person]) for one in (inquirer, provider)]
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


def _case(
    stage: Stage, inquirer: str, provider: str, information: str, wanted: Sequence[str]
) -> Case | None:
    if inquirer == provider:
        return None
    return stage.question(inquirer, provider, information, wanted=wanted)


async def _until(stage: Stage, person: int):  # type: ignore[no-untyped-def]
    """The person's records, again and again for a while."""
    for _ in range(round(_PATIENCE / _PAUSE)):
        yield await _records(stage, person)
        await asyncio.sleep(_PAUSE * 5)


async def _records(stage: Stage, person: int) -> Sequence[Mapping[str, Any]]:
    """What the portal shows a person: it asks the ledger with a slip of its own."""
    case = Case(DISCLOSE_RIGHT, OWN_RECORDS, None, ("records",))
    answer = answered(await stage.ask("portal", "ledger", case, person, office="マイナポータル"))
    records: Sequence[Mapping[str, Any]] = answer["items"]["records"]
    return records


async def _withheld_count(stage: Stage) -> int:
    body = await stage.nation.open_resource("ledger", "counts")
    return int(msgspec.json.decode(body)["withheld"]) if body else -1
