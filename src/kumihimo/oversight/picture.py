"""What the ledger accounts for against what operator 1 has stamped, as a picture. Pure SVG."""

from collections.abc import Sequence
from html import escape
from typing import Protocol

from kumihimo.node.pages import Lang, Words, moment
from kumihimo.oversight.entries import Epoch

WIDTH, HEIGHT = 720, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 16, 40, 44
# Colours of the Digital Agency's design tokens.
_INK, _QUIET, _LINE = "#1a1a1a", "#4d4d4d", "#949494"
_BANDS = (
    ("total", Words("本人ごとの記録", "in persons’ records"), "#c5d7fb"),
    ("deferred", Words("不開示", "withheld"), "#ffd43b"),
    ("open", Words("確定前", "open"), "#d8d8db"),
    ("void", Words("記録に至らず", "void"), "#f1c6c6"),
)
_EVENTS = Words("運営者の記録（委員会の計数）", "stamped by operator 1, as counted here")
_TITLE = Words("記録台帳の総数と、運営者の記録の数", "The ledger’s totals and what operator 1 has stamped")


class Balanced(Protocol):
    """What the picture shows of one epoch."""

    @property
    def epoch(self) -> Epoch: ...
    @property
    def events(self) -> int | None: ...
    @property
    def counted(self) -> int: ...


def timeline(balances: Sequence[Balanced], lang: Lang) -> str:
    """Bands of what the ledger accounts for, stacked, under the line of stamped events; empty if none."""
    if not balances:
        return ""
    most = max(max(one.counted, one.events or 0) for one in balances) or 1
    least = 0
    xs = [_x(place, len(balances)) for place in range(len(balances))]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(_TITLE(lang))}" font-family="inherit" fill="{_INK}">',
        *_grid(least, most),
    ]
    floor = [0] * len(balances)
    for name, _, colour in _BANDS:
        top = [under + int(getattr(one.epoch, name)) for under, one in zip(floor, balances, strict=True)]
        parts.append(_band(xs, floor, top, most, colour))
        floor = top
    stamped = [(x, one.events) for x, one in zip(xs, balances, strict=True) if one.events is not None]
    points = " ".join(f"{x:.1f},{_y(events, most):.1f}" for x, events in stamped)
    parts.append(f'<polyline points="{points}" fill="none" stroke="{_INK}" stroke-width="2.5"/>')
    parts += [
        f'<circle cx="{x:.1f}" cy="{_y(events, most):.1f}" r="3" fill="{_INK}"/>'
        for x, events in stamped[-1:]
    ]
    parts += _ends(balances, lang)
    return "".join([*parts, "</svg>"])


def legend(lang: Lang) -> Sequence[tuple[str, str]]:
    """The bands and their colours, from below, and the line."""
    return [*((colour, words(lang)) for _, words, colour in _BANDS), (_INK, _EVENTS(lang))]


def _x(place: int, count: int) -> float:
    return _LEFT + (WIDTH - _LEFT - _RIGHT) * (place / (count - 1) if count > 1 else 0.5)


def _y(number: int, most: int) -> float:
    return HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * number / most


def _band(xs: Sequence[float], floor: Sequence[int], top: Sequence[int], most: int, colour: str) -> str:
    if floor == top:
        return ""
    wide = [*xs, xs[-1] + 12] if len(xs) == 1 else list(xs)
    upper = [f"{x:.1f},{_y(number, most):.1f}" for x, number in zip(wide, [*top, *top[-1:]], strict=False)]
    lower = [
        f"{x:.1f},{_y(number, most):.1f}" for x, number in zip(wide, [*floor, *floor[-1:]], strict=False)
    ]
    return f'<polygon points="{" ".join([*upper, *lower[::-1]])}" fill="{colour}"/>'


def _grid(least: int, most: int) -> Sequence[str]:
    lines = []
    for number in sorted({least, most // 2, most}):
        y = _y(number, most)
        lines.append(
            f'<path d="M{_LEFT} {y:.1f} H{WIDTH - _RIGHT}" stroke="{_LINE}" stroke-dasharray="4 4"/>'
            f'<text x="{_LEFT - 8}" y="{y + 5:.1f}" text-anchor="end" font-size="15" fill="{_QUIET}">'
            f"{number:,}</text>"
        )
    return lines


def _ends(balances: Sequence[Balanced], lang: Lang) -> Sequence[str]:
    first, last = balances[0].epoch, balances[-1].epoch
    y = HEIGHT - 12
    texts = [
        f'<text x="{WIDTH - _RIGHT}" y="{y}" text-anchor="end" font-size="15" fill="{_QUIET}">'
        f"{escape(_label(last, lang))}</text>"
    ]
    if first is not last:
        texts.append(
            f'<text x="{_LEFT}" y="{y}" font-size="15" fill="{_QUIET}">{escape(_label(first, lang))}</text>'
        )
    return texts


def _label(epoch: Epoch, lang: Lang) -> str:
    when = moment(epoch.time, lang)
    return f"第{epoch.epoch}期 {when}" if lang is Lang.JA else f"epoch {epoch.epoch}, {when}"
