"""Alarms and their notices in the commission's tables: raised, closed and told with what causes them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import asyncpg

from kumihimo.base import JST
from kumihimo.exchange import Notice, Notices, Stance, notices_form
from kumihimo.node import AnyConnection
from kumihimo.oversight.alarms import Alarm, due
from kumihimo.oversight.reconciling import Kind
from kumihimo.oversight.store import Statement, Writing

TOGETHER = 200
"""Notices in one message."""

_RAISE = """
INSERT INTO oversight.alarm
    (id, kind, owner, commit, place, permission, hour, inquirer, provider, holders, raised_at, due)
SELECT id, kind, owner, commit, place, permission, hour, inquirer, provider, string_to_array(holders, ' '),
    $11, due
FROM unnest($1::bytea[], $2::text[], $3::text[], $4::bytea[], $5::bigint[], $6::text[], $7::int[], $8::text[],
    $9::text[], $10::text[], $12::date[])
    AS a (id, kind, owner, commit, place, permission, hour, inquirer, provider, holders, due)
ON CONFLICT (id) DO UPDATE SET closed_at = NULL, raised_at = excluded.raised_at, due = excluded.due
"""
_TELL = """
INSERT INTO oversight.notice (alarm, institution) SELECT * FROM unnest($1::bytea[], $2::text[])
ON CONFLICT (alarm, institution) DO UPDATE SET told_at = NULL, answered_at = NULL, answer = NULL
"""
_CLOSE = "UPDATE oversight.alarm SET closed_at = $2 WHERE id = ANY($1::bytea[]) AND closed_at IS NULL"
_TOLD = """
UPDATE oversight.notice SET told_at = coalesce(told_at, $3)
WHERE institution = $1 AND alarm = ANY($2::bytea[])
"""
_ANSWERED = """
UPDATE oversight.notice SET answered_at = $3, answer = $4
WHERE institution = $1 AND alarm = $2 RETURNING alarm
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """An alarm as it stands: until when it is to be answered, and what its owner has said."""

    alarm: Alarm
    raised_at: datetime
    due: date
    closed_at: datetime | None = None
    told_at: datetime | None = None
    answered_at: datetime | None = None
    answer: Stance | None = None

    def overdue(self, today: date) -> bool:
        """Whether the last day has passed without an answer."""
        return self.closed_at is None and self.answered_at is None and self.due < today

    @property
    def may_be_closed(self) -> bool:
        """Whether a human closes it: it concerns a log and was answered. Others close by themselves."""
        return self.closed_at is None and self.alarm.commit is None and self.answered_at is not None


def raised(alarms: Sequence[Alarm], now: datetime) -> Writing:
    """Alarms are written down, and all concerned are promised a notice."""
    alarms = list({one.id: one for one in alarms}.values())
    if not alarms:
        return Writing(())
    day = now.astimezone(JST).date()
    columns: tuple[list[object], ...] = (
        [one.id for one in alarms],
        [one.kind.value for one in alarms],
        [one.owner for one in alarms],
        [one.commit for one in alarms],
        [one.place for one in alarms],
        [one.permission for one in alarms],
        [one.hour for one in alarms],
        [one.inquirer for one in alarms],
        [one.provider for one in alarms],
        [" ".join(one.holders) for one in alarms],
    )
    told = [(one.id, institution) for one in alarms for institution in one.told]
    return Writing(
        (
            Statement(_RAISE, (*columns, now, [due(one.kind, day) for one in alarms])),
            Statement(_TELL, ([alarm for alarm, _ in told], [institution for _, institution in told])),
        ),
        _notices((one, due(one.kind, day), False) for one in alarms),
    )


def closed(standing: Sequence[Standing], now: datetime) -> Writing:
    """Alarms whose cause is gone are closed, and all who were told are told that."""
    if not standing:
        return Writing(())
    return Writing(
        (Statement(_CLOSE, ([one.alarm.id for one in standing], now)),),
        _notices((one.alarm, one.due, True) for one in standing),
    )


def told(institution: str, notices: Notices, now: datetime) -> Writing:
    """An institution has taken notices."""
    return Writing((Statement(_TOLD, (institution, [one.id for one in notices.notices], now)),))


