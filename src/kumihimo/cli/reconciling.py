"""The work of `kumihimo reconcile`: begin a comparison at the commission, watch it, print what it found."""

import asyncio
import secrets
from collections.abc import Mapping
from pathlib import Path

import msgspec

from kumihimo.base import Problem
from kumihimo.cli.demo.messenger import bring
from kumihimo.cli.running import Running, find_running
from kumihimo.cli.talk import emit, emit_json, give_up, told
from kumihimo.exchange import COMMISSION
from kumihimo.world import Places

PAUSE = 0.3
WRONG = 2
_WORDS = {
    "missing": ("記録の欠け", "missing"),
    "extra": ("余分な記録", "extra"),
    "differing": ("記録の食い違い", "differing"),
    "skewed": ("時刻のずれ", "skewed"),
    "forked": ("記録の書き換え", "rewritten"),
    "malformed": ("読めない記録", "unreadable"),
    "unread": ("示されない記録", "not shown"),
}


class Counts(msgspec.Struct, frozen=True):
    """What one comparison found."""

    entries: int = 0
    complete: int = 0
    abandoned: int = 0
    unstamped: int = 0
    waiting: int = 0
    raised: int = 0
    closed: int = 0
    away: tuple[str, ...] = ()


class OpenAlarms(msgspec.Struct, frozen=True):
    """How many alarms of one kind an institution has to answer."""

    kind: str
    owner: str
    open: int


class Standing(msgspec.Struct, frozen=True):
    """What the commission says of its comparison."""

    running: bool
    run: int
    finished: bool
    outcome: Counts
    alarms: tuple[OpenAlarms, ...]
    progress: Mapping[str, tuple[int, int]] = {}


def reconcile_once(root: Path, *, as_json: bool) -> int:
    """Compare once; the exit code."""
    running = find_running(Places(root.resolve()))
    if running is None:
        give_up(f"{root} の国は開いていません。", f"the nation in {root} is not open", WRONG)
    standing = asyncio.run(_compare(running))
    if isinstance(standing, Problem):
        give_up(standing.title_ja, f"{standing.title}: {standing.detail}", WRONG)
    _print(standing)
    if as_json:
        emit_json({"outcome": standing.outcome, "alarms": standing.alarms})
    return 0 if standing.finished and not standing.alarms and not standing.outcome.away else 1


async def _compare(running: Running) -> Standing | Problem:
    commission = next(one.id for one in running.directory.values() if COMMISSION in one.services)
    standing = await _ask(running, commission, start=True)
    shown = (-1, -1)
    while not isinstance(standing, Problem) and standing.running:
        reached = tuple(map(sum, zip(*standing.progress.values(), strict=True))) or (0, 0)
        if reached != shown:
            shown = (reached[0], reached[1])
            told(
                f"記録を読んでいます（{shown[0]:,}件目）",
                f"reading the logs ({shown[0]:,} of {shown[1]:,} entries)",
            )
        await asyncio.sleep(PAUSE)
        standing = await _ask(running, commission, start=False)
    return standing


async def _ask(running: Running, commission: str, *, start: bool) -> Standing | Problem:
    body = msgspec.json.encode({"start": start})
    answer = await bring(running, commission, commission, "reconcile", body, secrets.token_bytes(16))
    return answer if isinstance(answer, Problem) else msgspec.json.decode(answer, type=Standing)


def _print(standing: Standing) -> None:
    found = standing.outcome
    emit(f"照合  comparison {standing.run}: 読んだ記録 {found.entries:,} entries read")
    for japanese, english, count in (
        ("一致（すべての記録にある）", "in all their logs", found.complete),
        ("途中で終わったもの", "ended on the way", found.abandoned),
        ("許可の前に終わったもの", "ended before any stamp", found.unstamped),
        ("まだ判断しないもの", "not settled yet", found.waiting),
    ):
        emit(f"  {count:>9,}  {japanese}  {english}")
    for log in found.away:
        emit(f"  読めない記録: {log}  cannot be read now; its exchanges wait")
    for alarm in standing.alarms:
        japanese, english = _WORDS.get(alarm.kind, (alarm.kind, alarm.kind))
        emit(f"  ⚠ {japanese} {alarm.open:,}件  {english}: to be answered by {alarm.owner}")
    if not standing.alarms:
        emit("  食い違いはありません。  nothing differs")
