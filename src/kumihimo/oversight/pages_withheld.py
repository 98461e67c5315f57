"""What is withheld by law: counts, grounds and last days for the commission, and its decisions; no person."""

from collections import Counter
from collections.abc import Sequence
from datetime import date

import msgspec
from litestar import get, post

from kumihimo.base import ErrorType, Problem
from kumihimo.node.pages import PageRequest, PageResponse
from kumihimo.oversight.commission import Commission
from kumihimo.oversight.visits import Bureau, OfficerController, bureau_of

_DECISIONS = ("approve", "release")


class Withheld(msgspec.Struct, frozen=True):
    """One withheld exchange as the ledger shows it: `until` was claimed, on `due` it ends."""

    commit: str
    inquirer: str
    permission: str
    ground: str
    until: date
    due: date
    by: str
    approval: str


_withheld = msgspec.json.Decoder(list[Withheld])


async def withheld_by(commission: Commission) -> Sequence[Withheld] | Problem:
    """All that is withheld now, the first to end first."""
    ledger = commission.institution.directory.current.service("ledger").id
    body = await commission.network.ask(ledger, "deferrals", {})
    if isinstance(body, Problem):
        return body
    try:
        return _withheld.decode(body)
    except msgspec.MsgspecError:
        return Problem(ErrorType.MALFORMED, detail="the ledger's list of withheld exchanges cannot be read")


class WithheldPages(OfficerController):
    """The deferral set, and deciding about one of it."""

    path = "/oversight/withheld"

    @get("/")
    async def all(self, request: PageRequest) -> PageResponse:
        """Everything that is withheld, with counts by ground and by who withholds."""
        bureau = bureau_of(request)
        found = await withheld_by(bureau.commission)
        if isinstance(found, Problem):
            return bureau.site.refusal(request, found, "oversight")
        return bureau.page(
            request,
            "oversight_withheld.html",
            found=found,
            grounds=Counter(one.ground for one in found).most_common(),
            holders=Counter(one.by for one in found).most_common(),
            unapproved=sum(one.approval == "none" for one in found),
            done=request.query_params.get("done", ""),
        )

    @get("/{commit:str}")
    async def one(self, request: PageRequest, commit: str) -> PageResponse:
        """One withheld exchange; `decision` asks for the second look."""
        bureau = bureau_of(request)
        chosen = await _find(bureau, commit)
        if isinstance(chosen, Problem):
            return bureau.site.refusal(request, chosen, "oversight/withheld")
        decision = request.query_params.get("decision", "")
        return bureau.page(
            request,
            "oversight_withheld_one.html",
            one=chosen,
            decision=decision if decision in _DECISIONS else "",
        )

    @post("/{commit:str}")
    async def decide(self, request: PageRequest, commit: str) -> PageResponse:
        """Approve the withholding, or end it now: then the person sees the exchange as released."""
        bureau = bureau_of(request)
        decision = (await request.form()).get("decision", "")
        if decision not in _DECISIONS:
            return bureau.site.go("oversight/withheld")
        network = bureau.commission.network
        ledger = bureau.commission.institution.directory.current.service("ledger").id
        said = await network.ask(ledger, "deferral-decision", {"commit": commit, "decision": decision})
        if isinstance(said, Problem):
            return bureau.site.refusal(request, said, "oversight/withheld")
        return bureau.site.go(f"oversight/withheld?done={decision}")


async def _find(bureau: Bureau, commit: str) -> Withheld | Problem:
    found = await withheld_by(bureau.commission)
    if isinstance(found, Problem):
        return found
    chosen = next((one for one in found if one.commit == commit), None)
    return chosen or Problem(
        ErrorType.NOT_FOUND,
        detail="nothing is withheld under this commitment; it may have been released already",
        detail_ja="この符号の不開示はありません。すでに開示されたものかもしれません。",
    )
