"""Opens the oversight room: what the commission has decided, the comparison of all logs, and its pages."""

import asyncio

import msgspec

from kumihimo.exchange import answering
from kumihimo.node import Institution, Message, Reply, Room
from kumihimo.oversight.commission import Commission


async def open_room(institution: Institution) -> Room:
    """Open the room; the host mounts its handlers."""
    commission = Commission.of(institution)
    watching = asyncio.create_task(commission.watch(), name=f"{institution.settings.id} watch")

    async def statement(_: Message) -> Reply:
        oversight = institution.directory.current.oversight
        return Reply(200, msgspec.json.encode(oversight))

    async def close() -> None:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await commission.close()

    from kumihimo.oversight.pages import commission_pages  # noqa: PLC0415 pages load late

    return Room(
        "oversight",
        exchange={
            "reconcile": answering(commission.asked),
            "reconciliation-answer": answering(commission.answered),
        },
        open={"statement": statement},
        pages=commission_pages(commission),
        close=close,
    )
