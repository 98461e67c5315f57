"""The counter's pages: find the person, check who they are, show their records, print them, forget them."""

import asyncio

from litestar import Response, get, post

from kumihimo.base import ErrorType, Problem
from kumihimo.counter.service import MEANS, Counter, Means, Shown
from kumihimo.exchange import Gateway
from kumihimo.exchange.desk import Desk, DeskController, MorePages, desk_of, desk_pages, text
from kumihimo.ledger.reading import State, Teller
from kumihimo.ledger.reading.sheets import PDF_TYPE, Sheet
from kumihimo.node import AsgiApp
from kumihimo.node.pages import PageRequest, PageResponse, Place, Words, read_day

SHOWN = "counter"
_MOST = 20


def counter_pages(gateway: Gateway) -> AsgiApp:
    """A municipality's desk with the counter in its menu."""
    place = Place("desk/counter", Words("記録の開示", "Own records"))
    return desk_pages(
        gateway, MorePages(place, CounterPages, ("kumihimo.counter", "kumihimo.ledger.reading"))
    )


class CounterPages(DeskController):
    """What a clerk of the counter does, step by step; other clerks are told who may."""

    path = "/desk/counter"

    @get("/")
    async def begin(self, request: PageRequest) -> PageResponse:
        """The person first, then how the clerk knows that it is them."""
        desk = desk_of(request)
        visit = desk.seated(request)
        if not visit.clerk.counter:
            return desk.site.refusal(request, _not_here(), "desk")
        if visit.person is not None:
            means = [(one.value, words) for one, words in MEANS.items()]
            return desk.page(request, "counter_person.html", visit=visit, means=means)
        found, birth = None, read_day(visit.birth)
        unread = bool(visit.birth) and birth is None
        if visit.searched and not unread:
            async with desk.gateway.institution.db.read() as conn:
                found = await desk.people.find(conn, visit.words, birth)
        return desk.page(
            request,
            "desk_person.html",
            base="desk/counter/person",
            found=found,
            most=_MOST,
            by_name=desk.people.by_name,
            unread=unread,
            visit=visit,
        )

    @post("/person/search")
    async def look_for(self, request: PageRequest) -> PageResponse:
        """Remember who is looked for, in the visit and not in the address."""
        desk = desk_of(request)
        visit, form = desk.seated(request), await request.form()
        visit.words, visit.birth, visit.searched = text(form, "words"), text(form, "birth"), True
        return desk.site.go("desk/counter")

    @post("/person")
    async def choose(self, request: PageRequest) -> PageResponse:
        """Choose the person who stands here."""
        desk = desk_of(request)
        visit, subject = desk.seated(request), text(await request.form(), "subject")
        visit.person = (await desk.names([subject])).get(subject)
        visit.more.pop(SHOWN, None)
        return desk.site.go("desk/counter")

    @post("/")
    async def show(self, request: PageRequest) -> PageResponse:
        """Ask the ledger for the person's records; on record, with the means by which they were known."""
        desk = desk_of(request)
        visit, form = desk.seated(request), await request.form()
        means = text(form, "means")
        if not visit.clerk.counter:
            return desk.site.refusal(request, _not_here(), "desk")
        if visit.person is None or means not in Means or not text(form, "asked"):
            return desk.site.go("desk/counter")
        shown = await Counter(desk.gateway).show(
            visit.person.subject,
            visit.person.name,
            Means(means),
            office=visit.clerk.office.ja,
            clerk=visit.clerk.ref,
        )
        if isinstance(shown, Problem):
            return desk.site.refusal(request, shown, "desk/counter")
        visit.more[SHOWN] = shown
        return desk.site.go("desk/counter/sheet")

    @get("/sheet")
    async def sheet(self, request: PageRequest) -> PageResponse:
        """The person's records, as they are printed."""
        desk = desk_of(request)
        shown = _shown(desk, request)
        if shown is None:
            return desk.site.go("desk/counter")
        teller = _teller(desk)
        others = [one for one in shown.stories if not one.own]
        return desk.page(
            request,
            "counter_sheet.html",
            shown=shown,
            means=MEANS[shown.means],
            records=[teller.tell(one) for one in others],
            own=[(one.asked, teller.party(one.asked.inquirer)) for one in shown.stories if one.own],
            provided=sum(one.state is State.PROVIDED for one in others),
            askers=len({one.asked.inquirer for one in others}),
            read_at=int(shown.at.timestamp() * 1000),
        )

    @get("/sheet.pdf")
    async def paper(self, request: PageRequest) -> PageResponse | Response[bytes]:
        """The same as PDF."""
        desk = desk_of(request)
        shown = _shown(desk, request)
        if shown is None:
            return desk.site.go("desk/counter")
        teller = _teller(desk)
        sheet = Sheet(
            name=shown.name or shown.subject,
            read_at=int(shown.at.timestamp() * 1000),
            told=[teller.tell(one) for one in shown.stories if not one.own],
            own=[(one.asked, teller.party(one.asked.inquirer)) for one in shown.stories if one.own],
            lang=desk.site.lang(request),
        )
        headers = {"content-disposition": 'inline; filename="records.pdf"', "cache-control": "no-store"}
        return Response(await asyncio.to_thread(sheet.pdf), media_type=PDF_TYPE, headers=headers)

    @post("/done")
    async def done(self, request: PageRequest) -> PageResponse:
        """The paper is handed over: nothing of the person remains at the counter."""
        desk = desk_of(request)
        visit = desk.seated(request)
        visit.person, visit.words, visit.birth, visit.searched = None, "", "", False
        visit.more.pop(SHOWN, None)
        return desk.site.go("desk/counter")


def _shown(desk: Desk, request: PageRequest) -> Shown | None:
    """What was shown to the person who stands here now, and to nobody before them."""
    visit = desk.seated(request)
    shown = visit.more.get(SHOWN)
    same = isinstance(shown, Shown) and visit.person is not None and visit.person.subject == shown.subject
    return shown if isinstance(shown, Shown) and same else None


def _teller(desk: Desk) -> Teller:
    gateway = desk.gateway
    return Teller(gateway.rules, gateway.institution.directory.current.entries)


def _not_here() -> Problem:
    return Problem(
        ErrorType.NOT_PERMITTED,
        detail="only clerks of the counter show persons their own records",
        detail_ja="ご本人に記録を開示できるのは、記録開示窓口の職員だけです。窓口の職員としてログインしてください。",
        ground="番号法31条、個人情報保護法76条",
    )
