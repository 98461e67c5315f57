"""Alarms for the commission's people: who has to answer what until when, and closing one that is answered."""

from litestar import get, post

from kumihimo.node.pages import PageRequest, PageResponse
from kumihimo.oversight import alarms_store
from kumihimo.oversight.alarms import deadlines
from kumihimo.oversight.visits import OfficerController, bureau_of

MOST = 200


class AlarmPages(OfficerController):
    """What differs between the logs, or is wrong with one of them."""

    path = "/oversight/alarms"

    @get("/")
    async def all(self, request: PageRequest) -> PageResponse:
        """Open alarms, the first due first, then the newest closed ones; one owner's when asked."""
        bureau = bureau_of(request)
        owner = request.query_params.get("owner", "")
        async with bureau.commission.institution.db.read() as conn:
            counts = await alarms_store.open_counts(conn)
            found = await alarms_store.standing(conn, MOST, owner)
        return bureau.page(
            request,
            "oversight_alarms.html",
            counts=counts,
            found=found,
            owner=owner,
            most=MOST,
            deadlines=deadlines(),
            done=request.query_params.get("done", ""),
        )

    @post("/{alarm:str}/close")
    async def close(self, request: PageRequest, alarm: str) -> PageResponse:
        """Close an alarm about a whole log that was answered; others close when the logs agree."""
        bureau = bureau_of(request)
        commission = bureau.commission
        async with commission.institution.db.read() as conn:
            found = await alarms_store.standing(conn, MOST)
        chosen = [one for one in found if one.alarm.id.hex() == alarm and one.may_be_closed]
        if chosen:
            await commission.write(alarms_store.closed(chosen, commission.institution.clock()))
        return bureau.site.go(f"oversight/alarms?done={len(chosen)}")
