"""Opens the oversight room: what the commission has decided, for everybody to read."""

import msgspec

from kumihimo.node import Institution, Message, Reply, Room


async def open_room(institution: Institution) -> Room:
    """Open the room; the host mounts its handlers."""

    async def statement(_: Message) -> Reply:
        oversight = institution.directory.current.oversight
        return Reply(200, msgspec.json.encode(oversight))

    return Room("oversight", open={"statement": statement})
