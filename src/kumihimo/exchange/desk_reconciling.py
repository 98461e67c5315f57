"""An institution's own view of its records of exchange, and what the commission found when it compared them.

The records are the entries of the institution's own log: what it asked, what it answered, under which row in
which hour. No person stands in them.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import msgspec
from litestar import get, post

from kumihimo.base import JST
from kumihimo.exchange.desk_ask import text
from kumihimo.exchange.desk_records import tx_bytes
from kumihimo.exchange.desk_visit import Desk, DeskController, desk_of
from kumihimo.exchange.questions import citation
from kumihimo.exchange.reconciling import AnswerNotice, Stance
from kumihimo.log import decode_bundle
from kumihimo.node import AnyConnection, Entry
from kumihimo.node.pages import PageRequest, PageResponse, read_day

MOST = 100
"""Records shown at once."""
_CHUNKS = 2000
"""Batches of the log that are looked through for one page."""


class Record(msgspec.Struct, frozen=True):
    """One entry of the own log, as it was written."""

    commit: str
    hour: int
    inquirer: str
    kind: str
    provider: str
    row: str

    @property
    def name(self) -> bytes:
        """The commitment that all logs of the exchange share (32 bytes)."""
        return base64.b64decode(self.commit)

    @property
    def at(self) -> int:
        """The beginning of its hour, in Unix milliseconds."""
        return self.hour * 3_600_000

    def other(self, own: str) -> str:
        """The institution on the other side."""
        return self.provider if self.inquirer == own else self.inquirer


@dataclass(frozen=True, slots=True)
class Waiting:
    """A notice of the commission as it is kept here."""

    id: str
    kind: str
    owner: str
    commit: bytes | None
    place: int | None
    permission: str
    hour: int | None
    inquirer: str
    provider: str
    holders: tuple[str, ...]
    due: date
    answer: str | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a clerk looks for in the records: a day, the other side, words of the row."""

    day: date
    other: str = ""
    row: str = ""

    def fits(self, record: Record, own: str) -> bool:
        """Whether a record is looked for."""
        return self.other in ("", record.other(own)) and self.row in record.row


_record = msgspec.json.Decoder(Record)


class ReconcilingPages(DeskController):
    """Own records of exchange, and notices of the commission."""

    path = "/desk/reconciliation"

    @get("/")
    async def records(self, request: PageRequest) -> PageResponse:
        """The records of one day, and what is open; filters stand in the address, no person does."""
        desk = desk_of(request)
        query = request.query_params
        day = read_day(query.get("day", "")) or desk.day
        wanted = Wanted(day, query.get("other", ""), query.get("row", "").strip())
        own = desk.gateway.institution.settings.id
        async with desk.gateway.institution.db.read() as conn:
            notices = await waiting(conn)
            found = await records_of(conn, wanted, own)
        return desk.page(
            request,
            "desk_reconciliation.html",
            notices=notices,
            marked={one.commit for one in notices if one.commit},
            found=found,
            most=MOST,
            wanted=wanted,
            own=own,
            citation=lambda permission: citation(desk.gateway.rules.law, permission),
            others=_others(desk),
            today=desk.day,
            done=query.get("done", ""),
        )

    @post("/{notice:str}")
    async def answer(self, request: PageRequest, notice: str) -> PageResponse:
        """Answer a notice; the commission hears it by itself."""
        desk = desk_of(request)
        visit, said = desk.seated(request), text(await request.form(), "answer")
        if said not in Stance:
            return desk.site.go("desk/reconciliation")
        job = AnswerNotice(tx_bytes(notice), Stance(said), visit.clerk.ref)
        refused = await desk.gateway.notices.answer(job)
        if refused is not None:
            return desk.site.refusal(request, refused, "desk/reconciliation")
        return desk.site.go("desk/reconciliation?done=1")


async def waiting(conn: AnyConnection) -> Sequence[Waiting]:
    """The commission's notices that are not closed, the first due first."""
    rows = await conn.fetch(
        "SELECT id, kind, owner, commit, place, permission, hour, inquirer, provider, holders, due, answer "
        "FROM exchange.notice WHERE NOT closed ORDER BY due, told_at LIMIT $1",
        MOST,
    )
    return [Waiting(**{**dict(row), "id": row["id"].hex(), "holders": tuple(row["holders"])}) for row in rows]


async def records_of(conn: AnyConnection, wanted: Wanted, own: str) -> Sequence[Record]:
    """The newest own records of a day that fit, at most `MOST`."""
    begin = datetime.combine(wanted.day, time(), JST)
    found: list[Record] = []
    rows = await conn.fetch(
        "SELECT bundle FROM log.chunk WHERE at >= $1 AND at < $2 ORDER BY first DESC LIMIT $3",
        begin,
        begin + timedelta(days=1),
        _CHUNKS,
    )
    for row in rows:
        for entry in reversed(decode_bundle(bytes(row["bundle"]))):
            record = _read(entry)
            if record is not None and wanted.fits(record, own):
                found.append(record)
                if len(found) == MOST:
                    return found
    return found


def _read(entry: bytes) -> Record | None:
    try:
        return _record.decode(entry)
    except msgspec.MsgspecError:
        return None  # entries of other kinds stand in the same log


def _others(desk: Desk) -> Mapping[str, Entry]:
    directory, own = desk.gateway.institution.directory.current, desk.gateway.institution.settings.id
    return {
        one.id: one
        for one in directory.entries.values()
        if one.id != own and (one.provides or one.roles or {"ledger", "disclosure"} & set(one.services))
    }