def answered(institution: str, alarm: bytes, answer: Stance, now: datetime) -> Writing:
    """An institution has answered; a notice it was never sent is answered by no row."""
    return Writing((Statement(_ANSWERED, (institution, alarm, now, answer.value)),))


def _notices(told: Iterable[tuple[Alarm, date, bool]]) -> tuple[tuple[str, bytes], ...]:
    by_institution: dict[str, list[Notice]] = defaultdict(list)
    for alarm, last, over in told:
        notice = Notice(
            id=alarm.id,
            kind=alarm.kind.value,
            owner=alarm.owner,
            commit=alarm.commit,
            place=alarm.place,
            permission=alarm.permission,
            hour=alarm.hour,
            inquirer=alarm.inquirer,
            provider=alarm.provider,
            holders=alarm.holders,
            due=last.isoformat(),
            closed=over,
        )
        for institution in alarm.told:
            by_institution[institution].append(notice)
    return tuple(
        (institution, notices_form.write(Notices(notices=tuple(some[at : at + TOGETHER]))))
        for institution, some in by_institution.items()
        for at in range(0, len(some), TOGETHER)
    )


async def open_among(conn: AnyConnection, ids: Collection[bytes]) -> frozenset[bytes]:
    """Those of the alarms that are open already."""
    rows = await conn.fetch(
        "SELECT id FROM oversight.alarm WHERE id = ANY($1::bytea[]) AND closed_at IS NULL", list(ids)
    )
    return frozenset(bytes(row["id"]) for row in rows)


async def open_of(conn: AnyConnection, commits: Collection[bytes]) -> Mapping[bytes, list[Standing]]:
    """The open alarms about these exchanges."""
    rows = await conn.fetch(
        f"{_STANDING} WHERE a.commit = ANY($1::bytea[]) AND a.closed_at IS NULL",
        list(commits),
    )
    found: dict[bytes, list[Standing]] = defaultdict(list)
    for row in rows:
        found[bytes(row["commit"])].append(_standing(row))
    return found


async def open_of_log(conn: AnyConnection, log: str, kind: Kind) -> list[Standing]:
    """The open alarms of one kind about a whole log."""
    rows = await conn.fetch(
        f"{_STANDING} WHERE a.owner = $1 AND a.kind = $2 AND a.commit IS NULL AND a.closed_at IS NULL",
        log,
        kind.value,
    )
    return [_standing(row) for row in rows]


async def standing(conn: AnyConnection, most: int, owner: str = "") -> list[Standing]:
    """Alarms for the commission's people: open ones, the first due first, then the newest closed ones."""
    rows = await conn.fetch(
        f"{_STANDING} WHERE $2 IN ('', a.owner) "
        "ORDER BY a.closed_at DESC NULLS FIRST, a.due, a.raised_at LIMIT $1",
        most,
        owner,
    )
    return [_standing(row) for row in rows]


async def open_counts(conn: AnyConnection) -> Mapping[tuple[str, str], int]:
    """How many alarms are open, by kind and by who has to answer."""
    rows = await conn.fetch(
        "SELECT kind, owner, count(*) FROM oversight.alarm WHERE closed_at IS NULL "
        "GROUP BY 1, 2 ORDER BY 1, 2"
    )
    return {(row["kind"], row["owner"]): row["count"] for row in rows}


_STANDING = """
SELECT a.*, n.told_at, n.answered_at, n.answer
FROM oversight.alarm AS a LEFT JOIN oversight.notice AS n ON n.alarm = a.id AND n.institution = a.owner
"""


def _standing(row: asyncpg.Record) -> Standing:
    alarm = Alarm(
        id=bytes(row["id"]),
        kind=Kind(row["kind"]),
        owner=row["owner"],
        commit=bytes(row["commit"]) if row["commit"] is not None else None,
        place=row["place"],
        permission=row["permission"],
        hour=row["hour"],
        inquirer=row["inquirer"],
        provider=row["provider"],
        holders=tuple(row["holders"]),
    )
    answer = Stance(row["answer"]) if row["answer"] else None
    return Standing(
        alarm, row["raised_at"], row["due"], row["closed_at"], row["told_at"], row["answered_at"], answer
    )
