"""The citizen's page: who asked what about me. And the application that serves it with the map.

A session is bound to one person. What the ledger disclosed is kept in the session's memory while it is read
and nowhere else, so that turning a page or the language is not another look on record.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import msgspec
from litestar import get, post

from kumihimo.base import JST, Problem
from kumihimo.exchange import Gateway, Outcome, plain
from kumihimo.law import Procedure
from kumihimo.ledger import Kind, Line
from kumihimo.node import AsgiApp
from kumihimo.node.pages import (
    Lang,
    PageController,
    PageRequest,
    PageResponse,
    Sessions,
    Site,
    Words,
    application,
    problem_of,
)
from kumihimo.portal.pages_map import Map, MapPages, Watch
from kumihimo.portal.service import Portal

COOKIE = "citizen"
IDLE_MINUTES = 10.0
PER_PAGE = 20
SHOWN_USERS = 30
DEMO_USERS = "demo-users.json"


@dataclass(slots=True)
class Visit:
    """One person's visit: who they are here, and what the ledger disclosed to them, in memory only."""

    user: str = field(repr=False)
    name: str = field(repr=False)
    lines: Sequence[Line] = field(default=(), repr=False)
    read_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """One exchange in plain words, as the page shows it."""

    when: int
    who: Words
    office: str
    whom: Words
    information: str
    title_en: str
    affair: str
    citation: str
    procedure: str
    piece: str
    items: tuple[Words, ...]
    state: str
    reason: Problem | None
    tx: str


@dataclass(frozen=True, slots=True)
class Front:
    """What the citizen's pages share."""

    portal: Portal
    site: Site
    users: Path
    sessions: Sessions[Visit] = field(default_factory=lambda: Sessions(IDLE_MINUTES))

    def visit(self, request: PageRequest) -> Visit | None:
        """The person who is signed in, if anybody is."""
        session = self.sessions.find(request.cookies.get(COOKIE))
        return session.who if session else None

    async def look(self, visit: Visit) -> Problem | None:
        """Ask the ledger for the person's records; this look is recorded on them."""
        found = await self.portal.records(visit.user)
        if isinstance(found, Problem):
            return found
        visit.lines, visit.read_at = found, self.portal.gateway.institution.clock()
        return None


def portal_pages(gateway: Gateway) -> tuple[AsgiApp, Callable[[], Awaitable[None]]]:
    """The portal's pages, and how to close what they use."""
    institution = gateway.institution
    title = Words("見られた記録", "Who looked at my data")
    site = Site.of(institution, title, "kumihimo.portal")
    users = institution.settings.runtime.keys / DEMO_USERS
    watch = Watch(institution)
    state = {"front": Front(Portal(gateway), site, users), "map": Map(site, watch, gateway.rules.law)}
    return application(site, [CitizenPages, MapPages], state), watch.close


class CitizenPages(PageController):
    """Signing in, reading, signing out."""

    @get("/")
    async def home(self, request: PageRequest) -> PageResponse:
        """The person's own records; whoever has not signed in is asked to."""
        front = _front(request)
        visit = front.visit(request)
        if visit is None:
            return _sign_in_page(front, request)
        if visit.read_at is None:
            problem = await front.look(visit)
            if problem is not None:
                return front.site.refusal(request, problem)
        return _records_page(front, request, visit)

    @post("/sign-in")
    async def sign_in(self, request: PageRequest) -> PageResponse:
        """Begin a visit as one made-up person; a visit that was open in this browser ends."""
        front = _front(request)
        user = (await request.form()).get("user")
        name = demo_users(front.users).get(user) if isinstance(user, str) else None
        if not isinstance(user, str) or name is None:
            return front.site.go("")
        front.sessions.end(request.cookies.get(COOKIE))
        session = front.sessions.open(Visit(user, name))
        return front.site.go("", front.site.cookie(COOKIE, session.token))

    @post("/look")
    async def look(self, request: PageRequest) -> PageResponse:
        """Look again: a new look at the ledger, and on record."""
        front = _front(request)
        visit = front.visit(request)
        problem = await front.look(visit) if visit else None
        return front.site.refusal(request, problem) if problem else front.site.go("")

    @post("/sign-out")
    async def sign_out(self, request: PageRequest) -> PageResponse:
        """End the visit; what was disclosed is forgotten."""
        front = _front(request)
        front.sessions.end(request.cookies.get(COOKIE))
        answer = front.site.go("", front.site.cookie(COOKIE, "", seconds=0))
        answer.headers["clear-site-data"] = '"cache"'
        return answer


