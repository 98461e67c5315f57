"""Opens the witness room."""

from kumihimo.node import Institution, Room


async def open_room(institution: Institution) -> Room:
    """Open the room; the host mounts its handlers."""
    return Room("witness")
