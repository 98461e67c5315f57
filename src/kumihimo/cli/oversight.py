"""`kumihimo oversight`: the privacy commission's decisions, put into the directory of a nation's folder."""
# ruff: noqa: PLC0415 - the nation is imported by the command that needs it, so that --help is quick

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kumihimo.cli.talk import DEFAULT_NATION, NationFolder, emit, give_up

if TYPE_CHECKING:
    from kumihimo.node import Oversight

app = typer.Typer(
    help="Decisions of the privacy commission, obeyed by all within a second. 個人情報保護委員会の決定。",
    no_args_is_help=True,
    rich_markup_mode=None,
)

WRONG = 2
_THREE_YEARS = timedelta(days=3 * 365)

InstitutionId = Annotated[
    str, typer.Argument(metavar="ID", help="The institution, such as muni-271004. 機関の識別名。")
]


@app.command(short_help="Suspend an institution. 停止させる。")
def suspend(
    institution: InstitutionId,
    reason: Annotated[str, typer.Option(help="Why, for everybody to read. 理由（公表される）。")] = "",
    nation: NationFolder = DEFAULT_NATION,
) -> None:
    """Suspend an institution: nobody takes its slips or asks it. 情報連携を停止させる。"""
    from kumihimo.base import system_clock
    from kumihimo.oversight import suspend as suspended

    _decide(nation, institution, lambda standing: suspended(standing, institution, reason, system_clock()))


@app.command(short_help="End a suspension. 停止を解除する。")
def lift(institution: InstitutionId, nation: NationFolder = DEFAULT_NATION) -> None:
    """End a suspension. 停止を解除する。"""
    from kumihimo.base import system_clock
    from kumihimo.oversight import lift as lifted

    _decide(nation, institution, lambda standing: lifted(standing, institution, system_clock()))


@app.command(short_help="Withdraw an impact assessment. 評価書を取り下げる。")
def withdraw(institution: InstitutionId, nation: NationFolder = DEFAULT_NATION) -> None:
    """Withdraw an impact assessment: nothing is exchanged from today on (28条6項). 評価書を取り下げる。"""
    from kumihimo.base import system_clock
    from kumihimo.cli.running import today
    from kumihimo.oversight import withdraw_assessment

    def change(standing: "Oversight") -> "Oversight":
        if institution not in standing.assessments:
            give_up("評価書がありません。", f"{institution} has no assessment to withdraw", WRONG)
        return withdraw_assessment(standing, institution, today(), system_clock())

    _decide(nation, institution, change)


@app.command(short_help="Record an impact assessment. 評価書を公表する。")
def publish(
    institution: InstitutionId,
    until: Annotated[
        date | None,
        typer.Option(
            parser=date.fromisoformat,
            metavar="YYYY-MM-DD",
            help="Last day; default three years from today. 有効期限。",
        ),
    ] = None,
    nation: NationFolder = DEFAULT_NATION,
) -> None:
    """Record a published impact assessment, in force from today. 評価書を公表する。"""
    from kumihimo.base import system_clock
    from kumihimo.cli.running import today
    from kumihimo.oversight import publish_assessment

    last = until or today() + _THREE_YEARS
    if last < today():
        raise typer.BadParameter("the last day has passed")
    _decide(
        nation,
        institution,
        lambda standing: publish_assessment(standing, institution, today(), last, system_clock()),
    )


def _decide(root: Path, institution: str, change: Callable[["Oversight"], "Oversight"]) -> None:
    """Publish the changed statement; where the nation is open, wait until every institution obeys it."""
    import asyncio

    from kumihimo.cli.running import find_running
    from kumihimo.world import Places, institution_ids, served_directory
    from kumihimo.world import publish as publish_directory

    places = Places(root.resolve())
    if not places.directory.exists():
        give_up(f"{root} に国がありません。", f"there is no nation in {root}", WRONG)
    if institution not in institution_ids():
        give_up(f"{institution} という機関はありません。", f"no institution {institution}", WRONG)
    serial, standing = served_directory(places)
    statement = change(standing)
    running = find_running(places)
    if running is not None:
        serial = asyncio.run(running.decree(statement))
    else:
        serial = publish_directory(places, serial + 1, statement).serial
    obeyed = "obeyed by all" if running is not None else "obeyed from the next opening on"
    emit(f"statement {statement.serial}, directory {serial}: {obeyed}")
