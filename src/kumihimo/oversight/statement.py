"""The privacy commission's statement: who is suspended, whose impact assessment is in force. Pure.

Each change is a new statement with the next serial; every institution refuses an older one.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime

from kumihimo.node import Assessment, Oversight


def suspend(statement: Oversight, institution: str, reason: str, now: datetime) -> Oversight:
    """Suspend an institution from the network (番号法33条–36条): nobody takes its slips or asks it."""
    return _next(statement, now, suspended={**statement.suspended, institution: reason})


def lift(statement: Oversight, institution: str, now: datetime) -> Oversight:
    """End a suspension."""
    rest = {name: reason for name, reason in statement.suspended.items() if name != institution}
    return _next(statement, now, suspended=rest)


def withdraw_assessment(statement: Oversight, institution: str, day: date, now: datetime) -> Oversight:
    """Record that an assessment ended on a day; no exchange with its institution from then on (28条6項)."""
    known = statement.assessments[institution]
    changed = {**statement.assessments, institution: replace(known, withdrawn=day)}
    return _next(statement, now, assessments=changed)


def publish_assessment(
    statement: Oversight, institution: str, published: date, valid_until: date, now: datetime
) -> Oversight:
    """Record a published assessment; it is re-examined before its last day (at least every three years)."""
    changed = {**statement.assessments, institution: Assessment(published, valid_until)}
    return _next(statement, now, assessments=changed)


def _next(
    statement: Oversight,
    now: datetime,
    *,
    suspended: Mapping[str, str] | None = None,
    assessments: Mapping[str, Assessment] | None = None,
) -> Oversight:
    return Oversight(
        serial=statement.serial + 1,
        issued=now,
        suspended=statement.suspended if suspended is None else suspended,
        assessments=statement.assessments if assessments is None else assessments,
    )
