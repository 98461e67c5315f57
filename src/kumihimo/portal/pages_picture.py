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
    "witnesses": "#fdf3e0",
}
_COUNTS: Mapping[str, Words] = {
    "asked": Words("照会", "asked"),
    "provided": Words("回答", "answered"),
    "stamped": Words("許可", "stamped"),
    "events": Words("記録", "records"),
    "refused": Words("拒否", "refused"),
    "waiting": Words("承認待ち", "waiting"),
    "withheld": Words("不開示", "withheld"),
    "witnessed": Words("立ち会う記録簿", "logs witnessed"),
    "alarms": Words("警報", "alarms"),
}
_WHEN_ANY = frozenset({"refused", "waiting", "withheld", "alarms"})
_GROUPS: Mapping[str, Words] = {
    "asking": Words("照会する地方公共団体（答えもする）", "Local offices ask (and answer)"),
    "operators": Words("運営者（許可印を押す。中身は見えない）", "Operators: stamp, see nothing"),
    "ledger": Words("本人ごとの記録", "The person's record"),
    "providing": Words("答える機関", "Bodies that answer"),
    "citizen": Words("本人", "The person"),
    "others": Words("番号", "Numbers"),
    "witnesses": Words("監督と証人（書き換えを見逃さない）", "Witnesses: no log is altered unseen"),
}
_LOCAL = frozenset({"municipal-head", "governor"})
_TITLE = Words("国の地図", "Map of the nation")
_DOWN = Words("応答なし", "down")
LINE_HEIGHT, GAP, PADDING, HEADING = 22, 14, 10, 38


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
    """Where a group of institutions stands: its frame, and how many boxes fit in a row."""

    x: int
    y: int
    width: int
    height: int
    columns: int = 1


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
    820,
    96,
    {
        "asking": Area(8, 8, 278, 478),
        "operators": Area(340, 8, 440, 148, 2),
        "ledger": Area(421, 196, 278, 148),
        "providing": Area(834, 24, 278, 588),
        "citizen": Area(421, 508, 278, 148),
        "others": Area(8, 508, 278, 148),
        "witnesses": Area(8, 668, 1104, 148, 3),
    },
    (
        Arrow("6", "M560 508 V350", (560, 484), _LINE),
        Arrow("1", "M286 180 H313 V82 H334", (313, 130)),
        Arrow("2", "M286 270 H415", (350, 270)),
        Arrow("3", "M286 386 H828", (560, 386)),
        Arrow("4", "M834 436 H294", (560, 436), _GREEN, 5),
        Arrow("5", "M834 270 H705", (766, 270), _LINE),
    ),
)
NARROW = Shape(
    "narrow",
    360,
    2276,
    92,
    {
        "asking": Area(2, 4, 310, 458),
        "operators": Area(2, 508, 310, 246),
        "ledger": Area(2, 800, 310, 140),
        "providing": Area(2, 986, 310, 564),
        "citizen": Area(2, 1596, 310, 140),
        "others": Area(2, 1756, 310, 140),
        "witnesses": Area(2, 1916, 310, 352),
    },
    (
        Arrow("1", "M150 462 V502", (150, 481)),
        Arrow("2", "M150 754 V794", (150, 773)),
        Arrow("3", "M110 940 V980", (110, 959)),
        Arrow("5", "M200 986 V946", (200, 966), _LINE),
        Arrow("4", "M312 1206 H330 V180 H318", (330, 606), _GREEN, 5),
        Arrow("6", "M312 1666 H348 V870 H318", (344, 1573), _LINE),
    ),
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
        parts += _group(name, area, shape.box_height, groups[name], lang)
    return "".join([*parts, "</svg>"])


def grouped(seen: Iterable[Seen]) -> Mapping[str, list[Seen]]:
    """The institutions by their part in an exchange."""
    groups: dict[str, list[Seen]] = {name: [] for name in _GROUPS}
    for one in seen:
        groups[_part(one.entry)].append(one)
    return groups


def counts_text(seen: Seen, lang: Lang) -> str:
    """The counts of an institution in one line; refusals and waiting questions only where there are any."""
    known = (
        (words(lang), seen.counts[name])
        for name, words in _COUNTS.items()
        if seen.counts.get(name, 0) or (name in seen.counts and name not in _WHEN_ANY)
    )
    return "  ".join(f"{word} {count:,}" for word, count in known)


def _part(entry: Entry) -> str:
    if any(service.startswith("operator-") for service in entry.services):
        return "operators"
    if "ledger" in entry.services:
        return "ledger"
    if "disclosure" in entry.services:
        return "citizen"
    if "witness" in entry.services:
        return "witnesses"
    if _LOCAL & set(entry.roles):
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


def _group(name: str, area: Area, height: int, seen: Sequence[Seen], lang: Lang) -> Iterable[str]:
    yield (
        f'<rect x="{area.x}" y="{area.y}" width="{area.width}" height="{area.height}" rx="16" fill="#ffffff" '
        'stroke="#949494" stroke-dasharray="6 4"/>'
        f'<text x="{area.x + PADDING}" y="{area.y + 26}" font-size="15" font-weight="700">'
        f"{escape(_GROUPS[name](lang))}</text>"
    )
    width = (area.width - 2 * PADDING - GAP * (area.columns - 1)) // area.columns
    for place, one in enumerate(seen):
        x = area.x + PADDING + (place % area.columns) * (width + GAP)
        y = area.y + HEADING + (place // area.columns) * (height + GAP)
        yield _box(one, (x, y, width, height), _FILLS[name], lang)


def _box(seen: Seen, box: tuple[int, int, int, int], fill: str, lang: Lang) -> str:
    x, y, width, height = box
    name = seen.entry.name if lang is Lang.JA else seen.entry.name_en
    fill, stroke, thick = (fill, _LINE, 1) if seen.up else ("#fdeeee", _RED, 3)
    told = wrap(counts_text(seen, lang), (width - 24) // 8) if seen.up else [f"⚠ {_DOWN(lang)}"]
    names = wrap(name, (width - 24) // 8)[: height // LINE_HEIGHT - len([text for text in told if text])]
    lines = [(text, 16, 700, _INK) for text in names]
    lines += [(text, 15, 400, _QUIET) if seen.up else (text, 16, 700, _RED) for text in told if text]
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
