"""Eras, legal age and the fiscal year."""

import calendar
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kumihimo.base import (
    JST,
    Era,
    EraDate,
    InvalidEraDate,
    age_on,
    fiscal_year,
    fiscal_year_days,
    fiscal_year_end_after,
    format_era,
    from_era,
    legal_age_on,
    legal_age_reached,
    parse_era,
    system_clock,
    to_era,
)

DAY = timedelta(days=1)
MODERN = st.dates(date(1868, 1, 25), date(2117, 12, 31))
BIRTHS = st.dates(date(1880, 1, 1), date(2030, 12, 31)) | st.builds(
    lambda leap: date(4 * leap, 2, 29), st.integers(476, 507)
)


@pytest.mark.parametrize(
    ("day", "written"),
    [
        (date(1868, 1, 25), "明治元年1月25日"),
        (date(1912, 7, 29), "明治45年7月29日"),
        (date(1912, 7, 30), "大正元年7月30日"),
        (date(1926, 12, 24), "大正15年12月24日"),
        (date(1926, 12, 25), "昭和元年12月25日"),
        (date(1989, 1, 7), "昭和64年1月7日"),
        (date(1989, 1, 8), "平成元年1月8日"),
        (date(2019, 4, 30), "平成31年4月30日"),
        (date(2019, 5, 1), "令和元年5月1日"),
        (date(2026, 6, 14), "令和8年6月14日"),
    ],
)
def test_eras_change_on_their_day(day, written):
    assert format_era(day) == written
    assert parse_era(written) == day


@given(MODERN)
def test_an_era_date_leads_back_to_its_day(day):
    assert from_era(to_era(day)) == day
    assert parse_era(format_era(day)) == day


@pytest.mark.parametrize(
    "written",
    [
        "平成31年5月1日",
        "昭和64年1月8日",
        "昭和100年1月1日",
        "明治元年1月24日",
        "令和0年1月1日",
        "令和1年2月29日",
        "令和8年6月31日",
        "令和８年6月14日",
        "2026-06-14",
        "令和8年6月14日 ",
        "",
    ],
)
def test_a_day_no_era_has_is_refused(written):
    with pytest.raises(InvalidEraDate):
        parse_era(written)


def test_before_the_eras_there_is_no_era_date():
    with pytest.raises(InvalidEraDate):
        to_era(date(1868, 1, 24))
    with pytest.raises(InvalidEraDate):
        from_era(EraDate(Era.REIWA, 9000, 1, 1))


@pytest.mark.parametrize(
    ("birth", "age", "reached"),
    [
        (date(2008, 4, 2), 18, date(2026, 4, 1)),
        (date(2008, 4, 1), 18, date(2026, 3, 31)),
        (date(2008, 1, 1), 18, date(2025, 12, 31)),
        (date(2008, 2, 29), 18, date(2026, 2, 28)),
        (date(2008, 2, 29), 20, date(2028, 2, 28)),
        (date(2008, 3, 1), 18, date(2026, 2, 28)),
        (date(2008, 3, 1), 20, date(2028, 2, 29)),
        (date(2008, 3, 1), 0, date(2008, 3, 1)),
    ],
)
def test_an_age_is_reached_on_the_eve_of_the_birthday(birth, age, reached):
    assert legal_age_reached(birth, age) == reached


@given(BIRTHS, st.integers(1, 120))
def test_legal_age_turns_at_the_end_of_the_day_it_is_reached(birth, age):
    reached = legal_age_reached(birth, age)
    assert legal_age_on(birth, reached) == age
    assert legal_age_on(birth, reached + DAY) == age
    if reached > birth:
        assert legal_age_on(birth, reached - DAY) == age - 1


@given(BIRTHS, st.integers(0, 45_000))
def test_people_count_a_birthday_as_the_calendar_does(birth, days):
    day = birth + timedelta(days=days)
    birthday = (birth.month, birth.day)
    if birthday == (2, 29) and not calendar.isleap(day.year):
        birthday = (3, 1)
    had_it = (day.month, day.day) >= birthday
    assert age_on(birth, day) == day.year - birth.year - (not had_it)


@given(BIRTHS, st.integers(1, 120))
def test_the_everyday_age_turns_the_day_after_the_legal_one(birth, age):
    reached = legal_age_reached(birth, age)
    assert age_on(birth, reached) == age - 1
    assert age_on(birth, reached + DAY) == age


def test_there_is_no_age_before_birth():
    birth = date(2008, 4, 1)
    for counted in (age_on, legal_age_on):
        with pytest.raises(ValueError, match="before the birth"):
            counted(birth, birth - DAY)
    with pytest.raises(ValueError, match="not negative"):
        legal_age_reached(birth, -1)


def test_an_april_first_child_belongs_to_the_school_year_before():
    assert fiscal_year_end_after(date(2008, 4, 1), 18) == date(2026, 3, 31)
    assert fiscal_year_end_after(date(2008, 4, 2), 18) == date(2027, 3, 31)


@given(MODERN)
def test_a_day_lies_in_its_fiscal_year_from_april_to_march(day):
    first, last = fiscal_year_days(fiscal_year(day))
    assert first <= day <= last
    assert (first.month, first.day, last + DAY) == (4, 1, date(first.year + 1, 4, 1))


def test_the_clock_tells_utc_and_legal_days_begin_nine_hours_earlier():
    assert system_clock().utcoffset() == timedelta(0)
    assert datetime(2026, 6, 13, 15, 0, tzinfo=UTC).astimezone(JST).date() == date(2026, 6, 14)
