"""The work of `kumihimo check`: look at everything the package carries, and say what was found."""

from importlib.resources import files
from pathlib import Path

from rich.text import Text

from kumihimo.base import JST, system_clock
from kumihimo.cli.checks import Finding, Report, check_institutions, check_law, read_institutions
from kumihimo.cli.talk import emit_json, page
from kumihimo.exchange import layouts
from kumihimo.law import Law, law, load

_SHOWN = 3


def show_report(institutions: Path | None, *, as_json: bool) -> int:
    """Check, print what was found, and give the exit code."""
    report = examine(institutions)
    if as_json:
        emit_json(report.document())
    else:
        _print(report)
    return 0 if report.ok else 1


def examine(institutions: Path | None) -> Report:
    """Check law, layouts and the institutions of a folder (none: the miniature nation's) as of today."""
    report, on = Report(), system_clock().astimezone(JST).date()
    check_law(report, law(), Law(load()), layouts(), on)
    declared = read_institutions(report, institutions or files("kumihimo.world") / "institutions")
    check_institutions(report, declared, law(), layouts(), on)
    return report


def _print(report: Report) -> None:
    _print_findings("誤り errors", report.errors)
    _print_findings("注意 warnings", report.warnings)
    page.print("[bold]人が決めること、参考 left to persons, good to know[/bold]")
    for name, found in report.notes.items():
        page.print(f"  {name}: {len(found)}")
        for text in found[:_SHOWN]:
            page.print(Text(f"      {text[:120]}", "dim"))
    verdict = (
        "必要なものは揃っています nothing needed is missing" if report.ok else "不足があります not complete"
    )
    page.print(f"[bold]{verdict}[/bold]")


def _print_findings(title: str, findings: list[Finding]) -> None:
    page.print(f"[bold]{title} ({len(findings)})[/bold]")
    for one in findings:
        page.print(Text(f"  {one.kind}  {one.subject}: {one.text}"))
