"""Opens the counter room: a municipality's gateway and desk, with the counter among its pages.

Like the portal it opens a gateway of its own, so a municipality that has a counter runs this room instead of
`exchange` and keeps the exchange's tables.
"""

from kumihimo.exchange import gateway_room, open_gateway
from kumihimo.node import Institution, Room, migrate


async def open_room(institution: Institution) -> Room:
    """Open the room; the host mounts its handlers."""
    from kumihimo.counter.pages import counter_pages  # noqa: PLC0415 as at the desk: pages load late

    async with institution.db.pool.acquire() as conn:
        await migrate(conn, "kumihimo.exchange")
    gateway = open_gateway(institution)
    return gateway_room("counter", gateway, counter_pages(gateway))
