"""`kumihimo up`: open the nation in miniature and stay until Ctrl-C."""
# ruff: noqa: PLC0415 - the nation is imported by the command that needs it, so that --help is quick

from typing import Annotated

import typer

from kumihimo.cli.talk import DEFAULT_NATION, NationFolder


def up(
    nation: NationFolder = DEFAULT_NATION,
    residents: Annotated[
        int, typer.Option(min=1, help="Synthetic residents at the first opening. 架空の住民の数（初回）。")
    ] = 1000,
    seed: Annotated[
        int, typer.Option(help="The same seed draws the same residents. 同じ種からは同じ住民。")
    ] = 1,
) -> None:
    """Open the nation in miniature and stay until Ctrl-C; data survive. ミニチュアの国を開く。"""
    from kumihimo.cli.opening import open_and_stay

    raise typer.Exit(open_and_stay(nation, residents, seed))
