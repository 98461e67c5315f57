"""Opens the room `municipality`: tables and queries only; it answers through the exchange."""

from kumihimo.node import Institution, Room


async def open_room(institution: Institution) -> Room:
    """Open the room; the node has brought its tables up to date before."""
    institution.logger.info("room_open", room="municipality")
    return Room("municipality")
