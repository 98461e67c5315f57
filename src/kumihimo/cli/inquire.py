"""`kumihimo inquire`: one lawful question against a running nation, with its evidence and who may see it."""
# ruff: noqa: PLC0415 - the exchange is imported by the command that needs it, so that --help is quick

from typing import Annotated

import typer

from kumihimo.cli.talk import DEFAULT_NATION, AsJson, NationFolder


def inquire(
    inquirer: Annotated[
        str, typer.Option("--from", help="The asking institution (id). 照会する機関。")
    ] = "muni-131016",
    provider: Annotated[
        str, typer.Option("--to", help="The asked institution (id). 提供する機関。")
    ] = "nenkin",
    information: Annotated[
        str, typer.Option(help="Information type as the law names it. 特定個人情報の種類。")
    ] = "年金給付関係情報",
    person: Annotated[
        int | None,
        typer.Option(
            help="A resident, by place in the population; default: the first both sides know. 住民。"
        ),
    ] = None,
    subject: Annotated[
        str, typer.Option(help="The asking institution's own 15-digit number of the person. 宛名番号。")
    ] = "",
    item: Annotated[str, typer.Option(help="Item of the table of law, such as 106. 表の項。")] = "",
    items: Annotated[
        str,
        typer.Option(help="Items wanted, by key, with commas; default: all the law lets ask. 求める項目。"),
    ] = "",
    nation: NationFolder = DEFAULT_NATION,
    as_json: AsJson = False,
) -> None:
    """Ask one institution about one person in a running nation. 動いている国で情報照会を一件行う。

    Exit code 0: answered, or waiting for a human. 1: refused. 2: no such nation, person or row.
    """
    from kumihimo.cli.inquiring import Wish, inquire_once

    wish = Wish(
        inquirer=inquirer,
        provider=provider,
        information=information,
        person=person,
        subject=subject,
        item=item or None,
        items=tuple(one.strip() for one in items.split(",") if one.strip()),
    )
    raise typer.Exit(inquire_once(nation, wish, as_json=as_json))
