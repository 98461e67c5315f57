"""The citizen's page: who asked what about me. And the application that serves it with the map."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from urllib.parse import urlencode

from litestar import get, post

from kumihimo.base import JST
from kumihimo.exchange import Gateway
from kumihimo.ledger.reading import Filter, Sort, State, Story, Teller
from kumihimo.node import AsgiApp
from kumihimo.node.pages import (
    PageController,
    PageRequest,
    PageResponse,
    Site,
    Words,
    application,
)
from kumihimo.portal.front import COOKIE, Front, Visit, front_of
from kumihimo.portal.pages_correction import CorrectionPages
from kumihimo.portal.pages_files import FilePages
from kumihimo.portal.pages_map import Map, MapPages, Watch
from kumihimo.portal.service import Portal

PER_PAGE = 20
SHOWN_USERS = 30
DEMO_USERS = "demo-users.json"


def portal_pages(gateway: Gateway) -> tuple[AsgiApp, Callable[[], Awaitable[None]]]:
    """The portal's pages, and how to close what they use."""
    institution = gateway.institution
    title = Words("見られた記録", "Who looked at my data")
    site = Site.of(institution, title, "kumihimo.portal", shared=["kumihimo.ledger.reading"])
    users = institution.settings.runtime.keys / DEMO_USERS
    watch = Watch(institution)
    state = {"front": Front(Portal(gateway), site, users), "map": Map(site, watch, gateway.rules.law)}
    return application(site, [CitizenPages, CorrectionPages, FilePages, MapPages], state), watch.close


class CitizenPages(PageController):
    """Signing in, reading, signing out."""

    @get("/")
    async def home(self, request: PageRequest) -> PageResponse:
        """The person's own records; whoever has not signed in is asked to."""
        front = front_of(request)
        visit = front.visit(request)
        if visit is None:
            return _sign_in_page(front, request)
        if visit.read_at is None:
            problem = await front.look(visit)
            if problem is not None:
                return front.site.refusal(request, problem)
        return _records_page(front, request, visit)

    @get("/proof")
    async def proof(self, request: PageRequest) -> PageResponse:
        """What the proof says and what it does not, for everybody."""
        return front_of(request).site.page(request, "proof.html")

    @post("/sign-in")
    async def sign_in(self, request: PageRequest) -> PageResponse:
        """Begin a visit as one made-up person; a visit that was open in this browser ends."""
        front = front_of(request)
        user = (await request.form()).get("user")
        name = front.demo_users().get(user) if isinstance(user, str) else None
        if not isinstance(user, str) or name is None:
            return front.site.go("")
        front.sessions.end(request.cookies.get(COOKIE))
        session = front.sessions.open(Visit(user, name))
        return front.site.go("", front.site.cookie(COOKIE, session.token))

    @post("/look")
    async def look(self, request: PageRequest) -> PageResponse:
        """Look again: a new look at the ledger, and on record."""
        front = front_of(request)
        visit = front.visit(request)
        problem = await front.look(visit) if visit else None
        return front.site.refusal(request, problem) if problem else front.site.go("")

    @post("/sign-out")
    async def sign_out(self, request: PageRequest) -> PageResponse:
        """End the visit; what was disclosed is forgotten."""
        front = front_of(request)
        front.sessions.end(request.cookies.get(COOKIE))
        answer = front.site.go("", front.site.cookie(COOKIE, "", seconds=0))
        answer.headers["clear-site-data"] = '"cache"'
        return answer


@dataclass(frozen=True, slots=True)
class Choices:
    """What the filter's form offers: only what stands in the person's own records."""

    who: tuple[tuple[str, Words], ...]
    information: tuple[tuple[str, Words], ...]
    state: tuple[tuple[str, Words], ...]
    sort: tuple[tuple[str, Words], ...]

    @classmethod
    def of(cls, told: Sequence[Story], teller: Teller) -> "Choices":
        """The choices among these events."""
        titles = {one.asked.information: teller.title(one.asked.information) for one in told}
        names = {one.asked.inquirer: teller.party(one.asked.inquirer) for one in told}
        states = {one.state for one in told}
        return cls(
            who=tuple(sorted(names.items(), key=lambda each: each[1].ja)),
            information=tuple(sorted(titles.items())),
            state=tuple((state.value, teller.ending(state)) for state in State if state in states),
            sort=_SORTS,
        )


_FIELDS = frozenset(one.name for one in fields(Filter))
_SORTS = (
    (Sort.SINGLE.value, Words("あなたについてだけの照会", "Only about you")),
    (Sort.BULK.value, Words("多くの人をまとめた照会（一括）", "One of a run about many people")),
    (Sort.RELEASED.value, Words("公開が延期されていた記録", "Kept back by law until a day that has come")),
)


def _sign_in_page(front: Front, request: PageRequest) -> PageResponse:
    words = request.query_params.get("q", "").strip()
    every = front.demo_users()
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
    wanted, teller = Filter.of(request.query_params), front.teller
    others = [one for one in visit.stories if not one.own]
    found = [one for one in others if wanted.takes(one)]
    printing = request.query_params.get("print") == "1"
    pages = max(1, -(-len(found) // PER_PAGE))
    number = min(_number(request.query_params.get("page", "1")), pages)
    shown = found if printing else found[(number - 1) * PER_PAGE : number * PER_PAGE]
    return front.page(
        request,
        "records.html",
        visit,
        records=[teller.tell(one) for one in shown],
        count=len(others),
        found=len(found),
        provided=sum(one.state is State.PROVIDED for one in others),
        askers=len({one.asked.inquirer for one in others}),
        own=[(one.asked, teller.party(one.asked.inquirer)) for one in visit.stories if one.own],
        wanted=wanted,
        query=urlencode([each for each in request.query_params.multi_items() if each[0] in _FIELDS]),
        choices=Choices.of(others, teller),
        number=number,
        pages=pages,
        printing=printing,
        since=_seven_years_before(visit.read_at or front.portal.gateway.institution.clock()),
    )


def _number(text: str) -> int:
    return max(1, int(text)) if text.isascii() and text.isdecimal() and len(text) < 6 else 1


def _seven_years_before(at: datetime) -> int:
    day = at.astimezone(JST)
    day = day.replace(year=day.year - 7, day=min(day.day, 28))
    return int(day.timestamp() * 1000)
