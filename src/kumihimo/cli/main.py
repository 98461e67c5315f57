"""The root of the command line."""

import typer

from kumihimo.cli import bench, check, demo, inquire, law, oversight, up

app = typer.Typer(
    name="kumihimo",
    help="Kumihimo 組紐: a country's number system and data exchange, on your own machine.",
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
app.add_typer(bench.app, name="bench")


def main() -> None:
    """Run the command line."""
    app()
