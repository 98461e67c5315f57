"""What is withheld by law: counts, grounds and last days for the commission, and its decisions; no person."""

from collections import Counter

from litestar import get, post

from kumihimo.base import ErrorType, Problem
from kumihimo.node.pages import PageRequest, PageResponse
from kumihimo.oversight.visits import Bureau, OfficerController, bureau_of
from kumihimo.oversight.withheld import Withheld

_DECISIONS = ("approve", "release")


class WithheldPages(OfficerController):
    """The deferral set, and deciding about one of it."""

    path = "/oversight/withheld"

    @get("/")
    async def all(self, request: PageRequest) -> PageResponse:
        """Everything that is withheld, with counts by ground and by who withholds."""
        bureau = bureau_of(request)
        listed = await bureau.commission.withheld()
        if isinstance(listed, Problem):
            return bureau.site.refusal(request, listed, "oversight")
        found = listed.found
        return bureau.page(
            request,
            "oversight_withheld.html",
            listed=listed,
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
    listed = await bureau.commission.withheld()
    if isinstance(listed, Problem):
        return listed
    chosen = next((one for one in listed.found if one.commit == commit), None)
    return chosen or Problem(
        ErrorType.NOT_FOUND,
        detail="nothing is withheld under this commitment; it may have been released already",
        detail_ja="この符号の不開示はありません。すでに開示されたものかもしれません。",
    )
