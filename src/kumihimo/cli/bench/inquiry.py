"""What one lawful inquiry costs, end to end, beside the cryptography it cannot do without.

Every party and PostgreSQL run on this machine. Product: inquiries a second with 32 in flight, asked through
an office's API, each answered, recorded and verified; CPU time is that of all node processes, PostgreSQL
and this driver. Floor: the group operations, proofs, signatures and boxes of one exchange, run bare in
the same run. Afterwards the operators', the parties' and the ledger's books must count the same events.
"""

import asyncio
import os
import random
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean, quantiles

from kumihimo.base import Problem
from kumihimo.cli.bench.exchange_floor import exchange_floor_seconds
from kumihimo.world import Case, Nation, ask_one, find_case, load_cast, open_nation

INQUIRER, PROVIDER, INFORMATION = "muni-131016", "accounts", "公的給付支給等口座登録簿関係情報"
IN_FLIGHT = 32
WARM_UP = 64
IDLE_ASKS = 100
FLOOR_SECONDS = 2.0
BOOKS = {
    "operator 1": ("digital", "SELECT count(*) FROM exchange.stamp"),
    "operator 2": ("jlis", "SELECT count(*) FROM exchange.stamp"),
    "inquirer": (INQUIRER, "SELECT count(*) FROM exchange.inquiry WHERE state <> 'abandoned'"),
    "provider": (PROVIDER, "SELECT count(*) FROM exchange.answer"),
    "ledger": ("ledger", "SELECT count(*) FROM ledger.event"),
    "log of operator 1": ("digital", "SELECT size FROM log.head"),
    "log of operator 2": ("jlis", "SELECT size FROM log.head"),
    "log of the inquirer": (INQUIRER, "SELECT size FROM log.head"),
    "log of the provider": (PROVIDER, "SELECT size FROM log.head"),
}


@dataclass(slots=True)
class Run:
    """What one run of asking measured; seconds."""

    latencies: list[float] = field(default_factory=list)
    errors: list[Problem] = field(default_factory=list)
    seconds: float = 0.0
    cpu: dict[str, float] = field(default_factory=dict)


def run(seconds: float, nation: Path | None = None) -> dict[str, object]:
    """Measure on a nation of its own, or on the named one if none of its processes run."""
    return asyncio.run(_measure(seconds, nation))


async def _measure(seconds: float, folder: Path | None) -> dict[str, object]:
    with tempfile.TemporaryDirectory(prefix="kumihimo-bench-") as fresh:
        root = folder or Path(fresh) / "nation"
        nation = await open_nation(root, lambda *_: None, residents=1000, throwaway=folder is None)
        try:
            case = find_case(nation, INQUIRER, PROVIDER, INFORMATION)
            cast = load_cast(nation.places)
            people = [cast[INQUIRER][i] for i in cast[INQUIRER].keys() & cast[PROVIDER].keys()]
            ask = _Asker(nation, case, people)
            await ask.run(seconds=2.0, in_flight=WARM_UP)
            idle = await ask.run(seconds=5.0, in_flight=1, at_most=IDLE_ASKS)
            floors = [exchange_floor_seconds(FLOOR_SECONDS)]
            before = await _books(nation)
            memory = _memory(nation)
            busy = await ask.run(seconds=seconds, in_flight=IN_FLIGHT)
            floors.append(exchange_floor_seconds(FLOOR_SECONDS))
            await ask.close()
            await asyncio.sleep(2.0)
            after = await _books(nation)
        finally:
            await nation.close()
    return _result(busy, idle, fmean(floors), {name: after[name] - before[name] for name in after}, memory)


class _Asker:
    """Asks about random people, so many at a time."""

    def __init__(self, nation: Nation, case: Case, people: Sequence[str]) -> None:
        self._nation, self._case, self._people = nation, case, people
        self._office = nation.office(INQUIRER)
        self._rng = random.Random(1)  # noqa: S311 - the order of questions is no secret

    async def run(self, *, seconds: float, in_flight: int, at_most: int = 1_000_000) -> Run:
        """Ask for so many seconds; each asker asks again as soon as it has its answer."""
        result = Run()
        before, started = _cpu(self._nation), time.perf_counter()
        end = started + seconds

        async def one() -> None:
            while time.perf_counter() < end and len(result.latencies) < at_most:
                asked = time.perf_counter()
                answer = await ask_one(self._office, self._case, PROVIDER, self._rng.choice(self._people))
                if isinstance(answer, Problem):
                    result.errors.append(answer)
                else:
                    result.latencies.append(time.perf_counter() - asked)

        await asyncio.gather(*(one() for _ in range(in_flight)))
        result.seconds = time.perf_counter() - started
        after = _cpu(self._nation)
        result.cpu = {name: after[name] - before.get(name, 0.0) for name in after}
        return result

    async def close(self) -> None:
        """Close the connections."""
        await self._office.close()


async def _books(nation: Nation) -> dict[str, int]:
    return {
        name: int((await nation.rows(institution, query))[0][0])
        for name, (institution, query) in BOOKS.items()
    }


def _cpu(nation: Nation) -> dict[str, float]:
    """CPU seconds used so far by each node process, PostgreSQL and this driver."""
    used = {name: _process_cpu(pid) for name, pid in nation.processes.pids().items()}
    postgres = [nation.server.pid, *_children(nation.server.pid)]
    return {**used, "postgres": sum(map(_process_cpu, postgres)), "driver": time.process_time()}


def _process_cpu(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def _children(pid: int) -> list[int]:
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    except OSError:
        return []
    return [int(child) for child in text.split()]


def _memory(nation: Nation) -> float:
    """Megabytes of memory the nation occupies, shared pages counted once (PSS)."""
    pids = [*nation.processes.pids().values(), nation.server.pid, *_children(nation.server.pid)]
    total = 0
    for pid in pids:
        try:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    return total / 1024


def _result(
    busy: Run, idle: Run, floor: float, counted: Mapping[str, int], memory: float
) -> dict[str, object]:
    count = len(busy.latencies)
    cpu = {name: used / count * 1000 for name, used in busy.cpu.items()}
    cuts, idle_cuts = quantiles(busy.latencies, n=100), quantiles(idle.latencies, n=100)
    total = sum(cpu.values())
    same = len({number for name, number in counted.items()}) == 1
    return {
        "name": "inquiry",
        "seconds": busy.seconds,
        "count": count,
        "errors": len(busy.errors) + (0 if same else 1),
        "rate_per_s": count / busy.seconds,
        "p50_ms": cuts[49] * 1000,
        "p99_ms": cuts[98] * 1000,
        "unit": "ms CPU per exchange",
        "floor": floor * 1000,
        "product": total,
        "ratio": total / (floor * 1000),
        "detail": {
            "in_flight": IN_FLIGHT,
            "idle_p50_ms": idle_cuts[49] * 1000,
            "idle_p99_ms": idle_cuts[98] * 1000,
            "cpu_ms_per_exchange": cpu,
            "events_counted": dict(counted),
            "books_agree": same,
            "memory_mb": memory,
            "refusals": sorted({problem.type.value for problem in busy.errors}),
        },
    }