def demo_users(path: Path) -> dict[str, str]:
    """The made-up people of the demonstration sign-in: the portal's own number of each, and a name."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, str])
    except FileNotFoundError:
        return {}


def told(front: Front, line: Line) -> Told:
    """One exchange in the words of the page."""
    gateway, entry = front.portal.gateway, line.asked
    law, row = gateway.rules.law, gateway.rules.law.row(entry.permission)
    layout = gateway.rules.layouts.latest(entry.information)
    procedure, piece = _procedure(law.procedures(), entry.piece)
    labels = layout.items if layout else {}
    return Told(
        when=entry.time,
        who=_party(gateway, entry.inquirer),
        office=entry.office,
        whom=_party(gateway, entry.provider),
        information=entry.information,
        title_en=layout.title_en if layout else entry.information,
        affair=plain(row.affair) if row else "",
        citation=f"番号法第19条第8号・{row.citation}" if row else entry.permission,
        procedure=procedure,
        piece=piece,
        items=tuple(
            Words(labels[key].label, labels[key].label_en) if key in labels else Words(key, key)
            for key in entry.items
        ),
        state=_state(line),
        reason=problem_of(line.outcome.reason) if line.outcome else None,
        tx=entry.tx,
    )


def _front(request: PageRequest) -> Front:
    front: Front = request.app.state.front
    return front


def _sign_in_page(front: Front, request: PageRequest) -> PageResponse:
    words = request.query_params.get("q", "").strip()
    every = demo_users(front.users)
    wanted = "".join(words.split())
    found = [(user, name) for user, name in every.items() if wanted in "".join(name.split())]
    return front.site.page(
        request,
        "sign_in.html",
        users=found[:SHOWN_USERS],
        more=len(found) > SHOWN_USERS,
        q=words,
        any=bool(every),
    )


def _records_page(front: Front, request: PageRequest, visit: Visit) -> PageResponse:
    own = [line.asked.time for line in visit.lines if line.asked.kind is Kind.DISCLOSED]
    others = [line for line in visit.lines if line.asked.kind is not Kind.DISCLOSED]
    printing = request.query_params.get("print") == "1"
    number = _number(request.query_params.get("page", "1"))
    pages = max(1, -(-len(others) // PER_PAGE))
    shown = (
        others if printing else others[(min(number, pages) - 1) * PER_PAGE : min(number, pages) * PER_PAGE]
    )
    read_at = visit.read_at or front.portal.gateway.institution.clock()
    return front.site.page(
        request,
        "records.html",
        signed_in=visit.name,
        records=[told(front, line) for line in shown],
        count=len(others),
        askers=len({line.asked.inquirer for line in others}),
        own=own,
        number=min(number, pages),
        pages=pages,
        printing=printing,
        read_at=int(read_at.timestamp() * 1000),
        since=_seven_years_before(read_at),
        english=front.site.lang(request) is Lang.EN,
    )


def _number(text: str) -> int:
    return max(1, int(text)) if text.isascii() and text.isdecimal() and len(text) < 6 else 1


def _seven_years_before(at: datetime) -> int:
    day = at.astimezone(JST)
    day = day.replace(year=day.year - 7, day=min(day.day, 28))
    return int(day.timestamp() * 1000)


def _party(gateway: Gateway, institution: str) -> Words:
    entry = gateway.institution.directory.current.entries.get(institution)
    return Words(entry.name, entry.name_en) if entry else Words(institution, institution)


def _procedure(procedures: Sequence[Procedure], reference: str | None) -> tuple[str, str]:
    for procedure in procedures if reference else ():
        for piece in procedure.pieces:
            if piece.reference == reference:
                return plain(procedure.text), plain(piece.text)
    return "", ""


def _state(line: Line) -> str:
    if line.outcome is None or line.outcome.outcome is None:
        return "open"
    return {Outcome.PROVIDED: "provided", Outcome.REFUSED: "refused", Outcome.PENDING: "pending"}[
        line.outcome.outcome
    ]
