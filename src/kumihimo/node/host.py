"""One process hosting one or several institutions on one port, from first migration to graceful stop."""

import asyncio
import gc
import importlib
import json
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import cast

from kumihimo.base import Clock, system_clock
from kumihimo.node.entries import log_entries
from kumihimo.node.handlers import Room
from kumihimo.node.health import healthy, open_resources
from kumihimo.node.http import Door, Host
from kumihimo.node.institution import Institution, open_institution
from kumihimo.node.server import Server, listen
from kumihimo.node.settings import InstitutionSettings, SettingsError

type OpenRoom = Callable[[Institution], Awaitable[Room]]
type Hosted = tuple[Institution, tuple[Room, ...]]


def find_room(name: str) -> OpenRoom:
    """How to open a room: `open_room` of `kumihimo.<name>.app`."""
    return cast(OpenRoom, importlib.import_module(f"kumihimo.{name}.app").open_room)


@asynccontextmanager
async def hosting(
    settings: Sequence[InstitutionSettings],
    *,
    clock: Clock = system_clock,
    rooms: Callable[[str], OpenRoom] = find_room,
    near: bool = True,
) -> AsyncIterator[list[Institution]]:
    """Open institutions with their rooms and serve them; on leaving, stop gracefully in reverse order.

    With `near` they reach one another without a socket; messages are signed and checked all the same.
    """
    places = {(one.runtime.host, one.runtime.port) for one in settings}
    if len(places) != 1:
        raise SettingsError(f"institutions of one process share host and port, not {sorted(places)}")
    host, port = places.pop()
    async with AsyncExitStack() as stack:
        doors: list[Door] = []
        for one in settings:
            institution = await open_institution(one, clock=clock)
            stack.push_async_callback(institution.close)
            opened = [await rooms(name)(institution) for name in one.rooms]
            for room in opened:
                stack.push_async_callback(room.close)
            own = Room("node", exchange=log_entries(institution))
            doors.append(Door(institution, [own, *opened], open_resources(institution)))
        serving_all = Host(doors)
        for door in doors if near else ():
            door.institution.client.near(door.institution.settings.base_url, serving_all.nearby)
        server = Server(serving_all)
        serving = asyncio.create_task(server.serve(sockets=[listen(host, port)]), name="http")
        stack.push_async_callback(_stop, server, serving)
        while not server.started and not serving.done():  # noqa: ASYNC110 uvicorn tells by a flag only
            await asyncio.sleep(0.01)
        if serving.done():
            serving.result()
        yield [door.institution for door in doors]


async def _stop(server: Server, serving: asyncio.Task[None]) -> None:
    server.should_exit = True
    await serving


async def run(settings: Sequence[InstitutionSettings]) -> None:
    """Host institutions until SIGTERM or SIGINT; `{"ready": …}` on standard error once all are healthy."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with hosting(settings) as institutions:
        # Law tables and modules live as long as the process; the collector need not look at them again.
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)  # messages leave few cycles; looking for them often costs 3 %
        ready = asyncio.create_task(_announce(institutions))
        await stop.wait()
        ready.cancel()
        await asyncio.gather(ready, return_exceptions=True)


async def _announce(institutions: Sequence[Institution]) -> None:
    while not all([await healthy(one) for one in institutions]):  # noqa: ASYNC110 nobody announces health
        await asyncio.sleep(0.05)
    names = [institution.settings.id for institution in institutions]
    port = institutions[0].settings.runtime.port
    print(json.dumps({"ready": names, "port": port}), file=sys.stderr, flush=True)  # noqa: T201
