"""Opens the tracker room, at the institution that keeps the ledger and after its ledger room."""

from kumihimo.exchange import Rules, answering, layouts
from kumihimo.law import law
from kumihimo.ledger.second_door import SecondDoor
from kumihimo.node import Institution, Room
from kumihimo.tracker.service import Tracker


async def open_room(institution: Institution) -> Room:
    """Open the room; the host mounts its handlers."""
    rules = Rules(law(), layouts())
    tracker = Tracker(institution, rules, SecondDoor.of(institution, rules))
    return Room(
        "tracker",
        exchange={
            "tracker/heartbeat": answering(tracker.heartbeat),
            "tracker/usage-period": answering(tracker.usage_period),
            "tracker/find-usage": answering(tracker.find_usage),
        },
    )
