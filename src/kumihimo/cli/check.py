"""`kumihimo check`: what is missing, unresolved or inconsistent in law, layouts, queries and institutions."""
# ruff: noqa: PLC0415 - the law is imported by the command that needs it, so that --help is quick

from pathlib import Path
from typing import Annotated

import typer

from kumihimo.cli.talk import AsJson


def check(
    institutions: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            file_okay=False,
            help="Folder of institution files; default: the miniature nation's. 機関の設定のフォルダ。",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say what is missing, unresolved or inconsistent. 法令・様式・照会文・機関の不足と矛盾を調べる。

    Exit code 1 if anything that is needed is missing.
    """
    from kumihimo.cli.checking import show_report

    raise typer.Exit(show_report(institutions, as_json=as_json))
