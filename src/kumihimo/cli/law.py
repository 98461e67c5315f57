"""``kumihimo law``: read the law of exchange, ask it, and see how it changed."""
# ruff: noqa: PLC0415 - the law is read by the command that needs it, so that --help is quick

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer
from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from kumihimo.law import Change, Law, Procedure, Row

app = typer.Typer(
    help="The law of exchange as dated data. 情報連携の根拠となる法令の表。",
    no_args_is_help=True,
    rich_markup_mode=None,
)

_talk = Console(stderr=True, highlight=False, markup=False)
_page = Console(highlight=False, soft_wrap=True)

Day = Annotated[
    date | None,
    typer.Option("--on", parser=date.fromisoformat, metavar="YYYY-MM-DD", help="The day; default today."),
]
AsJson = Annotated[bool, typer.Option("--json", help="As one JSON document.")]
_DayArgument = typer.Argument(parser=date.fromisoformat, metavar="YYYY-MM-DD")


def law() -> Law:
    """The law the package carries."""
    from kumihimo.law import law as carried

    return carried()


@app.command(short_help="Rows of an item, or one row. 項・許可を示す。")
def show(
    what: Annotated[
        str, typer.Argument(help="An item number (106) or a permission id (o9/106/1@2024-05-27).")
    ],
    on: Day = None,
    as_json: AsJson = False,
) -> None:
    """Show the rows of an item in force on a day, or one row by its id. ある日の項、または許可を示す。"""
    day = on or _today()
    row = law().row(what)
    rows = (row,) if row else tuple(row for row in law().rows(day) if row.item == what)
    if not rows:
        _nothing(f"Item {what} is not in the table of {day}.", law().history(what))
    _print_rows(rows, as_json)
    if row is None:
        _tell_snapshot(day)


@app.command(short_help="Find rows by their words. 語句で探す。")
def find(
    text: Annotated[str, typer.Argument(help="Words of an affair, a body or an information type.")],
    on: Day = None,
    ever: Annotated[bool, typer.Option("--ever", help="Search all rows since 2017-04-01.")] = False,
    as_json: AsJson = False,
) -> None:
    """Find rows by their words. 語句で許可を探す。"""
    rows = law().find(text, None if ever else on or _today())
    if not rows:
        _nothing(f"No row says {text}.", () if ever else law().find(text))
    _print_rows(rows, as_json)
    _talk.print(f"{len(rows)} rows.")


@app.command(short_help="Lineage of an item or a row. 沿革を示す。")
def history(
    what: Annotated[str, typer.Argument(help="An item number, or a permission id for its lineage.")],
    as_json: AsJson = False,
) -> None:
    """Show every row that ever bore an item number, or all a row came from and became. 沿革を示す。"""
    rows = law().chain(what) or law().history(what)
    if not rows:
        _nothing(f"There never was an item or a permission {what}.", ())
    _print_rows(rows, as_json)


@app.command(short_help="What may be asked now and could not before. 利用の広がり。")
def diff(
    start: Annotated[date, _DayArgument],
    end: Annotated[date, _DayArgument],
    as_json: AsJson = False,
    svg: Annotated[
        Path | None, typer.Option(help="Also write the picture over all years to this file.")
    ] = None,
) -> None:
    """Show what may be asked on the later day that could not before. 利用の広がりを示す。"""
    from kumihimo.base import format_era

    if start > end:
        raise typer.BadParameter("the earlier day comes first")
    if svg:
        svg.write_text(law().widening_svg(), encoding="utf-8")
        _talk.print(f"Picture: {svg}")
    found = law().diff(start, end)
    if as_json:
        _print_json(found.document())
        return
    _page.print(f"[bold]{format_era(start)} → {format_era(end)}[/]  ({start} → {end})")
    _page.print(f"{len(law().rows(start))} → {len(law().rows(end))} rows; unchanged {len(found.unchanged)}\n")
    _print_section("新設 New: may be asked now and could not before", "+", found.new)
    _print_changes("改正 Amended in substance", found.amended)
    _print_section("廃止 Ended: may no longer be asked", "−", found.ended)
    _print_changes("文言・番号のみ Wording or number only", found.continued)


