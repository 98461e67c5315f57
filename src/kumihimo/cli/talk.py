"""How the command line talks: progress on standard error, results on standard output."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

DEFAULT_NATION = Path("var/nation")
NationFolder = Annotated[
    Path, typer.Option("--nation", help="Data folder of the nation. 国のデータフォルダ。")
]
AsJson = Annotated[bool, typer.Option("--json", help="Last line of standard output is one JSON object.")]

talk = Console(stderr=True, highlight=False)


def told(japanese: str, english: str) -> None:
    """Say what is going on."""
    talk.print(f"[dim]·[/dim] {japanese}  [dim]{english}[/dim]" if japanese != english else f"· {english}")


def emit(text: str) -> None:
    """Print a result."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
