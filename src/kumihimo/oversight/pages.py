"""The commission's pages: the door, and the overview of suspensions, comparison and witnesses."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from litestar import get, post

from kumihimo.base import Problem
from kumihimo.law import law
from kumihimo.node import AsgiApp, Assessment, Entry
from kumihimo.node.pages import PageController, PageRequest, PageResponse, Place, Site, Words, application
from kumihimo.oversight import alarms_store, store
from kumihimo.oversight.commission import Commission
from kumihimo.oversight.entries import UNREADABLE
from kumihimo.oversight.pages_alarms import AlarmPages
from kumihimo.oversight.pages_counts import CountPages
from kumihimo.oversight.pages_epochs import EpochPages
from kumihimo.oversight.pages_withheld import WithheldPages
from kumihimo.oversight.visits import COOKIE, OFFICERS, Bureau, OfficerController, bureau_of

_PLACES = (
    Place("oversight", Words("ホーム", "Overview")),
    Place("oversight/alarms", Words("照合の警報", "Alarms")),
    Place("oversight/withheld", Words("不開示", "Withheld")),
    Place("oversight/epochs", Words("記録台帳の総数", "Totals")),
    Place("oversight/counts", Words("件数", "Counts")),
)


def commission_pages(commission: Commission) -> AsgiApp:
    """The application that serves the commission's own people."""
    site = Site.of(commission.institution, Words("監督の窓口", "Supervision"), "kumihimo.oversight", *_PLACES)
    bureau = Bureau(commission, site, law())
    pages = [Front, Overview, AlarmPages, WithheldPages, EpochPages, CountPages]
    return application(site, pages, {"bureau": bureau})


@dataclass(frozen=True, slots=True)
class WitnessState:
    """What a witness shows of its work; counts are null where it does not answer."""

    entry: Entry
    logs: int | None = None
    epochs: int | None = None
    alarms: int | None = None


class _Shown(msgspec.Struct, frozen=True):
    logs: int = 0
    epochs: int = 0
    alarms: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """An institution before the commission: suspended and why, and its impact assessment."""

    entry: Entry
    suspended: str | None
    assessment: Assessment | None
    in_force: bool

    @property
    def well(self) -> bool:
        """Whether nothing keeps it from the exchange."""
        return self.suspended is None and self.in_force


class Front(PageController):
    """The door: signing in and out."""

    @get("/")
    async def root(self, request: PageRequest) -> PageResponse:
        """The commission's address leads to its pages."""
        return bureau_of(request).site.go("oversight")

    @get("/oversight")
    async def home(self, request: PageRequest) -> PageResponse:
        """The overview; who has not signed in is asked to."""
        bureau = bureau_of(request)
        if bureau.present(request) is None:
            return bureau.page(request, "oversight_sign_in.html", officers=OFFICERS)
        return await _overview(bureau, request)

    @post("/sign-in")
    async def sign_in(self, request: PageRequest) -> PageResponse:
        """Take a seat as one of the made-up officers; a visit that was open before ends."""
        bureau = bureau_of(request)
        chosen = (await request.form()).get("officer")
        officer = next((one for one in OFFICERS if one.ref == chosen), None)
        if officer is None:
            return bureau.site.go("oversight")
        bureau.sessions.end(request.cookies.get(COOKIE))
        session = bureau.sessions.open(officer)
        return bureau.site.go("oversight", bureau.site.cookie(COOKIE, session.token))

    @post("/sign-out")
    async def sign_out(self, request: PageRequest) -> PageResponse:
        """Leave; nothing of the visit remains."""
        bureau = bureau_of(request)
        bureau.sessions.end(request.cookies.get(COOKIE))
        return bureau.site.go("oversight", bureau.site.cookie(COOKIE, "", seconds=0))


class Overview(OfficerController):
    """What an officer can set going."""

    path = "/oversight"

    @post("/compare")
    async def compare(self, request: PageRequest) -> PageResponse:
        """Begin a comparison of all logs now."""
        bureau = bureau_of(request)
        bureau.commission.begin()
        return bureau.site.go("oversight?begun=1")


async def _overview(bureau: Bureau, request: PageRequest) -> PageResponse:
    commission = bureau.commission
    (last, witnesses, withheld) = await asyncio.gather(
        commission.last(), _witnesses(bureau), commission.withheld()
    )
    async with commission.institution.db.read() as conn:
        readings = await store.readings(conn)
        alarms = await alarms_store.standing(conn, 500)
        agreed = await conn.fetchval("SELECT coalesce(sum(complete), 0)::bigint FROM oversight.tally")
    still = [one for one in alarms if one.closed_at is None]
    return bureau.page(
        request,
        "oversight_home.html",
        standings=_standings(bureau),
        statement=commission.institution.directory.current.oversight,
        last=last,
        running=commission.running,
        begun=request.query_params.get("begun", ""),
        readings=[readings[log] for log in sorted(readings)],
        open=len(still),
        overdue=sum(one.overdue(bureau.today) for one in still),
        agreed=agreed,
        withheld=None if isinstance(withheld, Problem) else len(withheld.found),
        listed=None if isinstance(withheld, Problem) else withheld.check,
        witnesses=witnesses,
    )


def _standings(bureau: Bureau) -> Sequence[Standing]:
    directory = bureau.commission.institution.directory.current
    statement = directory.oversight
    found = []
    for entry in directory.entries.values():
        assessment = statement.assessments.get(entry.id)
        in_force = assessment is not None and assessment.in_force(bureau.today)
        found.append(Standing(entry, statement.suspended.get(entry.id), assessment, in_force))
    return sorted(found, key=lambda one: (one.suspended is None, one.in_force))


async def _witnesses(bureau: Bureau) -> Sequence[WitnessState]:
    entries = bureau.commission.institution.directory.current.entries.values()
    found = [entry for entry in entries if "witness" in entry.services]
    return await asyncio.gather(*(_witness(bureau, entry) for entry in found))


async def _witness(bureau: Bureau, entry: Entry) -> WitnessState:
    body = await bureau.commission.network.open_resource(entry.id, "witness")
    if isinstance(body, Problem):
        return WitnessState(entry)
    try:
        shown = msgspec.json.decode(body, type=_Shown)
    except UNREADABLE:
        return WitnessState(entry)
    return WitnessState(entry, shown.logs, shown.epochs, len(shown.alarms))
