"""Opens the portal room: the disclosure system with a gateway of its own, and the pages of its users.

The portal runs no desk and no office API: nobody there may ask about anybody. It keeps the exchange's
tables, because it asks the ledger with a slip like everybody else.
"""

from kumihimo.exchange import gateway_room, open_gateway
from kumihimo.node import Institution, Room, migrate


async def open_room(institution: Institution) -> Room:
    """Open the room; the host mounts its handlers."""
    from kumihimo.portal.pages import portal_pages  # noqa: PLC0415 as at the desk: pages load late

    async with institution.db.pool.acquire() as conn:
        await migrate(conn, "kumihimo.exchange")
    gateway = open_gateway(institution)
    pages, close_pages = portal_pages(gateway)
    room = gateway_room("portal", gateway, pages)

    async def close() -> None:
        await close_pages()
        await room.close()

    return Room("portal", exchange=room.exchange, open=room.open, pages=room.pages, close=close)
