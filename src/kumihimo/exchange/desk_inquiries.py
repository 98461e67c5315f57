"""Inquiries this institution made: the list, and one answer with its evidence."""

from dataclasses import dataclass
from datetime import datetime

from litestar import get

from kumihimo.base import JST, Problem
from kumihimo.exchange.desk_people import Known
from kumihimo.exchange.desk_records import Finished, Recent, inquiry, recent
from kumihimo.exchange.desk_values import label, shown_items
from kumihimo.exchange.desk_visit import Desk, DeskController, desk_of
from kumihimo.exchange.questions import plain
from kumihimo.exchange.slip import Slip
from kumihimo.law import Piece, Procedure, Row
from kumihimo.node.pages import Lang, PageRequest, PageResponse, problem_of


@dataclass(frozen=True, slots=True)
class Ground:
    """The law a slip names, read: row, procedure and piece (null where it names none)."""

    row: Row | None
    procedure: Procedure | None
    piece: Piece | None


class InquiryPages(DeskController):
    """What was asked, and what came of it."""

    path = "/desk/inquiries"

    @get("/")
    async def all(self, request: PageRequest) -> PageResponse:
        """The newest inquiries with their state."""
        desk = desk_of(request)
        found = await recent(desk.gateway)
        names = await desk.names(one.subject for one in found)
        return desk.page(request, "desk_inquiries.html", recent=found, names=names)

    @get("/{tx:str}")
    async def one(self, request: PageRequest, tx: str) -> PageResponse:
        """One inquiry: the answer, or how it stands."""
        desk = desk_of(request)
        found = await inquiry(desk.gateway, tx)
        if isinstance(found, Problem):
            return desk.site.refusal(request, found, "desk/inquiries")
        names = await desk.names([found.subject])
        ground = ground_of(desk, found.slip)
        person = names.get(found.subject)
        if isinstance(found, Recent):
            problem = problem_of(found.problem)
            return desk.page(
                request,
                "desk_open.html",
                found=found,
                person=person,
                ground=ground,
                problem=problem,
                plain=plain,
            )
        return self._answered(desk, request, found, ground, person)

    @staticmethod
    def _answered(
        desk: Desk, request: PageRequest, found: Finished, ground: Ground, person: Known | None
    ) -> PageResponse:
        lang, slip, answer = desk.site.lang(request), found.slip, found.answer
        layout = desk.gateway.rules.layouts.get(slip.information, slip.layout)
        return desk.page(
            request,
            "desk_answer.html",
            found=found,
            layout=layout,
            tx=slip.tx.hex(),
            outcome=answer.outcome.value,
            problem=problem_of(answer.problem),
            items=shown_items(layout, found.items, lang) if layout and found.items else (),
            withheld=[label(layout, key, lang) for key in answer.withheld],
            absent=[label(layout, key, lang) for key in answer.absent],
            asked=[label(layout, key, lang) for key in slip.items],
            operators=_operators(desk),
            milliseconds=answer.time - slip.time,
            seconds=seconds,
            plain=plain,
            english=lang is Lang.EN,
            ground=ground,
            person=person,
        )


def ground_of(desk: Desk, slip: Slip) -> Ground:
    """The law a slip names."""
    law, reference = desk.gateway.rules.law, slip.basis.piece
    row = law.row(slip.basis.permission)
    for procedure in law.procedures() if reference else ():
        for piece in procedure.pieces:
            if piece.reference == reference:
                return Ground(row, procedure, piece)
    return Ground(row, None, None)


def seconds(milliseconds: int) -> str:
    """A moment in Japanese time to the thousandth of a second, for evidence."""
    at = datetime.fromtimestamp(milliseconds / 1000, JST)
    return f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03}"


def _operators(desk: Desk) -> tuple[str, str]:
    directory = desk.gateway.institution.directory.current
    return directory.operator(1).id, directory.operator(2).id
