"""Age in law and the years offices count in.

An age is counted from the day of birth and reached at the end of the eve of the birthday
(年齢計算ニ関スル法律; 民法143条2項). Whoever was born on 29 February reaches it at the end of 28 February in
every year. So 1 April births belong to the school year of the day before.
"""

from datetime import date, timedelta

_DAY = timedelta(days=1)


def legal_age_reached(birth: date, age: int) -> date:
    """The day at whose end a person reaches an age in years: the eve of the birthday (age 0: at birth)."""
    if age < 0:
        raise ValueError("an age is not negative")
    return birth if age == 0 else _birthday(birth, birth.year + age) - _DAY


def legal_age_on(birth: date, day: date) -> int:
    """The age in years a person has reached in law at the end of that day; raises ValueError before birth."""
    if day < birth:
        raise ValueError("the day is before the birth")
    years = day.year - birth.year + 1
    while legal_age_reached(birth, years) > day:
        years -= 1
    return years


def age_on(birth: date, day: date) -> int:
    """The age in years a person has throughout that day, as people say it (満年齢: from the birthday on)."""
    if day < birth:
        raise ValueError("the day is before the birth")
    return 0 if day == birth else legal_age_on(birth, day - _DAY)


def fiscal_year(day: date) -> int:
    """The fiscal year (年度) a day belongs to: 1 April to 31 March (財政法11条, 地方自治法208条)."""
    return day.year if day.month >= 4 else day.year - 1


def fiscal_year_days(year: int) -> tuple[date, date]:
    """The first and the last day of a fiscal year."""
    return date(year, 4, 1), date(year + 1, 3, 31)


def fiscal_year_end_after(birth: date, age: int) -> date:
    """The first 31 March on or after the day an age is reached (as in 児童手当法3条1項)."""
    return fiscal_year_days(fiscal_year(legal_age_reached(birth, age)))[1]


def _birthday(birth: date, year: int) -> date:
    # Without a corresponding day the period ends with the month (民法143条2項ただし書): the eve is then
    # 28 February, as it is in leap years.
    try:
        return birth.replace(year=year)
    except ValueError:
        return date(year, 3, 1)
