"""The work of `kumihimo up`: open, check oneself by one inquiry, print the addresses, stop in good order."""

import asyncio
import signal
import time
from pathlib import Path

from kumihimo.cli.running import OPENING_FAULTS, Running, find_running
from kumihimo.cli.talk import talk, told
from kumihimo.world import Nation, Places, open_nation, self_check

PAGES = (
    ("国の地図 Map of the nation", "portal", "map"),
    ("わたしの記録 Citizen's page", "portal", ""),
    ("職員の窓口 Clerk's desk (千代田区)", "muni-131016", "desk"),
    ("職員の窓口 Clerk's desk (大阪市)", "muni-271004", "desk"),
)
_INTERRUPTED = 130


def open_and_stay(root: Path, residents: int, seed: int) -> int:
    """Open the nation of this folder and stay until stopped; give the exit code."""
    running = find_running(Places(root.resolve()))
    if running is not None:
        told("この国は既に開いています", "this nation is already open, by another process")
        _addresses(running)
        return 1
    try:
        return asyncio.run(_up(root, residents, seed))
    except OPENING_FAULTS as fault:
        talk.print(f"[red]国が開きません[/red] the nation does not open: {fault}")
        return 1


async def _up(root: Path, residents: int, seed: int) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    started = time.monotonic()
    opening = asyncio.create_task(open_nation(root, told, residents=residents, seed=seed))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({opening, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if not opening.done():
        told("停止しています", "stopping before the nation was open")
        opening.cancel()
        await asyncio.gather(opening, return_exceptions=True)
        return _INTERRUPTED
    nation = opening.result()
    try:
        await _stay(nation, stop, started)
    finally:
        told("停止しています", "stopping")
        await nation.close()
    return 0


async def _stay(nation: Nation, stop: asyncio.Event, started: float) -> None:
    told("自己点検として情報照会を一件行います", "self-check: one lawful inquiry")
    milliseconds = await self_check(nation)
    talk.print()
    talk.print(
        f"[bold]国が開きました[/bold] The nation is open ({time.monotonic() - started:.1f} s; "
        f"first inquiry {milliseconds:.0f} ms)"
    )
    _addresses(Running(nation.places))
    talk.print("[dim]Ctrl-C で停止します · Ctrl-C stops[/dim]")
    await stop.wait()


def _addresses(nation: Running) -> None:
    for title, institution, path in PAGES:
        talk.print(f"  {title}: {nation.settings(institution).base_url}/{path}", soft_wrap=True)
