"""Plays the demonstration: opens or finds the nation, goes through the steps, and says what held."""

import asyncio
import signal
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import msgspec
from rich.console import Console
from rich.panel import Panel

from kumihimo.cli.demo import acts_family, acts_file, acts_oversight, acts_person, acts_refusals, acts_secrecy
from kumihimo.cli.demo.stage import Held, NotHeldError, Stage, Step
from kumihimo.cli.evidence import NoEvidenceError
from kumihimo.cli.running import OPENING_FAULTS, NotObeyedError, Running, find_running
from kumihimo.cli.talk import emit_json, page, talk, told
from kumihimo.world import NodeFailedError, Places, open_nation

RESIDENTS, SEED = 120, 40
"""The smallest throw-away nation that has everybody the journey needs."""

_INTERRUPTED = 130

CHAPTERS: tuple[tuple[str, str, tuple[Step, ...]], ...] = (
    (
        "開く",
        "The nation opens",
        (
            Step(
                "nation-opens",
                "十四の機関がすべて健全です",
                "all institutions are healthy",
                acts_family.nation_opens,
            ),
            Step(
                "family",
                "大阪市から千代田区へ引っ越した家族が児童手当を請求します",
                "a family that moved from Osaka to Chiyoda claims child allowance",
                acts_family.family_moves,
            ),
        ),
    ),
    (
        "尋ねる",
        "Asking, each time under a named row of law, answered live",
        (
            Step("ask-tax", "大阪市に所得を尋ねます", "Osaka: income", acts_family.ask_tax),
            Step("ask-pension", "日本年金機構に年金を尋ねます", "pension service", acts_family.ask_pension),
            Step("ask-account", "振込先の口座を尋ねます", "benefit account", acts_family.ask_account),
            Step("ask-register", "法務大臣に戸籍を尋ねます", "family register", acts_family.ask_register),
        ),
    ),
    (
        "断る",
        "Refusing",
        (
            Step("no-row", "規定のない照会は断られます", "no row, no exchange", acts_refusals.no_row),
            Step(
                "item-too-many",
                "項目が一つ多くても断られます",
                "one item too many",
                acts_refusals.item_too_many,
            ),
            Step("replay", "同じ照会票には同じ許可証だけ", "same bytes, same stamp", acts_refusals.replay),
            Step(
                "other-bytes",
                "処理通番の使い回しは断られます",
                "a used name for another slip",
                acts_refusals.other_bytes,
            ),
            Step("tampered", "書き換えた照会票は断られます", "a tampered slip", acts_refusals.tampered),
        ),
    ),
    (
        "結びつかない",
        "Separate strands, one cord",
        (
            Step(
                "codes-differ", "符号は機関ごとに異なります", "codes join nothing", acts_secrecy.codes_differ
            ),
            Step(
                "operators-hold-nothing",
                "運営者は内容も個人番号も持ちません",
                "operators hold no content and no number",
                acts_secrecy.operators_hold_nothing,
            ),
            Step(
                "same-event", "五つの帳簿に同じ出来事", "the same event in every log", acts_secrecy.same_event
            ),
        ),
    ),
    (
        "見える",
        "The person",
        (
            Step("person-sees", "本人が記録を見ます", "the person sees who asked", acts_person.person_sees),
            Step(
                "withheld",
                "不開示の記録は見えませんが数えられます",
                "withheld, but counted",
                acts_person.withheld,
            ),
            Step("manual", "自動応答不可は職員が決めます", "a human decides", acts_person.manual),
            Step(
                "protected",
                "支援措置の住所は出ません",
                "a protected address stays back",
                acts_person.protected,
            ),
            Step(
                "own-file",
                "証明つきのファイルを持ち帰り、抜けがないことを確かめます",
                "the person's file proves that nothing is missing",
                acts_file.own_file,
            ),
        ),
    ),
    (
        "止める",
        "The commission",
        (
            Step(
                "suspension",
                "委員会が停止し、解除します",
                "suspended, then lifted",
                acts_oversight.suspension,
            ),
            Step(
                "assessment",
                "評価書が取り下げられると止まります",
                "no assessment, no exchange",
                acts_oversight.assessment,
            ),
        ),
    ),
)
_FAULTS = (
    NotHeldError,
    NoEvidenceError,
    NotObeyedError,
    asyncpg.PostgresError,
    msgspec.MsgspecError,
    OSError,
    LookupError,
)


