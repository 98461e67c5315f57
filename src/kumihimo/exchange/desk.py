"""The pages of an institution's gateway: the clerk's desk and the office API, in one application.

Signing in is a demonstration: whoever comes chooses one of a few made-up clerks. What a clerk works on
(who is being looked for, who was chosen) stays in the memory of the visit and never in an address.
"""

from dataclasses import dataclass

from litestar import get, post

from kumihimo.exchange.correction_desk import waiting_corrections
from kumihimo.exchange.desk_approvals import ApprovalPages
from kumihimo.exchange.desk_ask import AskPages, text
from kumihimo.exchange.desk_corrections import CorrectionPages
from kumihimo.exchange.desk_inquiries import InquiryPages
from kumihimo.exchange.desk_people import People
from kumihimo.exchange.desk_reconciling import ReconcilingPages, waiting
from kumihimo.exchange.desk_records import recent
from kumihimo.exchange.desk_visit import COOKIE, AtDesk, Desk, DeskController, desk_of
from kumihimo.exchange.gateway import Gateway
from kumihimo.exchange.hot_office import with_hot_inquiries
from kumihimo.exchange.office import Office
from kumihimo.exchange.questions import affairs
from kumihimo.node import AsgiApp
from kumihimo.node.pages import PageController, PageRequest, PageResponse, Place, Site, Words, application

__all__ = ["Desk", "DeskController", "MorePages", "desk_of", "desk_pages", "text"]

_PLACES = (
    Place("desk", Words("ホーム", "Desk")),
    Place("desk/person", Words("新しい照会", "New inquiry")),
    Place("desk/inquiries", Words("照会の一覧", "Inquiries")),
    Place("desk/approvals", Words("承認待ち", "Approvals")),
    Place("desk/corrections", Words("訂正の請求", "Corrections")),
    Place("desk/reconciliation", Words("記録の照合", "Comparison")),
)


@dataclass(frozen=True, slots=True)
class MorePages:
    """What a room after this one adds to the desk: a place in the menu, its pages and their templates."""

    place: Place
    pages: type[DeskController]
    templates: tuple[str, ...]


def desk_pages(gateway: Gateway, *more: MorePages) -> AsgiApp:
    """The application that serves an institution's own people and systems."""
    institution = gateway.institution
    site = Site.of(
        institution,
        Words("職員の窓口", "Clerk's desk"),
        "kumihimo.exchange",
        *_PLACES,
        *(one.place for one in more),
        shared=[package for one in more for package in one.templates],
    )
    desk = Desk(gateway, site, People.of(institution.settings))
    own: list[type[PageController]] = [FrontPages, AskPages, InquiryPages, ApprovalPages]
    own += [CorrectionPages, ReconcilingPages]
    title = f"{institution.settings.name_en}: office API"
    pages = [*own, *(one.pages for one in more), Office]
    app = application(site, pages, {"gateway": gateway, "desk": desk}, api=title)
    return with_hot_inquiries(gateway, app)


class FrontPages(PageController):
    """The door of the desk: signing in and out, and what there is to do."""

    @get("/")
    async def root(self, request: PageRequest) -> PageResponse:
        """The institution's address leads to its desk."""
        return desk_of(request).site.go("desk")

    @get("/desk")
    async def home(self, request: PageRequest) -> PageResponse:
        """What a clerk can do here; who has not signed in is asked to."""
        desk = desk_of(request)
        if desk.present(request) is None:
            return desk.page(request, "desk_sign_in.html", clerks=desk.clerks)
        found = await recent(desk.gateway, 5)
        async with desk.gateway.institution.db.read() as conn:
            notices = [one for one in await waiting(conn) if one.owner == desk.entry.id and not one.answer]
            corrections = await waiting_corrections(conn)
        return desk.page(
            request,
            "desk_home.html",
            waiting=len(await desk.gateway.approvals.waiting()),
            notices=len(notices),
            corrections=corrections,
            recent=found,
            names=await desk.names(one.subject for one in found),
            affairs=len(affairs(desk.gateway.rules.law, desk.entry, desk.day)),
        )

    @post("/sign-in")
    async def sign_in(self, request: PageRequest) -> PageResponse:
        """Take a seat as one of the made-up clerks; a visit that was open before ends."""
        desk = desk_of(request)
        chosen = (await request.form()).get("clerk")
        clerk = next((one for one in desk.clerks if one.ref == chosen), None)
        if clerk is None:
            return desk.site.go("desk")
        desk.sessions.end(request.cookies.get(COOKIE))
        session = desk.sessions.open(AtDesk(clerk))
        return desk.site.go("desk", desk.site.cookie(COOKIE, session.token))

    @post("/sign-out")
    async def sign_out(self, request: PageRequest) -> PageResponse:
        """Leave the desk; nothing of the visit remains."""
        desk = desk_of(request)
        desk.sessions.end(request.cookies.get(COOKIE))
        return desk.site.go("desk", desk.site.cookie(COOKIE, "", seconds=0))
