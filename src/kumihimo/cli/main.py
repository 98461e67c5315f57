"""The root of the command line."""

import warnings

import typer

from kumihimo.cli import audit, bench, check, demo, inquire, law, oversight, reconcile, up, verify

app = typer.Typer(
    name="kumihimo",
    help="Kumihimo 組紐: a country's number system and data exchange, on your own machine. "
    "番号制度と情報連携の基盤を、手元の一台で。",
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help: quick, and the same at every width
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("up", short_help="Open the nation in miniature. 国を開く。")(up.up)
app.command("demo", short_help="A told journey, every step verified. 実演する。")(demo.demo)
app.command("inquire", short_help="One lawful inquiry. 情報照会を一件行う。")(inquire.inquire)
app.command("verify", short_help="Is a file of records complete? 記録のファイルを確かめる。")(verify.verify)
app.command("audit", short_help="Logs, epochs, sampled evidence checked. 台帳を監査する。")(audit.audit)
app.command("check", short_help="What is missing or inconsistent. 不足と矛盾を調べる。")(check.check)
app.add_typer(law.app, name="law", short_help="The law as dated data. 根拠となる法令の表。")
app.add_typer(oversight.app, name="oversight", short_help="The privacy commission decides. 委員会の決定。")
app.command("reconcile", short_help="The logs of all compared. 三者の記録を照合する。")(reconcile.reconcile)
app.command("bench", short_help="Floor, product and ratio. 性能を測る。")(bench.bench)


def main() -> None:
    """Run the command line."""
    # Without a login session the embedded database keeps its lock under /tmp, as intended.
    warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
    app()
