"""Words on pages: two languages side by side, and dates, times and amounts as offices write them."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from kumihimo.base import JST, Era, EraDate, InvalidEraDate, format_era, from_era

_WEEKDAYS = "月火水木金土日"
_ERAS = {"明治": Era.MEIJI, "大正": Era.TAISHO, "昭和": Era.SHOWA, "平成": Era.HEISEI, "令和": Era.REIWA}
_ERAS |= {"M": Era.MEIJI, "T": Era.TAISHO, "S": Era.SHOWA, "H": Era.HEISEI, "R": Era.REIWA}
_WRITTEN = re.compile(
    r"(明治|大正|昭和|平成|令和|[MTSHR])?(元|[0-9]{1,4})[年./-]([0-9]{1,2})[月./-]([0-9]{1,2})日?"
)


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


def read_day(text: str) -> date | None:
    """A day as people type it: 昭和49年3月12日, S49.3.12, 1974/3/12, 1974-03-12; null if it is none."""
    found = _WRITTEN.fullmatch("".join(unicodedata.normalize("NFKC", text).upper().split()))
    if found is None:
        return None
    era, year, month, day = found.groups()
    number = 1 if year == "元" else int(year)
    try:
        if era:
            return from_era(EraDate(_ERAS[era], number, int(month), int(day)))
        return date(number, int(month), int(day)) if number > 1000 else None
    except (InvalidEraDate, ValueError):
        return None


def moment(milliseconds: int, lang: Lang) -> str:
    """A moment (Unix milliseconds) in Japanese time, to the minute."""
    at = datetime.fromtimestamp(milliseconds / 1000, JST)
    if lang is Lang.JA:
        return f"{day_text(at.date(), lang)}（{_WEEKDAYS[at.weekday()]}）{at.hour}時{at.minute:02}分"
    return f"{day_text(at.date(), lang)}, {at:%H:%M} (Japan)"


def yen(amount: int, lang: Lang) -> str:
    """An amount of yen."""
    return f"{amount:,}円" if lang is Lang.JA else f"¥{amount:,}"
