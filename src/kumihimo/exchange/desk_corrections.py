"""Requests to correct a record of exchange this institution took part in, and deciding them (番号法31条)."""

from litestar import get, post

from kumihimo.base import Problem
from kumihimo.exchange.correction_desk import Decide, Kept
from kumihimo.exchange.corrections import GROUNDS, Decision, Ground, Role, Wrong
from kumihimo.exchange.desk_ask import text
from kumihimo.exchange.desk_inquiries import ground_of
from kumihimo.exchange.desk_records import inquiry
from kumihimo.exchange.desk_values import label
from kumihimo.exchange.desk_visit import Desk, DeskController, desk_of
from kumihimo.exchange.questions import plain
from kumihimo.node.pages import PageRequest, PageResponse, Words

WRONG_WORDS = {
    Wrong.NO_SUCH_PROCEDURE: Words("その手続をした覚えがない", "did not apply for that procedure"),
    Wrong.NOT_MINE: Words("本人ではない人の記録だと思う", "thinks it is about somebody else"),
    Wrong.DETAILS: Words("機関・日時・項目などが事実と違う", "an office, a time or an item is not as it was"),
    Wrong.OTHER: Words("そのほか", "something else"),
}
GROUND_WORDS = {
    Ground.RECORD_WAS_WRONG: Words("記録に誤りがあった", "the record was wrong"),
    Ground.RECORD_IS_RIGHT: Words("記録は事実のとおり", "the record is as it was"),
    Ground.CANNOT_TELL: Words("事実を確かめられない", "what happened cannot be established"),
    Ground.LAW_SAYS_OTHERWISE: Words("法令により訂正できない", "the law does not let it be corrected"),
}
DECISION_WORDS = {
    Decision.CORRECTED: Words("訂正する", "Correct it"),
    Decision.NOT_CORRECTED: Words("訂正しない", "Do not correct it"),
}


class CorrectionPages(DeskController):
    """What persons say is wrong in this institution's records of exchange."""

    path = "/desk/corrections"

    @get("/")
    async def all(self, request: PageRequest) -> PageResponse:
        """The requests, those that wait first."""
        desk = desk_of(request)
        found = await desk.gateway.corrections.waiting()
        return desk.page(
            request,
            "desk_corrections.html",
            found=found,
            wrong=WRONG_WORDS,
            decisions=DECISION_WORDS,
            done=request.query_params.get("done", ""),
        )

    @get("/{name:str}")
    async def one(self, request: PageRequest, name: str) -> PageResponse:
        """One request with the record it is about; `verdict` asks for the second look."""
        desk = desk_of(request)
        kept = await desk.gateway.corrections.find(name)
        if isinstance(kept, Problem):
            return desk.site.refusal(request, kept, "desk/corrections")
        chosen = _verdict(request.query_params.get("verdict", ""))
        return desk.page(
            request,
            "desk_correction.html",
            kept=kept,
            letter=desk.gateway.corrections.text(kept),
            wrong=WRONG_WORDS[kept.wrong],
            decisions=DECISION_WORDS,
            grounds=GROUND_WORDS,
            verdicts=[(decision, ground) for decision, some in GROUNDS.items() for ground in some],
            chosen=chosen if kept.decision is None else None,
            plain=plain,
            **await _record(desk, request, kept),
        )

    @post("/{name:str}")
    async def decide(self, request: PageRequest, name: str) -> PageResponse:
        """Decide for good; the person and the ledger learn it by themselves."""
        desk = desk_of(request)
        visit, chosen = desk.seated(request), _verdict(text(await request.form(), "verdict"))
        kept = await desk.gateway.corrections.find(name)
        if isinstance(kept, Problem):
            return desk.site.refusal(request, kept, "desk/corrections")
        if chosen is None:
            return desk.site.go(f"desk/corrections/{kept.id}")
        now = int(desk.gateway.institution.clock().timestamp() * 1000)
        told = Decide(bytes.fromhex(kept.id), *chosen, by=visit.clerk.ref, time=now)
        problem = await desk.gateway.corrections.decide(told)
        if problem is not None:
            return desk.site.refusal(request, problem, "desk/corrections")
        return desk.site.go(f"desk/corrections?done={chosen[0].value}")


def _verdict(name: str) -> tuple[Decision, Ground] | None:
    """A decision with its reason from one word of a form, such as `not-corrected/record-is-right`."""
    decision, _, ground = name.partition("/")
    if decision not in Decision or ground not in Ground:
        return None
    chosen = Decision(decision), Ground(ground)
    return chosen if chosen[1] in GROUNDS[chosen[0]] else None


async def _record(desk: Desk, request: PageRequest, kept: Kept) -> dict[str, object]:
    """The record as this institution has it: the inquirer its slip and person, the provider its answer."""
    if kept.role is Role.INQUIRER:
        found = await inquiry(desk.gateway, kept.record)
        if not isinstance(found, Problem):
            slip, lang = found.slip, desk.site.lang(request)
            layout = desk.gateway.rules.layouts.get(slip.information, slip.layout)
            names = await desk.names([found.subject])
            return {
                "slip": slip,
                "ground": ground_of(desk, slip),
                "person": names.get(found.subject),
                "items": [label(layout, key, lang) for key in slip.items],
                "given": None,
            }
    async with desk.gateway.institution.db.read() as conn:
        row = await conn.fetchrow(
            "SELECT sender, outcome, at FROM exchange.answer WHERE tx = $1", bytes.fromhex(kept.record)
        )
    return {"slip": None, "ground": None, "person": None, "items": [], "given": row}