def play(root: Path | None, *, as_json: bool, out: Path | None = None) -> int:
    """Play the whole journey; give the exit code."""
    console = talk if as_json else page
    started = time.monotonic()
    try:
        held = asyncio.run(_play(root, console, out))
    except (asyncio.CancelledError, KeyboardInterrupt):
        console.print("中断しました  interrupted")
        return _INTERRUPTED
    seconds = time.monotonic() - started
    ok = all(one.ok for one in held)
    failed = [one.name for one in held if not one.ok]
    console.print(
        Panel(
            f"[bold]{'すべて成り立ちました' if ok else '成り立たなかった段があります'}[/bold]  "
            f"{len(held) - len(failed)} / {len(held)} steps held {', '.join(failed)} ({seconds:.1f} s)",
            border_style="green" if ok else "red",
        )
    )
    if as_json:
        steps = [
            {"name": one.name, "ok": one.ok, "detail": one.detail, "ms": round(one.milliseconds, 1)}
            for one in held
        ]
        emit_json({"ok": ok, "steps": steps, "seconds": round(seconds, 1)})
    return 0 if ok else 1


async def _play(root: Path | None, console: Console, out: Path | None) -> list[Held]:
    task = asyncio.current_task()
    assert task is not None
    # A demonstration that is ended from outside stops its nation's processes too, as Ctrl-C does.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        async with _nation(root) as nation:
            stage = Stage(nation, console, out)
            try:
                return await _steps(stage)
            finally:
                await stage.close()
    except OPENING_FAULTS as fault:
        console.print(f"[red]国が開きません[/red] the nation does not open: {fault}")
        return [Held("nation-opens", False, str(fault), 0.0)]


async def _steps(stage: Stage) -> list[Held]:
    held: list[Held] = []
    for japanese, english, steps in CHAPTERS:
        stage.console.print(Panel(f"[bold]{japanese}[/bold]  {english}", expand=False, border_style="blue"))
        for step in steps:
            stage.console.print(f"[bold]{step.japanese}[/bold]  [dim]{step.english}[/dim]")
            held.append(await _hold(stage, step))
            mark = "[green]✓[/green]" if held[-1].ok else "[red]✗[/red]"
            stage.console.print(f"  {mark} {held[-1].detail}  [dim]{held[-1].milliseconds:.0f} ms[/dim]")
    return held


async def _hold(stage: Stage, step: Step) -> Held:
    started = time.perf_counter()
    try:
        ok, detail = True, await step.act(stage)
    except _FAULTS as fault:
        ok, detail = False, str(fault) or type(fault).__name__
    return Held(step.name, ok, detail, (time.perf_counter() - started) * 1000)


@asynccontextmanager
async def _nation(root: Path | None) -> AsyncIterator[Running]:
    """The nation to play in: a throw-away one, the one running in the folder, or the folder's, opened."""
    with tempfile.TemporaryDirectory(prefix="kumihimo-demo-") as folder:
        places = Places((root or Path(folder) / "nation").resolve())
        running = find_running(places) if root else None
        if running is not None:
            if not running.settled:
                raise NodeFailedError("it is just being opened by another process")
            told("この国は既に開いています", "this nation is already open")
            yield running
            return
        if root:
            opened = await open_nation(places.root, told)
        else:
            opened = await open_nation(places.root, told, residents=RESIDENTS, seed=SEED, throwaway=True)
        try:
            yield Running(opened.places)
        finally:
            await opened.close()
