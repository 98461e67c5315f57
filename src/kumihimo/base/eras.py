"""Japanese eras (元号): civil dates as offices write them, both ways."""

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Era(StrEnum):
    """An era of the modern calendar, by its name."""

    MEIJI = "明治"
    TAISHO = "大正"
    SHOWA = "昭和"
    HEISEI = "平成"
    REIWA = "令和"


# A day on which the era changed belongs to the new one here, as registers write it.
_FIRST_DAYS = {
    Era.MEIJI: date(1868, 1, 25),
    Era.TAISHO: date(1912, 7, 30),
    Era.SHOWA: date(1926, 12, 25),
    Era.HEISEI: date(1989, 1, 8),
    Era.REIWA: date(2019, 5, 1),
}

_WRITTEN = re.compile(
    r"(明治|大正|昭和|平成|令和)(元|[1-9][0-9]?)年([1-9]|1[0-2])月([1-9]|[12][0-9]|3[01])日"
)


class InvalidEraDate(ValueError):  # noqa: N818 - part of the published vocabulary
    """A date outside the eras, or a day that the era named does not have (such as 平成31年5月1日)."""


@dataclass(frozen=True, slots=True)
class EraDate:
    """A day as an office writes it: era, year of the era (1 is 元年), month and day.

    Months and days are of the Gregorian calendar, also before Japan adopted it on 1873-01-01.
    """

    era: Era
    year: int
    month: int
    day: int

    def __str__(self) -> str:
        year = "元" if self.year == 1 else str(self.year)
        return f"{self.era}{year}年{self.month}月{self.day}日"


def to_era(day: date) -> EraDate:
    """The era date of a civil day; raises InvalidEraDate before 1868-01-25."""
    for era, first in reversed(_FIRST_DAYS.items()):
        if day >= first:
            return EraDate(era, day.year - first.year + 1, day.month, day.day)
    raise InvalidEraDate("a day before the eras of the modern calendar")


def from_era(written: EraDate) -> date:
    """The civil day of an era date; raises InvalidEraDate if that era does not have the day."""
    try:
        day = date(_FIRST_DAYS[written.era].year + written.year - 1, written.month, written.day)
    except ValueError as error:
        raise InvalidEraDate("no such day in the calendar") from error
    if day < _FIRST_DAYS[Era.MEIJI] or to_era(day) != written:
        raise InvalidEraDate("not a day of the era named")
    return day


def format_era(day: date) -> str:
    """A civil day in the era calendar, such as 令和8年6月14日 (the first year is 元年)."""
    return str(to_era(day))


def parse_era(text: str) -> date:
    """The civil day of an era date written in full, such as 令和元年5月1日; raises InvalidEraDate."""
    found = _WRITTEN.fullmatch(text)
    if found is None:
        raise InvalidEraDate("not an era date written in full")
    era, year, month, day = found.groups()
    return from_era(EraDate(Era(era), 1 if year == "元" else int(year), int(month), int(day)))