@app.command(short_help="The widening of use as a picture (SVG). 図にする。")
def picture(
    to: Annotated[Path | None, typer.Argument(help="A file; default standard output.")] = None,
) -> None:
    """Draw the widening of use over all years (SVG). 利用の広がりを図にする。"""
    if to is None:
        typer.echo(law().widening_svg(), nl=False)
    else:
        to.write_text(law().widening_svg(), encoding="utf-8")


@app.command(short_help="Does the law permit an exchange? 認めるかを問う。")
def decide(
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help="Read questions from standard input, one JSON object a line.")
    ] = False,
    inquirer: Annotated[str, typer.Option(help="A role or a phrase of the table.")] = "",
    item: Annotated[str, typer.Option(help="The item number of the affair on that day.")] = "",
    provider: Annotated[str, typer.Option(help="A role or a phrase of the table.")] = "",
    information: Annotated[str, typer.Option(help="A defined term, or the row's own phrase.")] = "",
    on: Day = None,
) -> None:
    """Ask whether the law permits an exchange. 法令が提供を認めるかを問う。

    --jsonl: {"inquirer", "item", "provider", "information", "on"} a line, optionally "qualifications",
    "provider_qualifications", "items"; one answer a line in the same order.
    """
    import msgspec

    from kumihimo.law import answer_line

    if jsonl:
        answered = _answer_stream(law(), sys.stdin.buffer, sys.stdout.buffer)
        _talk.print(f"{answered} questions answered.")
        return
    if not (inquirer and item and provider and information):
        raise typer.BadParameter("give --inquirer, --item, --provider and --information, or --jsonl")
    question = {
        "inquirer": inquirer,
        "item": item,
        "provider": provider,
        "information": information,
        "on": (on or _today()).isoformat(),
    }
    typer.echo(answer_line(law(), msgspec.json.encode(question)))


@app.command(short_help="Revisions of the table, with hashes. 改正ごとの版。")
def snapshot(on: Day = None, as_json: AsJson = False) -> None:
    """List the revisions of the exchange table with their hashes, or the one of a day. 改正ごとの版。"""
    import msgspec

    found = (law().snapshot(on),) if on else law().snapshots()
    if as_json:
        _print_json([msgspec.to_builtins(each) for each in found])
        return
    for each in found:
        _page.print(f"{each.in_force_from}  {each.table}  {each.rows:4}  {each.hash}  {each.revision}")


@app.command(short_help="Procedures, and whose data each may ask. 事務手続。")
def procedures(
    item: Annotated[str, typer.Argument(help="An item number of the newest revision.")],
    as_json: AsJson = False,
) -> None:
    """Show the procedures of an item and whose data each may ask. 事務手続と、誰の情報かを示す。"""
    found = law().procedures(item)
    if not found:
        _nothing(f"The detail articles have no item {item}.", ())
    if as_json:
        _print_json([_procedure_document(procedure) for procedure in found])
        return
    for procedure in found:
        _page.print(Text(_place(procedure), "bold") + Text(f"  {procedure.text}", "not bold"))
        for piece in procedure.pieces:
            _page.print(Text(f"  {piece.reference}  {piece.text}"))
            _page.print(
                Text(f"      誰の whose: {piece.person or '—'}   rows: {', '.join(piece.rows)}", "dim")
            )


@app.command(short_help="What a person must settle. 機械的に決まらないもの。")
def unresolved(on: Day = None, as_json: AsJson = False) -> None:
    """List what no program can settle and a person must. 機械的に決まらないものを示す。"""
    import msgspec

    found = law().unresolved(on)
    if as_json:
        _print_json([msgspec.to_builtins(each) for each in found])
        return
    for each in found:
        _page.print(f"[bold]{each.kind}  {each.subject}[/]  ({len(each.rows)} rows)")
        _page.print(Text(f"  {each.text}"))


