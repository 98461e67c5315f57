"""The nation as a picture: institutions as boxes, the way of a slip as numbered arrows. Pure, plain SVG."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Protocol

from kumihimo.node import Entry
from kumihimo.node.pages import Lang, Words

# Colours of the Digital Agency's design tokens.
_INK, _QUIET, _LINE, _BLUE, _GREEN, _RED = "#1a1a1a", "#4d4d4d", "#666666", "#0017c1", "#115a36", "#a90000"
_FILLS = {
    "asking": "#e8f1fe",
    "operators": "#ffffff",
    "ledger": "#fbf5e0",
    "providing": "#e6f5ec",
    "citizen": "#ffffff",
    "others": "#f2f2f2",
}
_COUNTS: Mapping[str, Words] = {
    "asked": Words("照会", "asked"),
    "provided": Words("回答", "answered"),
    "stamped": Words("許可", "stamped"),
    "events": Words("記録", "records"),
    "refused": Words("拒否", "refused"),
    "waiting": Words("承認待ち", "waiting"),
    "withheld": Words("不開示", "withheld"),
}
_GROUPS: Mapping[str, Words] = {
    "asking": Words("照会し、答える市区町村", "Municipalities: ask and answer"),
    "operators": Words("運営者（許可印を押す。中身は見えない）", "Operators: stamp, and see no content"),
    "ledger": Words("本人ごとの記録", "The person's record"),
    "providing": Words("答える機関", "Bodies that answer"),
    "citizen": Words("本人", "The person"),
    "others": Words("番号と監督", "Numbers and supervision"),
}
_TITLE = Words("国の地図", "Map of the nation")
_DOWN = Words("応答なし", "down")
LINE_HEIGHT = 22


class Seen(Protocol):
    """What the picture shows of an institution."""

    @property
    def entry(self) -> Entry: ...
    @property
    def up(self) -> bool: ...
    @property
    def counts(self) -> Mapping[str, int]: ...
    @property
    def has_desk(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Area:
    """Where a group of institutions stands, and how many boxes fit in a row."""

    x: int
    y: int
    width: int
    columns: int


@dataclass(frozen=True, slots=True)
class Arrow:
    """A numbered way: points of a line, where the number stands, and its colour."""

    number: str
    points: str
    at: tuple[int, int]
    colour: str = _BLUE
    width: int = 3


@dataclass(frozen=True, slots=True)
class Shape:
    """One layout of the picture: for wide or for narrow screens."""

    name: str
    width: int
    height: int
    box_height: int
    areas: Mapping[str, Area]
    arrows: Sequence[Arrow]


WIDE = Shape(
    "wide",
    1120,
    690,
    86,
    {
        "asking": Area(20, 150, 250, 1),
        "operators": Area(340, 40, 440, 2),
        "ledger": Area(435, 236, 250, 1),
        "providing": Area(850, 60, 250, 1),
        "citizen": Area(435, 570, 250, 1),
        "others": Area(20, 570, 390, 2),
    },
    (
        Arrow("1", "M270 210 H305 V110 H336", (305, 160)),
        Arrow("2", "M270 310 H431", (350, 310)),
        Arrow("3", "M270 420 H846", (560, 420)),
        Arrow("4", "M850 480 H276", (560, 480), _GREEN, 5),
        Arrow("5", "M850 310 H691", (770, 310), _LINE),
        Arrow("6", "M560 568 V510 M560 388 V352", (560, 535), _LINE),
    ),
)
NARROW = Shape(
    "narrow",
    360,
    1190,
    96,
    {
        "asking": Area(4, 40, 352, 2),
        "operators": Area(4, 330, 352, 2),
        "ledger": Area(4, 506, 352, 1),
        "citizen": Area(4, 676, 352, 1),
        "providing": Area(4, 846, 352, 2),
        "others": Area(4, 1200, 352, 2),
    },
    (),
)


def draw(seen: Sequence[Seen], shape: Shape, lang: Lang) -> str:
    """The picture as one SVG; every institution with a desk is a link to it."""
    groups = grouped(seen)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {shape.width} {shape.height}" role="group" '
        f'aria-label="{escape(_TITLE(lang))}" font-family="inherit" fill="{_INK}">',
        *(_head(shape, colour) for colour in sorted({arrow.colour for arrow in shape.arrows})),
    ]
    parts += [_arrow(shape, arrow) for arrow in shape.arrows]
    for name, area in shape.areas.items():
        parts += _group(shape, name, area, groups[name], lang)
    return "".join([*parts, "</svg>"])


def grouped(seen: Iterable[Seen]) -> Mapping[str, list[Seen]]:
    """The institutions by their part in an exchange."""
    groups: dict[str, list[Seen]] = {name: [] for name in _GROUPS}
    for one in seen:
        groups[_part(one.entry)].append(one)
    return groups


def counts_text(seen: Seen, lang: Lang) -> list[str]:
    """The counts of an institution, in at most two short lines."""
    known = [(name, words) for name, words in _COUNTS.items() if name in seen.counts]
    texts = [f"{words(lang)} {seen.counts[name]:,}" for name, words in known]
    return ["  ".join(texts[:2]), "  ".join(texts[2:])] if len(texts) > 2 else ["  ".join(texts)]


def _part(entry: Entry) -> str:
    if any(service.startswith("operator-") for service in entry.services):
        return "operators"
    if "ledger" in entry.services:
        return "ledger"
    if "disclosure" in entry.services:
        return "citizen"
    if entry.municipality:
        return "asking"
    return "providing" if entry.provides else "others"


def _head(shape: Shape, colour: str) -> str:
    return (
        f'<marker id="{shape.name}-{colour[1:]}" viewBox="0 0 10 10" refX="8" refY="5" markerWidth="14" '
        'markerHeight="14" markerUnits="userSpaceOnUse" orient="auto">'
        f'<path d="M0 0 L10 5 L0 10 z" fill="{colour}"/></marker>'
    )


def _arrow(shape: Shape, arrow: Arrow) -> str:
    x, y = arrow.at
    return (
        f'<path d="{arrow.points}" fill="none" stroke="{arrow.colour}" stroke-width="{arrow.width}" '
        f'marker-end="url(#{shape.name}-{arrow.colour[1:]})"/>'
        f'<circle cx="{x}" cy="{y}" r="15" fill="#ffffff" stroke="{arrow.colour}" stroke-width="2"/>'
        f'<text x="{x}" y="{y + 6}" text-anchor="middle" font-size="17" font-weight="700" '
        f'fill="{arrow.colour}">{arrow.number}</text>'
    )


def _group(shape: Shape, name: str, area: Area, seen: Sequence[Seen], lang: Lang) -> Iterable[str]:
    title = escape(_GROUPS[name](lang))
    yield f'<text x="{area.x}" y="{area.y - 12}" font-size="16" font-weight="700">{title}</text>'
    gap = 14
    width = (area.width - gap * (area.columns - 1)) // area.columns
    for place, one in enumerate(seen):
        x = area.x + (place % area.columns) * (width + gap)
        y = area.y + (place // area.columns) * (shape.box_height + gap)
        yield _box(one, (x, y, width, shape.box_height), _FILLS[name], lang)


def _box(seen: Seen, box: tuple[int, int, int, int], fill: str, lang: Lang) -> str:
    x, y, width, height = box
    name = seen.entry.name if lang is Lang.JA else seen.entry.name_en
    fill, stroke, thick = (fill, _LINE, 1) if seen.up else ("#fdeeee", _RED, 3)
    lines = [(text, 16, 700, _INK) for text in wrap(name, (width - 24) // 8)[:2]]
    if seen.up:
        lines += [(text, 15, 400, _QUIET) for text in counts_text(seen, lang) if text]
    else:
        lines.append((f"⚠ {_DOWN(lang)}", 16, 700, _RED))
    top = y + (height - len(lines) * LINE_HEIGHT) // 2 + 16
    texts = "".join(
        f'<text x="{x + 12}" y="{top + place * LINE_HEIGHT}" font-size="{size}" font-weight="{weight}" '
        f'fill="{colour}" xml:space="preserve">{escape(text)}</text>'
        for place, (text, size, weight, colour) in enumerate(lines)
    )
    rect = (
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="12" fill="{fill}" '
        f'stroke="{stroke}" stroke-width="{thick}"/>'
    )
    if not seen.has_desk:
        return f"<g>{rect}{texts}</g>"
    return f'<a href="{escape(seen.entry.base_url)}/desk">{rect}{texts}</a>'


def wrap(text: str, units: int) -> list[str]:
    """Break a name into lines of so many half-widths, at a space or before a bracket where there is one."""
    lines, rest = [], text
    while sum(map(_units, rest)) > units:
        cut, used = 0, 0
        for place, character in enumerate(rest):
            used += _units(character)
            if used > units:
                break
            cut = place + 1
        good = max(
            (place for place in range(1, cut + 1) if rest[place - 1] == " " or rest[place] == "（"),
            default=cut,
        )
        lines.append(rest[:good].rstrip())
        rest = rest[good:].lstrip()
    return [*lines, rest]


def _units(character: str) -> int:
    return 2 if unicodedata.east_asian_width(character) in "WFA" else 1
