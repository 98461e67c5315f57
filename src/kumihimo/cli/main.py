"""The root of the command line."""

import warnings

import typer

from kumihimo.cli import bench, check, demo, inquire, law, oversight, up

app = typer.Typer(
    name="kumihimo",
    help="Kumihimo 組紐: a country's number system and data exchange, on your own machine. "
    "番号制度と情報連携の基盤を、手元の一台で。",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("up")(up.up)
app.command("demo")(demo.demo)
app.command("inquire")(inquire.inquire)
app.command("check")(check.check)
app.add_typer(law.app, name="law")
app.add_typer(oversight.app, name="oversight")
app.command("bench")(bench.bench)


def main() -> None:
    """Run the command line."""
    # Without a login session the embedded database keeps its lock under /tmp, as intended.
    warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
    app()