def _answer_stream(law_: Law, asked: BinaryIO, answered: BinaryIO) -> int:
    """Answer as lines arrive, so that a program may wait for each answer; the count of answers."""
    from kumihimo.law import answer_line

    count = 0
    for lines in _batches(asked):
        answered.write(b"".join(answer_line(law_, line) + b"\n" for line in lines))
        answered.flush()
        count += len(lines)
    return count


def _batches(stream: BinaryIO) -> Iterator[list[bytes]]:
    rest = b""
    while chunk := _read_some(stream):
        *lines, rest = (rest + chunk).split(b"\n")
        yield lines
    if rest:
        yield [rest]


def _read_some(stream: BinaryIO) -> bytes:
    read1 = getattr(stream, "read1", stream.read)
    data = read1(1 << 16)
    return bytes(data)


def _today() -> date:
    from kumihimo.base import JST, system_clock

    return system_clock().astimezone(JST).date()


def _nothing(why: str, others: Iterable[Row]) -> None:
    """Say that there is nothing, and what is near; exit code 1."""
    _talk.print(why)
    for row in others:
        _talk.print(f"  {row.id}  {row.valid_from} – {row.valid_to or ''}  {row.inquirer} ← {row.provider}")
    raise typer.Exit(1)


def _tell_snapshot(day: date) -> None:
    from kumihimo.base import format_era

    standing = law().snapshot(day)
    _talk.print(f"{format_era(day)} ({day}) · {standing.revision} · sha256 {standing.hash}")


def _print_json(document: object) -> None:
    import msgspec

    typer.echo(msgspec.json.format(msgspec.json.encode(document), indent=1))


def _print_rows(rows: Iterable[Row], as_json: bool) -> None:
    from kumihimo.law import row_document

    if as_json:
        _print_json([row_document(row) for row in rows])
        return
    for row in rows:
        _page.print(f"[bold]{row.id}[/]  {row.citation}  [dim]{row.valid_from} – {row.valid_to or ''}[/]")
        _print_cells(row)
        _page.print()


def _print_cells(row: Row) -> None:
    cells = (
        ("照会者 inquirer   ", row.inquirer),
        ("事務   affair     ", row.affair),
        ("提供者 provider   ", row.provider),
        ("情報   information", row.information),
    )
    for label, words in cells:
        _page.print(Text(f"  {label}  ", "dim") + Text(words, "not dim"))
    if row.detail_article:
        _page.print(Text("  詳細   detail       ", "dim") + Text(_numbered(row.detail_article, "条")))


def _print_section(title: str, sign: str, rows: tuple[Row, ...]) -> None:
    _page.print(f"[bold]{title} ({len(rows)})[/]")
    for row in rows:
        _page.print(Text(f" {sign} {row.id}  {row.inquirer} ← {row.provider}: {'、'.join(row.names)}"))
        _page.print(Text(f"     {row.affair}", "dim"))
    _page.print()


def _print_changes(title: str, changes: tuple[Change, ...]) -> None:
    _page.print(f"[bold]{title} ({len(changes)})[/]")
    for change in changes:
        _page.print(Text(f" ~ {change.before.id} → {change.after.id}  ({', '.join(change.cells)})"))
        for sign, names in (("+", change.information_added), ("−", change.information_removed)):
            if names:
                _page.print(Text(f"     {sign} {'、'.join(names)}"))
    _page.print()


def _place(procedure: Procedure) -> str:
    """The article, paragraph and number of a procedure as Japanese law cites them."""
    paragraph, _, number = (procedure.no or "").rpartition(".")
    return _numbered(procedure.article, "条") + _numbered(paragraph, "項") + _numbered(number, "号")


def _numbered(number: str, unit: str) -> str:
    first, *branches = number.split("-")
    return "の".join((f"第{first}{unit}", *branches)) if number else ""


def _procedure_document(procedure: Procedure) -> object:
    import msgspec

    document = msgspec.to_builtins(procedure)
    for piece, plain in zip(procedure.pieces, document["pieces"], strict=True):
        plain["person"] = piece.person
    return document
