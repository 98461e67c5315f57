"""Opens the exchange room of an institution: an operator's desk where settings say so, else a gateway."""

from kumihimo.codes import OperatorNumber
from kumihimo.exchange.correction_desk import CorrectionDesk
from kumihimo.exchange.counts import operator_counts, showing
from kumihimo.exchange.gateway import answering, gateway_room, open_gateway, open_operator, stamping
from kumihimo.exchange.reconciling import NoticeDesk
from kumihimo.node import Institution, Room


async def open_room(institution: Institution) -> Room:
    """Open the room; the host mounts its handlers."""
    numbers: tuple[OperatorNumber, ...] = (1, 2)
    for number in numbers:
        if f"operator-{number}" in institution.settings.services:
            operator = open_operator(institution, number)
            counts = showing(lambda: operator_counts(institution))
            desks = {
                "stamp": stamping(operator.stamp),
                "reconciliation-notice": answering(NoticeDesk.open(institution).take),
                "correction-notice": answering(CorrectionDesk.open(institution).take),
            }
            return Room("exchange", exchange=desks, open={"counts": counts})
    # Operators have no pages, so they never load what makes pages.
    from kumihimo.exchange.desk import desk_pages  # noqa: PLC0415

    gateway = open_gateway(institution)
    return gateway_room("exchange", gateway, desk_pages(gateway))
