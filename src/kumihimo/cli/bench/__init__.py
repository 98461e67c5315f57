"""`kumihimo bench`: what the machine can do, what the product does, and the ratio of both, from one run."""
# ruff: noqa: PLC0415 - a bench imports what it measures only when it runs, so that --help is quick

import os
import platform
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Annotated, cast

import typer

from kumihimo.cli.talk import AsJson, emit_json, page, talk

BENCHES: Mapping[str, str] = {
    "decision": "law.decide 法令の判断",
    "codes": "group operations and conversion 符号の変換",
    "log": "durable appends 記録の追記",
    "audit": "replay and sampled evidence 台帳の監査",
    "inquiry": "whole inquiries on a running nation 情報照会の全体",
    "ledger": "filling, files with proof, epochs 個人別の記録",
    "visible": "from an answer to its record 回答から記録が見えるまで",
}
KEYS = ("name", "machine", "seconds", "count", "errors", "rate_per_s", "p50_ms", "p99_ms", "unit")
COMPARED = ("floor", "product", "ratio")


def bench(
    name: Annotated[str, typer.Argument(metavar="NAME", help=f"{', '.join(BENCHES)}, or all.")],
    seconds: Annotated[float, typer.Option(min=0.1, help="How long to measure. 計測する秒数。")] = 10.0,
    nation: Annotated[
        Path | None,
        typer.Option(
            "--nation", help="For inquiry: a nation's folder; default a throw-away one. 国のフォルダ。"
        ),
    ] = None,
    persons: Annotated[
        int, typer.Option(min=100, help="For ledger: how many people. 個人別の記録の人数。")
    ] = 20_000,
    records: Annotated[
        int, typer.Option(min=100, help="For ledger: how many records. 個人別の記録の件数。")
    ] = 200_000,
    as_json: AsJson = False,
) -> None:
    """Measure floor, product and ratio in one run. 下限・実測・比を一度に測る。

    decision, codes, log, ledger, inquiry, visible, or all. Exit code 1 if anything measured went wrong.
    """
    if name not in BENCHES and name != "all":
        raise typer.BadParameter(f"there is no bench {name}; there are {', '.join(BENCHES)} and all")
    wrong = 0
    for one in BENCHES if name == "all" else (name,):
        talk.print(f"[dim]·[/dim] {one}: {BENCHES[one]}")
        extra = {"inquiry": (nation,), "ledger": (persons, records)}.get(one, ())
        result = _run(one, seconds, *extra)
        wrong += cast(int, result["errors"])
        if as_json:
            emit_json(result)
        else:
            _show(result)
    raise typer.Exit(1 if wrong else 0)


def _run(name: str, seconds: float, *extra: object) -> Mapping[str, object]:
    run = cast(Callable[..., Mapping[str, object]], import_module(f"kumihimo.cli.bench.{name}").run)
    found = run(seconds, *extra)
    known = {"machine": _machine(), **found}
    return {key: known[key] for key in (*KEYS, *COMPARED, "detail") if key in known}


def _machine() -> str:
    return f"{os.cpu_count()} CPUs, {platform.machine()}, Python {platform.python_version()}"


def _show(result: Mapping[str, object]) -> None:
    from rich.table import Table

    table = Table("", str(result["name"]), box=None, padding=(0, 2))
    for key in (*KEYS[1:], *COMPARED):
        table.add_row(key, _told(result[key]))
    page.print(table)
    detail = result.get("detail")
    for key, value in detail.items() if isinstance(detail, Mapping) else ():
        page.print(f"  {key}: {_told(value)}")


def _told(value: object) -> str:
    if isinstance(value, bool) or value is None:
        return "–" if value is None else str(value)
    if isinstance(value, int | float):
        return f"{value:,}"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_told(one)}" for key, one in value.items())
    return str(value)
