"""What the commission says of the logs it compared, and what an institution says to it.

A notice names an exchange by its commitment, row and hour, or an entry of a log; no person. It is kept when
it comes, and answered by a human at the desk; the answer goes back by the outbox.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import msgspec

from kumihimo.base import ErrorType, Problem
from kumihimo.exchange.envelopes import Form
from kumihimo.exchange.slip import new_tx
from kumihimo.exchange.visits import visit
from kumihimo.log import LogAppender
from kumihimo.node import Batch, Entry, Institution, OutboxRow, Write

COMMISSION = "commission"
"""The service of the directory that compares logs and may send notices."""
ANSWER = "exchange.notice-answer"
MOST = 200
_TEXT = 256


class Stance(StrEnum):
    """What an institution says to a notice: it is looking into it; its own record was wrong; it was right."""

    LOOKING = "looking"
    OURS_WRONG = "ours-wrong"
    OURS_RIGHT = "ours-right"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One alarm as its institutions are told of it; `closed` when there is nothing left to answer.

    `owner` has to answer until `due` (ISO day). `commit` names the exchange, or `place` an entry of the
    owner's log. `hour` counts from 1970; `holders` are the institutions in whose logs the exchange stands.
    """

    id: bytes
    kind: str
    owner: str
    commit: bytes | None
    place: int | None
    permission: str
    hour: int | None
    inquirer: str
    provider: str
    holders: tuple[str, ...]
    due: str
    closed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Notices:
    """From the commission: at most 200 notices at once."""

    notices: tuple[Notice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeAnswer:
    """To the commission: what an institution says to one notice."""

    id: bytes
    answer: Stance


notices_form = Form(Notices)
notice_answer_form = Form(NoticeAnswer)

_KEEP = """
INSERT INTO exchange.notice
    (id, kind, owner, commit, place, permission, hour, inquirer, provider, holders, due, closed)
SELECT id, kind, owner, commit, place, permission, hour, inquirer, provider, string_to_array(holders, ' '),
    due::date, closed
FROM unnest($1::bytea[], $2::text[], $3::text[], $4::bytea[], $5::bigint[], $6::text[], $7::int[], $8::text[],
    $9::text[], $10::text[], $11::text[], $12::bool[])
    AS n (id, kind, owner, commit, place, permission, hour, inquirer, provider, holders, due, closed)
ON CONFLICT (id) DO UPDATE SET closed = excluded.closed, holders = excluded.holders
"""
_ANSWER = """
UPDATE exchange.notice SET answer = $2, answered_by = $3, answered_at = statement_timestamp()
WHERE id = $1 AND owner = $4 AND NOT closed RETURNING id
"""


@dataclass(frozen=True, slots=True)
class AnswerNotice:
    """A clerk's answer to a notice that this institution owns."""

    id: bytes
    answer: Stance
    by: str


@dataclass(frozen=True, slots=True)
class NoticeDesk:
    """Takes the commission's notices, and brings it the answers."""

    institution: Institution
    keep: Write[Notices, None]
    answered: Write[AnswerNotice, bool]

    @classmethod
    def open(cls, institution: Institution) -> "NoticeDesk":
        """Name the jobs of notices at an institution's journal and outbox."""
        desk = cls(
            institution,
            institution.journal.register("exchange.notices", _keep),
            institution.journal.register("exchange.notice-answer", _Answers(institution).apply),
        )
        institution.outbox.register(ANSWER, desk.deliver)
        return desk

    async def take(self, body: bytes, sender: Entry | None) -> bytes | Problem:
        """Keep what the commission found; told again, nothing changes."""
        notices = read_notices(body, sender)
        if isinstance(notices, Problem):
            return notices
        await self.keep(notices)
        return msgspec.json.encode({"taken": len(notices.notices)})

    async def answer(self, notice: AnswerNotice) -> Problem | None:
        """Answer a notice for this institution; refused when it is not ours to answer or is closed."""
        if await self.answered(notice):
            return None
        return Problem(
            ErrorType.NOT_FOUND,
            detail="no notice waits for this institution under that number",
            detail_ja="この番号で回答を待っている照合結果はありません。",
        )

    async def deliver(self, rows: Sequence[OutboxRow]) -> Sequence[Problem | None]:
        """Bring answers to the commission."""
        commission = self.institution.directory.current.service(COMMISSION).id
        said: list[Problem | None] = []
        for row in rows:
            told = await visit(
                self.institution, commission, "reconciliation-answer", row.payload, new_tx(), 0.0
            )
            said.append(told if isinstance(told, Problem) else None)
        return said


def read_notices(body: bytes, sender: Entry | None) -> Notices | Problem:
    """The commission's notices; refused from anybody else, and when they are out of bounds."""
    if sender is None or COMMISSION not in sender.services:
        return Problem(ErrorType.NOT_PERMITTED, detail="only the commission sends notices")
    notices = notices_form.read(body)
    if isinstance(notices, Problem):
        return notices
    if len(notices.notices) > MOST or not all(_sound(one) for one in notices.notices):
        return Problem(ErrorType.MALFORMED, detail="a notice is out of bounds")
    return notices


def noting(institution: Institution) -> Callable[[bytes, Entry | None], Awaitable[bytes | Problem]]:
    """The desk of an institution without clerks: its keepers read the notices in its log lines."""

    async def note(body: bytes, sender: Entry | None) -> bytes | Problem:
        notices = read_notices(body, sender)
        if isinstance(notices, Problem):
            return notices
        for one in notices.notices:
            institution.logger.warning(
                "notice of the commission",
                kind=one.kind,
                owner=one.owner,
                row=one.permission,
                due=one.due,
                closed=one.closed,
            )
        return msgspec.json.encode({"taken": len(notices.notices)})

    return note


def _sound(notice: Notice) -> bool:
    texts = (
        notice.kind,
        notice.owner,
        notice.permission,
        notice.inquirer,
        notice.provider,
        *notice.holders,
    )
    try:
        day = date.fromisoformat(notice.due)
    except ValueError:
        return False
    return (
        len(notice.id) == 16
        and len(notice.commit or bytes(32)) == 32
        and day.isoformat() == notice.due
        and all(len(text) <= _TEXT and "\0" not in text for text in texts)
        and len(notice.holders) <= 16
        and 0 <= (notice.place or 0) < 1 << 62
        and 0 <= (notice.hour or 0) < 1 << 31
    )


async def _keep(batch: Batch, log: LogAppender, jobs: Sequence[Notices]) -> Sequence[None]:
    for job in jobs:
        rows = {one.id: one for one in job.notices}.values()
        await batch.execute(
            _KEEP,
            [one.id for one in rows],
            [one.kind for one in rows],
            [one.owner for one in rows],
            [one.commit for one in rows],
            [one.place for one in rows],
            [one.permission for one in rows],
            [one.hour for one in rows],
            [one.inquirer for one in rows],
            [one.provider for one in rows],
            [" ".join(one.holders) for one in rows],
            [one.due for one in rows],
            [one.closed for one in rows],
        )
    return [None] * len(jobs)


@dataclass(frozen=True, slots=True)
class _Answers:
    institution: Institution

    async def apply(self, batch: Batch, log: LogAppender, jobs: Sequence[AnswerNotice]) -> Sequence[bool]:
        taken: list[bool] = []
        for job in jobs:
            own = self.institution.settings.id
            rows = await batch.fetch(_ANSWER, job.id, job.answer.value, job.by, own)
            if rows:
                body = notice_answer_form.write(NoticeAnswer(id=job.id, answer=job.answer))
                await self.institution.outbox.put(batch, ANSWER, [(job.id.hex(), body)])
            taken.append(bool(rows))
        return taken
