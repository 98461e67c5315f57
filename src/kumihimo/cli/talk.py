"""How the command line talks: progress on standard error, results on standard output."""

import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

DEFAULT_NATION = Path("var/nation")
NationFolder = Annotated[
    Path, typer.Option("--nation", help="Data folder of the nation. 国のデータフォルダ。")
]
AsJson = Annotated[
    bool,
    typer.Option(
        "--json",
        help="Last line of standard output is one JSON object. 標準出力の最後の一行を JSON にする。",
    ),
]

talk = Console(stderr=True, highlight=False)
page = Console(highlight=False, soft_wrap=True)


def told(japanese: str, english: str) -> None:
    """Say what is going on."""
    talk.print(f"[dim]·[/dim] {japanese}  [dim]{english}[/dim]" if japanese != english else f"· {english}")


def emit(text: str) -> None:
    """Print a result."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def emit_json(document: object) -> None:
    """Print a result for machines: one JSON object on one line."""
    import msgspec  # noqa: PLC0415 - `--help` stays quick

    emit(msgspec.json.encode(document).decode())


def give_up(japanese: str, english: str, code: int = 1) -> NoReturn:
    """Say why nothing can be done, and end with this exit code."""
    talk.print(f"[bold]{japanese}[/bold]  {english}")
    raise typer.Exit(code)
