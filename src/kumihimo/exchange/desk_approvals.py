"""The queue of questions that a human decides (自動応答不可), and deciding one after a second look."""

from litestar import get, post

from kumihimo.base import Problem
from kumihimo.exchange.desk_ask import text
from kumihimo.exchange.desk_inquiries import ground_of
from kumihimo.exchange.desk_records import tx_bytes, waiting_paper
from kumihimo.exchange.desk_values import label
from kumihimo.exchange.desk_visit import DeskController, desk_of
from kumihimo.exchange.questions import plain
from kumihimo.node.pages import PageRequest, PageResponse

_DECISIONS = ("approve", "refuse")


class ApprovalPages(DeskController):
    """Questions of others about people of this register that wait for a human."""

    path = "/desk/approvals"

    @get("/")
    async def all(self, request: PageRequest) -> PageResponse:
        """The waiting questions, oldest first."""
        desk = desk_of(request)
        waiting = await desk.gateway.approvals.waiting()
        rows = {one.permission: desk.gateway.rules.law.row(one.permission) for one in waiting}
        done = request.query_params.get("done", "")
        return desk.page(request, "desk_approvals.html", waiting=waiting, rows=rows, plain=plain, done=done)

    @get("/{tx:str}")
    async def one(self, request: PageRequest, tx: str) -> PageResponse:
        """One question with all that is needed to decide; `decision` asks for the second look."""
        desk = desk_of(request)
        paper = await waiting_paper(desk.gateway, tx)
        if isinstance(paper, Problem):
            return desk.site.refusal(request, paper, "desk/approvals")
        decision = request.query_params.get("decision", "")
        lang, slip = desk.site.lang(request), paper.slip
        layout = desk.gateway.rules.layouts.get(slip.information, slip.layout)
        names = await desk.names([paper.subject])
        return desk.page(
            request,
            "desk_approval.html",
            paper=paper,
            tx=tx,
            person=names.get(paper.subject or ""),
            ground=ground_of(desk, slip),
            items=[label(layout, key, lang) for key in slip.items],
            decision=decision if decision in _DECISIONS else "",
            plain=plain,
        )

    @post("/{tx:str}")
    async def decide(self, request: PageRequest, tx: str) -> PageResponse:
        """Decide for good; the answer is delivered by itself."""
        desk = desk_of(request)
        visit, decision = desk.seated(request), text(await request.form(), "decision")
        if decision not in _DECISIONS:
            return desk.site.go(f"desk/approvals/{tx}")
        approve = decision == "approve"
        decided = await desk.gateway.approvals.decide(tx_bytes(tx), approve=approve, by=visit.clerk.ref)
        if isinstance(decided, Problem):
            return desk.site.refusal(request, decided, "desk/approvals")
        return desk.site.go(f"desk/approvals?done={decided.value}")
