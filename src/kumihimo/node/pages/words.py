"""Words on pages: two languages side by side, and dates, times and amounts as offices write them."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from kumihimo.base import JST, format_era

_WEEKDAYS = "月火水木金土日"


class Lang(StrEnum):
    """A language of the pages; Japanese comes first."""

    JA = "ja"
    EN = "en"


@dataclass(frozen=True, slots=True)
class Words:
    """One text in both languages."""

    ja: str
    en: str

    def __call__(self, lang: Lang) -> str:
        """The text in a language."""
        return self.ja if lang is Lang.JA else self.en


def day_text(day: date, lang: Lang) -> str:
    """A day as its reader writes it: 令和8年6月14日, or 14 June 2026."""
    if lang is Lang.JA:
        return format_era(day)
    return f"{day.day} {day:%B %Y}"


def moment(milliseconds: int, lang: Lang) -> str:
    """A moment (Unix milliseconds) in Japanese time, to the minute."""
    at = datetime.fromtimestamp(milliseconds / 1000, JST)
    if lang is Lang.JA:
        return f"{day_text(at.date(), lang)}（{_WEEKDAYS[at.weekday()]}）{at.hour}時{at.minute:02}分"
    return f"{day_text(at.date(), lang)}, {at:%H:%M} (Japan)"


def yen(amount: int, lang: Lang) -> str:
    """An amount of yen."""
    return f"{amount:,}円" if lang is Lang.JA else f"¥{amount:,}"
