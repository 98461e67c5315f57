"""A ledger in a process of its own that works until it is killed, at a step of closing an epoch drawn by lot.

What it has been promised it says through a pipe: ("recorded", tx), ("told", tx), ("closed", epoch, root).
"""

import asyncio
import os
import random
import signal
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "ledger"))

from ledger_house import House, open_house, someone

from kumihimo.base import JST
from kumihimo.ledger import closer as closing
from kumihimo.ledger.deferral import Approval, Terms
from kumihimo.ledger.store import DecideJob
from kumihimo.ledger.treemap import Top
from kumihimo.log import LogAppender, Together
from kumihimo.node import Batch

PEOPLE = 25


class Steps:
    """Counts the steps of closing epochs, and kills this very process at the one that was drawn."""

    def __init__(self, fatal: int) -> None:
        self.left, self.closing = fatal, False

    def step(self) -> None:
        if self.closing:
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def around[**P, R](self, call: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
        async def stepped(*args: P.args, **kwargs: P.kwargs) -> R:
            self.step()
            result = await call(*args, **kwargs)
            self.step()
            return result

        return stepped

    def before[**P, R](self, call: Callable[P, R]) -> Callable[P, R]:
        def stepped(*args: P.args, **kwargs: P.kwargs) -> R:
            self.step()
            return call(*args, **kwargs)

        return stepped

    def install(self, house: House) -> None:
        """Every place where closing an epoch may be struck: each statement, the commit, what follows it."""
        Batch.execute = self.around(Batch.execute)
        Batch.commit = self.around(Batch.commit)
        Together.send = self.around(Together.send)
        LogAppender.committed = self.before(LogAppender.committed)
        Top.settle = self.before(Top.settle)
        closing.read_cut = self.around(closing.read_cut)
        house.closer.read_x = self.around(house.closer.read_x)
        house.closer.close_write = self.around(house.closer.close_write)


async def work(house: House, draw: random.Random, steps: Steps, said: Connection) -> None:
    """Questions, outcomes, withholdings and epochs, at once and without end."""

    async def question() -> None:
        (tx,) = await house.ask(someone(draw.randrange(PEOPLE)))
        said.send(("recorded", tx))
        if draw.random() < 0.85:
            until = house.clock().astimezone(JST).date() + timedelta(days=9)
            terms = Terms(until, "番号法23条2項", "nenkin") if draw.random() < 0.3 else None
            await house.tell(tx, terms=terms)
            said.send(("told", tx))

    async def release() -> None:
        for row in await house.rows("SELECT commit FROM ledger.deferred WHERE NOT released AND entered > 0"):
            if draw.random() < 0.5:
                await house.write(DecideJob(bytes(row["commit"]), Approval.REFUSED))

    while True:
        await asyncio.gather(*(question() for _ in range(draw.randrange(1, 6))), release())
        steps.closing = True
        busy = asyncio.gather(*(question() for _ in range(draw.randrange(3))))
        record = await house.close()
        said.send(("closed", record.epoch, record.map_root))
        steps.closing = False
        await busy


def killed(uri: str, seed: int, fatal: int, said: Connection) -> None:
    """The process: opens the ledger, works, and is killed at the step `fatal`."""

    async def main() -> None:
        draw, steps = random.Random(seed), Steps(fatal)
        async with open_house(uri) as house:
            steps.install(house)
            await work(house, draw, steps, said)

    asyncio.run(main())
