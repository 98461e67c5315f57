"""The widening of use as a picture: permissions in force over time, by the year each first came (P-04)."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape
from itertools import pairwise

from kumihimo.law.model import Row

# Colours of the Digital Agency's design tokens: neutral for what the source begins with, then blue by year.
_FIRST = "#B3B3B3"
_BLUES = ("#E8F1FE", "#C5D7FB", "#9DB7F9", "#7096F8", "#4979F5", "#264AF4", "#0017C1", "#000071")
_NEW, _ENDED, _TEXT, _QUIET, _GRID = "#0031D8", "#EC0000", "#1A1A1A", "#595959", "#D8D8D8"

_WIDTH, _HEIGHT = 960, 640
_LEFT, _RIGHT = 64, 748
_TOP, _BASE = 96, 416
_BAR_ZERO, _BAR_SCALE = 530, 0.5


@dataclass(frozen=True, slots=True)
class Step:
    """The table from one change to the next: rows in force by the year of their origin, and what changed."""

    day: date
    by_origin: tuple[int, ...]
    new: int
    ended: int

    @property
    def total(self) -> int:
        """Permissions in force."""
        return sum(self.by_origin)


@dataclass(frozen=True, slots=True)
class Course:
    """All steps, and the origins by which their rows are counted: 0 for the first text, then years."""

    origins: tuple[int, ...]
    steps: tuple[Step, ...]


def course(
    days: Sequence[date], rows: Callable[[date], tuple[Row, ...]], first: Callable[[Row], date]
) -> Course:
    """Count the rows in force from each day on, by the year of ``first``, the day their lineage began."""

    def origin(row: Row) -> int:
        day = first(row)
        return 0 if day == days[0] else day.year

    origins = tuple(sorted({origin(row) for day in days for row in rows(day)}))
    steps = []
    for day in days:
        before, after = rows(day - timedelta(days=1)), rows(day)
        counted = Counter(origin(row) for row in after)
        gone = {row.id for row in before} - _predecessors(after) - {row.id for row in after}
        steps.append(
            Step(
                day=day,
                by_origin=tuple(counted[each] for each in origins),
                new=sum(first(row) == day for row in after),
                ended=len(gone),
            )
        )
    return Course(origins, tuple(steps))


def _predecessors(rows: Iterable[Row]) -> set[str]:
    return {earlier for row in rows if (earlier := row.lineage or row.amends) is not None}


def draw(counted: Course) -> str:
    """Draw the course as one self-contained SVG: no script, title and description for screen readers."""
    steps = counted.steps
    last = steps[-1]
    end = last.day + timedelta(days=75)

    def x(day: date) -> float:
        whole = (end - steps[0].day).days
        return round(_LEFT + (_RIGHT - _LEFT) * (day - steps[0].day).days / whole, 1)

    ceiling = -(-max(step.total for step in steps) // 100) * 100

    def y(count: int) -> float:
        return round(_BASE - (_BASE - _TOP) * count / ceiling, 1)

    colours = (_FIRST, *_spread(len(counted.origins) - 1))
    parts = [
        *_heading(steps),
        *_axes(range(0, ceiling + 1, 100), steps[0].day, end, x, y),
        *_areas(steps, colours, end, x, y),
        *_totals(steps, x, y),
        *_legend(counted, colours),
        *_bars(steps, x),
    ]
    return "\n".join([*parts, "</svg>", ""])


def _spread(count: int) -> list[str]:
    """So many blues, from the lightest to the darkest."""
    return [_BLUES[round(place * (len(_BLUES) - 1) / max(count - 1, 1))] for place in range(count)]


def _text(x: float, y: float, words: str, *, size: int = 12, colour: str = _TEXT, more: str = "") -> str:
    extra = f" {more}" if more else ""
    return f'<text x="{x}" y="{y}" font-size="{size}" fill="{colour}"{extra}>{escape(words)}</text>'


def _heading(steps: Sequence[Step]) -> list[str]:
    first, last = steps[0], steps[-1]
    told = (
        f"{_day_ja(first.day)}の{first.total}件から{_day_ja(last.day)}の{last.total}件へ。"
        f"From {first.total} permissions on {first.day} to {last.total} on {last.day}; "
        + "; ".join(f"{s.day}: {s.new} new, {s.ended} ended" for s in steps[1:] if s.new or s.ended)
    )
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" lang="ja"'
        ' aria-labelledby="widening-title widening-told"'
        " font-family=\"'Noto Sans JP','Hiragino Sans','Noto Sans CJK JP',sans-serif\">",
        '<title id="widening-title">情報連携できる範囲の広がり / Widening of use</title>',
        f'<desc id="widening-told">{escape(told)}</desc>',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#FFFFFF"/>',
        _text(_LEFT - 40, 36, "情報連携できる範囲の広がり", size=22, more='font-weight="700"'),
        _text(
            _LEFT - 40,
            60,
            "施行中の「誰が・誰に・何を・どの事務で」の数。色は、その許可が初めて置かれた年。",
            size=13,
        ),
        _text(
            _LEFT - 40,
            78,
            "Widening of use: permissions in force (who may ask whom for what), by the year each first came.",
            colour=_QUIET,
        ),
    ]


def _axes(
    counts: Iterable[int], start: date, end: date, x: Callable[[date], float], y: Callable[[int], float]
) -> list[str]:
    parts = []
    for count in counts:
        parts.append(f'<path d="M{_LEFT} {y(count)}H{_RIGHT}" stroke="{_GRID}"/>')
        parts.append(_text(_LEFT - 8, y(count) + 4, str(count), colour=_QUIET, more='text-anchor="end"'))
    for year in range(start.year + 1, end.year + 1):
        place = x(date(year, 1, 1))
        parts.append(f'<path d="M{place} {_BASE}v6" stroke="{_QUIET}"/>')
        parts.append(_text(place, _BASE + 20, str(year), colour=_QUIET, more='text-anchor="middle"'))
    return parts


def _areas(
    steps: Sequence[Step],
    colours: Sequence[str],
    end: date,
    x: Callable[[date], float],
    y: Callable[[int], float],
) -> list[str]:
    """One band per origin: along its upper edge to the right, along its lower edge back."""
    ends = [step.day for step in steps[1:]] + [end]
    parts = []
    for band, colour in enumerate(colours):
        upper = [
            f"{x(day)} {y(sum(step.by_origin[: band + 1]))}"
            for step, until in zip(steps, ends, strict=True)
            for day in (step.day, until)
        ]
        lower = [
            f"{x(day)} {y(sum(step.by_origin[:band]))}"
            for step, until in zip(steps, ends, strict=True)
            for day in (step.day, until)
        ]
        outline = "L".join(upper + lower[::-1])
        parts.append(f'<path d="M{outline}Z" fill="{colour}" stroke="#FFFFFF" stroke-width="0.75"/>')
    return parts


def _totals(steps: Sequence[Step], x: Callable[[date], float], y: Callable[[int], float]) -> list[str]:
    """The number in force where it begins and wherever it rose by more than a few."""
    told = [steps[0]] + [after for before, after in pairwise(steps) if after.total - before.total >= 12]
    parts = []
    for step, later in zip(told, [*told[1:], None], strict=True):
        near = later is not None and x(later.day) - x(step.day) < 30
        anchor, place = ("end", x(step.day) - 3) if near else ("start", x(step.day) + 2)
        parts.append(
            _text(
                place,
                y(step.total) - 6,
                str(step.total),
                size=13,
                more=f'text-anchor="{anchor}" font-weight="700"',
            )
        )
    return parts


def _legend(counted: Course, colours: Sequence[str]) -> list[str]:
    last = counted.steps[-1]
    left = _RIGHT + 28
    parts = [
        _text(left, _TOP + 4, "初めて置かれた年", size=13, more='font-weight="700"'),
        _text(left, _TOP + 20, f"first came · in force {last.day}", size=11, colour=_QUIET),
    ]
    height = _TOP + 40
    for origin, count, colour in reversed(list(zip(counted.origins, last.by_origin, colours, strict=True))):
        words = f"{origin}年" if origin else f"{_day_ja(counted.steps[0].day)}以前"
        parts.append(f'<rect x="{left}" y="{height}" width="14" height="14" fill="{colour}"/>')
        parts.append(_text(left + 22, height + 12, words, size=13))
        parts.append(_text(_WIDTH - 16, height + 12, str(count), size=13, more='text-anchor="end"'))
        height += 24
    return parts


def _bars(steps: Sequence[Step], x: Callable[[date], float]) -> list[str]:
    """New permissions upward and ended ones downward, one pair of bars for each day of change."""
    left = _RIGHT + 28
    parts = [
        _text(_LEFT - 40, _BASE + 50, "改正ごとの新設と廃止 / new and ended, by amendment", size=13),
        f'<path d="M{_LEFT} {_BAR_ZERO}H{_RIGHT}" stroke="{_QUIET}"/>',
        f'<rect x="{left}" y="{_BAR_ZERO - 22}" width="14" height="14" fill="{_NEW}"/>',
        _text(left + 22, _BAR_ZERO - 10, "新設 new", size=13),
        f'<rect x="{left}" y="{_BAR_ZERO + 4}" width="14" height="14" fill="{_ENDED}"/>',
        _text(left + 22, _BAR_ZERO + 16, "廃止 ended", size=13),
    ]
    for step in steps[1:]:
        for count, top, colour in (
            (step.new, _BAR_ZERO - step.new * _BAR_SCALE, _NEW),
            (step.ended, _BAR_ZERO, _ENDED),
        ):
            if count:
                height = count * _BAR_SCALE
                parts.append(
                    f'<rect x="{x(step.day)}" y="{top}" width="6" height="{height}" fill="{colour}"/>'
                )
    parts += _counts(steps[1:], x)
    source = "出典 e-Gov: 番号法別表第二、令和6年デジタル庁・総務省令第9号第2条の表（各改正）。"
    return [
        *parts,
        _text(_LEFT - 40, _HEIGHT - 24, source + "文言と番号だけの改正は数えない。", size=11, colour=_QUIET),
        _text(
            _LEFT - 40,
            _HEIGHT - 9,
            "Rows are followed by lineage across the repeal of 2024-05-27; the source begins on 2017-04-01.",
            size=11,
            colour=_QUIET,
        ),
    ]


def _counts(steps: Sequence[Step], x: Callable[[date], float]) -> list[str]:
    """The numbers at the bars, the largest first, as far as there is room for them."""
    parts = []
    for sign, below in (("+", False), ("−", True)):
        told: list[tuple[float, float]] = []
        for step in sorted(steps, key=lambda step: -(step.ended if below else step.new)):
            count = step.ended if below else step.new
            middle = x(step.day) + 3
            height = _BAR_ZERO + count * _BAR_SCALE + 13 if below else _BAR_ZERO - count * _BAR_SCALE - 4
            if count < 4 or any(abs(middle - x0) < 28 and abs(height - y0) < 14 for x0, y0 in told):
                continue
            told.append((middle, height))
            parts.append(_text(middle, height, f"{sign}{count}", size=11, more='text-anchor="middle"'))
    return parts


def _day_ja(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
