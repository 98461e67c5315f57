"""Answers as a clerk reads them: labels instead of keys, eras, yen, and words for codes. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import cast

from kumihimo.base import municipality, to_era
from kumihimo.exchange.layouts import Layout
from kumihimo.exchange.layouts.model import Schema
from kumihimo.node.pages import Lang, Words, day_text, yen

_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NOTHING = Words("（記録なし）", "(none recorded)")
_EMPTY = Words("該当なし", "None")
_YES, _NO = Words("はい", "Yes"), Words("いいえ", "No")


@dataclass(frozen=True, slots=True)
class Table:
    """Several records of one kind: the labels of their parts, and one row a record."""

    head: tuple[str, ...]
    rows: tuple[tuple["Shown", ...], ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """One record: each part with its label."""

    parts: tuple[tuple[str, "Shown"], ...]


type Shown = str | Table | Facts


@dataclass(frozen=True, slots=True)
class ShownItem:
    """One item of an answer, ready to be read."""

    key: str
    label: str
    value: Shown


def shown_items(layout: Layout, items: Mapping[str, object], lang: Lang) -> tuple[ShownItem, ...]:
    """The items of an answer in the order of the layout."""
    return tuple(
        ShownItem(key, label(layout, key, lang), shown(item.schema, items[key], lang))
        for key, item in layout.items.items()
        if key in items
    )


def label(layout: Layout | None, key: str, lang: Lang) -> str:
    """The name of an item; the key itself where the layout does not know it."""
    item = layout.items.get(key) if layout else None
    if item is None:
        return key
    return item.label if lang is Lang.JA else item.label_en


def shown(schema: Schema, value: object, lang: Lang) -> Shown:
    """A value as its schema says it is to be read."""
    if isinstance(value, list):
        return _several(cast(Schema, schema.get("items", {})), value, lang)
    if isinstance(value, dict):
        properties = cast(Mapping[str, Schema], schema.get("properties", {}))
        parts = (
            (_title(part, lang), shown(part, value[key], lang))
            for key, part in properties.items()
            if key in value
        )
        return Facts(tuple(parts))
    return _single(schema, value, lang)


def _several(schema: Schema, values: Sequence[object], lang: Lang) -> Shown:
    if not values:
        return _EMPTY(lang)
    properties = cast(Mapping[str, Schema], schema.get("properties", {}))
    if not properties:
        return "、".join(str(_single(schema, value, lang)) for value in values)
    records = [cast(Mapping[str, object], value) for value in values]
    used = [key for key in properties if any(record.get(key) is not None for record in records)]
    return Table(
        tuple(_title(properties[key], lang) for key in used),
        tuple(tuple(shown(properties[key], record.get(key), lang) for key in used) for record in records),
    )


def _single(schema: Schema, value: object, lang: Lang) -> str:
    if value is None:
        return _NOTHING(lang)
    labels = cast(Mapping[str, Mapping[str, str]], schema.get("x-labels", {}))
    if str(value) in labels:
        return labels[str(value)][lang.value]
    if isinstance(value, bool):
        return (_YES if value else _NO)(lang)
    if isinstance(value, int):
        return yen(value, lang) if schema.get("x-unit") == "yen" else str(value)
    return _text(schema, str(value), lang)


def _text(schema: Schema, value: str, lang: Lang) -> str:
    if schema.get("format") == "date" and _DAY.fullmatch(value):
        return day_text(date.fromisoformat(value), lang)
    if _MONTH.fullmatch(value) and "pattern" in schema:
        year, month = int(value[:4]), int(value[5:])
        written = to_era(date(year, month, 1))
        first = "元" if written.year == 1 else str(written.year)
        return f"{written.era}{first}年{month}月" if lang is Lang.JA else f"{date(year, month, 1):%B %Y}"
    if schema.get("pattern") == "^[0-9]{6}$":
        return _municipality(value)
    return value


def _municipality(code: str) -> str:
    known = municipality(code)
    return f"{known.prefecture}{known.name}（{code}）" if known else code


def _title(schema: Schema, lang: Lang) -> str:
    return str(schema["title"] if lang is Lang.JA else schema["x-title-en"])
