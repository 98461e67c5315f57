"""`kumihimo demo`: a told journey through one nation; every step of it is verified."""
# ruff: noqa: PLC0415 - the nation is imported by the command that needs it, so that --help is quick

from pathlib import Path
from typing import Annotated

import typer

from kumihimo.cli.talk import AsJson


def demo(
    nation: Annotated[
        Path | None,
        typer.Option(
            "--nation",
            help="Play in the nation of this folder (opened if it is not open); "
            "default: a throw-away one. この国で演じる。",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--file",
            dir_okay=False,
            help="Write the person's file with its proof here, the policy beside it. "
            "証明つきファイルの保存先。",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Tell a journey through the exchange and verify every step of it. 情報連携の一部始終を実演し、確かめる。

    Ends by itself. Exit code 0 only if every step held.
    """
    from kumihimo.cli.demo.play import play

    raise typer.Exit(play(nation, as_json=as_json, out=out))
