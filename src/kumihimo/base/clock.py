"""Time as an argument: rooms are given a clock and never look at the wall themselves."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

type Clock = Callable[[], datetime]
"""Tells the present moment as an aware datetime in UTC."""

JST = timezone(timedelta(hours=9), "JST")
"""Japan Standard Time (UTC+9, no summer time), in which legal days begin and end."""


def system_clock() -> datetime:
    """The present moment by the machine's clock, in UTC."""
    return datetime.now(UTC)
