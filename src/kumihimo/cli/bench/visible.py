"""How soon after an answer its person can see that somebody asked.

Product: from the moment an office has its answer to the moment both lines of the exchange, who asked and how
it ended, stand in the person's chain at the ledger, where any look shows them; watched every 5 ms. Then the
person really looks, at the portal's page, and the exchange must be on it. Four offices' clerks ask at a time,
about different people. Floor: one durable write in the ledger's own database, which no record can do without,
measured between the questions of the same run.
"""

import asyncio
import random
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import asyncpg

from kumihimo.base import Problem
from kumihimo.cli.demo.citizen import Citizen
from kumihimo.cli.running import Running
from kumihimo.world import Case, Nation, ask_one, find_case, open_nation

INQUIRER, PROVIDER, INFORMATION = "muni-131016", "accounts", "公的給付支給等口座登録簿関係情報"
ASKERS = 4
LOOK_EVERY = 0.005
GIVE_UP_SECONDS = 30.0
FLOOR_WRITES = 5
_CHAINED = "SELECT count(*) FROM ledger.entry WHERE tx = $1 AND kind IN ('asked', 'outcome')"
_FLOOR_TABLE = "CREATE TABLE IF NOT EXISTS public.floor (body bytea)"
_FLOOR_WRITE = "INSERT INTO public.floor VALUES ($1)"


@dataclass(slots=True)
class Run:
    """What was measured, in seconds; `missing` counts exchanges that did not come or were not on the page."""

    chained: list[float] = field(default_factory=list)
    seen: list[float] = field(default_factory=list)
    floor: list[float] = field(default_factory=list)
    missing: int = 0
    refused: int = 0


def run(seconds: float) -> dict[str, object]:
    """Measure on a throw-away nation of 300 residents."""
    return asyncio.run(_measure(seconds))


async def _measure(seconds: float) -> dict[str, object]:
    with tempfile.TemporaryDirectory(prefix="kumihimo-bench-") as fresh:
        nation = await open_nation(Path(fresh) / "nation", lambda *_: None, residents=300, throwaway=True)
        try:
            result = Run()
            watches = [await _Watch.of(nation, share) for share in _shares(nation)]
            started = time.perf_counter()
            end = started + seconds
            await asyncio.gather(*(watch.until(end, result) for watch in watches))
            took = time.perf_counter() - started
            for watch in watches:
                await watch.close()
        finally:
            await nation.close()
    return _result(result, took)


def _shares(nation: Nation) -> list[Sequence[int]]:
    """Each asker's own people: known to both sides and to the portal."""
    cast = Running(nation.places).cast
    common = sorted(cast[INQUIRER].keys() & cast[PROVIDER].keys() & cast["portal"].keys())
    random.Random(1).shuffle(common)  # noqa: S311 - the order of questions is no secret
    return [common[n::ASKERS] for n in range(ASKERS)]


@dataclass(slots=True)
class _Watch:
    """Asks about one share of the people, one at a time, and watches each record appear."""

    nation: Running
    people: Sequence[int]
    case: Case
    office: Any
    ledger: "asyncpg.Connection[asyncpg.Record]"

    @classmethod
    async def of(cls, nation: Nation, people: Sequence[int]) -> "_Watch":
        running = Running(nation.places)
        ledger = await asyncpg.connect(running.settings("ledger").runtime.database)
        await ledger.execute(_FLOOR_TABLE)
        case = find_case(nation, INQUIRER, PROVIDER, INFORMATION)
        return cls(running, people, case, nation.office(INQUIRER), ledger)

    async def until(self, end: float, result: Run) -> None:
        """Ask until the time is over; every person is asked about once before anybody twice."""
        number = 0
        while time.perf_counter() < end:
            await self._one(self.people[number % len(self.people)], result)
            number += 1
            for _ in range(FLOOR_WRITES):
                started = time.perf_counter()
                await self.ledger.execute(_FLOOR_WRITE, bytes(400))
                result.floor.append(time.perf_counter() - started)

    async def _one(self, person: int, result: Run) -> None:
        subject = self.nation.cast[INQUIRER][person]
        answer: Mapping[str, Any] | Problem = await ask_one(self.office, self.case, PROVIDER, subject)
        answered = time.perf_counter()
        if isinstance(answer, Problem):
            result.refused += 1
            return
        if not await self._chained(bytes.fromhex(answer["tx"]), answered + GIVE_UP_SECONDS):
            result.missing += 1
            return
        result.chained.append(time.perf_counter() - answered)
        page = await Citizen.of(self.nation, person).look()
        result.seen.append(time.perf_counter() - answered)
        result.missing += answer["tx"] not in page.seen

    async def _chained(self, tx: bytes, deadline: float) -> bool:
        while await self.ledger.fetchval(_CHAINED, tx) < 2:
            if time.perf_counter() > deadline:
                return False
            await asyncio.sleep(LOOK_EVERY)
        return True

    async def close(self) -> None:
        """Give the connections back."""
        await self.office.close()
        await self.ledger.close()


def _result(run: Run, took: float) -> dict[str, object]:
    cuts, seen = quantiles(run.chained, n=100), quantiles(run.seen, n=100)
    floor = median(run.floor) * 1000
    return {
        "name": "visible",
        "seconds": took,
        "count": len(run.chained),
        "errors": run.missing + run.refused,
        "rate_per_s": len(run.chained) / took,
        "p50_ms": cuts[49] * 1000,
        "p99_ms": cuts[98] * 1000,
        "unit": "ms from answer to record",
        "floor": floor,
        "product": cuts[49] * 1000,
        "ratio": cuts[49] * 1000 / floor,
        "detail": {
            "askers": ASKERS,
            "on_the_page_p50_ms": seen[49] * 1000,
            "on_the_page_p99_ms": seen[98] * 1000,
            "slowest_ms": max(run.chained) * 1000,
            "missing": run.missing,
            "refused": run.refused,
        },
    }
