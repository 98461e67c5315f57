"""`kumihimo up`: open the nation in miniature and stay until Ctrl-C."""

import asyncio
import signal
import time
from pathlib import Path
from typing import Annotated

import typer

from kumihimo.cli.talk import DEFAULT_NATION, NationFolder, talk, told
from kumihimo.world import Nation, open_nation, self_check


def up(
    nation: NationFolder = DEFAULT_NATION,
    residents: Annotated[int, typer.Option(help="Synthetic residents at the first opening.")] = 1000,
    seed: Annotated[int, typer.Option(help="The same seed draws the same residents.")] = 1,
) -> None:
    """Open the nation in miniature; data survive a restart. ミニチュアの国を開く。"""
    asyncio.run(_up(nation, residents, seed))


async def _up(root: Path, residents: int, seed: int) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    started = time.monotonic()
    opening = asyncio.ensure_future(open_nation(root, told, residents=residents, seed=seed))
    stopping = asyncio.ensure_future(stop.wait())
    await asyncio.wait({opening, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if not opening.done():
        opening.cancel()
        await asyncio.gather(opening, return_exceptions=True)
        return
    running = opening.result()
    try:
        told("自己点検として情報照会を一件行います", "self-check: one lawful inquiry")
        milliseconds = await self_check(running)
        _addresses(running, time.monotonic() - started, milliseconds)
        await stop.wait()
        told("停止しています", "stopping")
    finally:
        await running.close()


def _addresses(nation: Nation, seconds: float, milliseconds: float) -> None:
    talk.print()
    talk.print(
        f"[bold]国が開きました[/bold] The nation is open ({seconds:.1f} s; first inquiry {milliseconds:.0f} ms)"
    )
    for title, institution, path in (
        ("国の地図 Map of the nation", "portal", "map"),
        ("職員の窓口 Clerk's desk (千代田区)", "muni-131016", "desk"),
        ("職員の窓口 Clerk's desk (大阪市)", "muni-271004", "desk"),
        ("わたしの記録 Citizen's page", "portal", ""),
    ):
        talk.print(f"  {title}: [link]{nation.address(institution)}{path}[/link]")
    talk.print("[dim]Ctrl-C で停止します · Ctrl-C stops[/dim]")
