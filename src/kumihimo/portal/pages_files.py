"""Keeping one's records: as a file with its proof, as a table, as paper.

Table and paper hold what this visit was shown already, as the filter stands; they are not another look. The
file with its proof is: the ledger makes it anew, and that stands on record.
"""

import asyncio

from litestar import Response, get, post

from kumihimo.base import Problem
from kumihimo.ledger.reading import Filter
from kumihimo.ledger.reading.sheets import CSV_TYPE, PDF_TYPE, Sheet
from kumihimo.node.pages import PageController, PageRequest, PageResponse
from kumihimo.portal.front import Front, Visit, front_of

FILE_TYPE = "application/json"
type FileResponse = PageResponse | Response[bytes]


class FilePages(PageController):
    """What a person takes home."""

    @get("/records.csv")
    async def table(self, request: PageRequest) -> FileResponse:
        """The records of this visit as a table."""
        front = front_of(request)
        visit = front.visit(request)
        if visit is None or visit.read_at is None:
            return front.site.go("")
        return _kept(front, request, "csv", CSV_TYPE, _sheet(front, request, visit).csv())

    @get("/records.pdf")
    async def paper(self, request: PageRequest) -> FileResponse:
        """The records of this visit on paper."""
        front = front_of(request)
        visit = front.visit(request)
        if visit is None or visit.read_at is None:
            return front.site.go("")
        sheet = _sheet(front, request, visit)
        return _kept(front, request, "pdf", PDF_TYPE, await asyncio.to_thread(sheet.pdf))

    @post("/file", status_code=200)
    async def file(self, request: PageRequest) -> FileResponse:
        """The person's file with its proof: a look of its own."""
        front = front_of(request)
        visit = front.visit(request)
        if visit is None:
            return front.site.go("")
        made = await front.portal.file(visit.user)
        if isinstance(made, Problem):
            return front.site.refusal(request, made)
        return _kept(front, request, "json", FILE_TYPE, made)


def _sheet(front: Front, request: PageRequest, visit: Visit) -> Sheet:
    wanted, teller = Filter.of(request.query_params), front.teller
    assert visit.read_at is not None
    return Sheet(
        name=visit.name,
        read_at=int(visit.read_at.timestamp() * 1000),
        told=[teller.tell(one) for one in visit.stories if not one.own and wanted.takes(one)],
        own=[(one.asked, teller.party(one.asked.inquirer)) for one in visit.stories if one.own],
        lang=front.site.lang(request),
    )


def _kept(front: Front, request: PageRequest, ending: str, kind: str, body: bytes) -> Response[bytes]:
    """An answer the browser saves under a name that tells nobody's name."""
    day = front.portal.gateway.institution.clock().strftime("%Y%m%d")
    headers = {
        "content-disposition": f'attachment; filename="records-{day}.{ending}"',
        "cache-control": "no-store",
    }
    return Response(body, media_type=kind, headers=headers)
