"""Processes killed under load: what was acknowledged is in all books exactly once, and the rest is in order."""

import asyncio
import os
import random
import signal
from collections.abc import Iterator

import pytest
from drill_books import check_acknowledged, check_order, read_books, settled
from drill_nation import APART, Load, node_of
from nation_thread import running_nation

from kumihimo.world import Nation

pytestmark = [pytest.mark.drill, pytest.mark.nation]

KILLS = int(os.environ.get("KUMIHIMO_DRILL_KILLS", "50"))
SEED = 20261123


@pytest.fixture(scope="module")
def nation() -> Iterator[Nation]:
    with running_nation(residents=120, nodes=APART) as opened:
        yield opened


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


async def test_what_was_acknowledged_is_in_every_book_exactly_once_whatever_process_is_killed(
    nation: Nation,
) -> None:
    draw = random.Random(SEED)
    async with Load(nation, width=16, seed=SEED) as load:
        await load.progress()
        for _ in range(KILLS):
            name = await strike(nation, draw)
            print(name, len(load.acknowledged), load.lost, load.refused)
            await load.progress()
            await asyncio.sleep(draw.uniform(0, 0.3))
    await settled(nation)
    books = await read_books(nation)
    assert len(load.acknowledged) > 16 * KILLS
    check_acknowledged(books, load.acknowledged)
    check_order(books)
