"""What the citizen's pages share: who is signed in, and what the ledger disclosed to them.

A session is bound to one person. What the ledger disclosed is kept in the session's memory while it is read
and nowhere else, so that turning a page, the language or a filter is not another look on record.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import msgspec

from kumihimo.base import Problem
from kumihimo.ledger.reading import Story, Teller, stories
from kumihimo.node.pages import PageRequest, PageResponse, Sessions, Site
from kumihimo.portal.service import Portal

COOKIE = "citizen"
IDLE_MINUTES = 10.0


@dataclass(slots=True)
class Visit:
    """One person's visit: who they are here, and what the ledger disclosed to them, in memory only."""

    user: str = field(repr=False)
    name: str = field(repr=False)
    stories: tuple[Story, ...] = field(default=(), repr=False)
    disclosure: str = ""
    read_at: datetime | None = None

    def story(self, tx: str) -> Story | None:
        """The event of this name among what was disclosed in this visit."""
        return next((one for one in self.stories if one.asked.tx == tx), None)


@dataclass(frozen=True, slots=True)
class Front:
    """The portal, its pages, and who sits before them."""

    portal: Portal
    site: Site
    users: Path
    sessions: Sessions[Visit] = field(default_factory=lambda: Sessions(IDLE_MINUTES))

    @property
    def teller(self) -> Teller:
        """Tells events in the words of the law and directory of this moment."""
        gateway = self.portal.gateway
        return Teller(gateway.rules, gateway.institution.directory.current.entries)

    def visit(self, request: PageRequest) -> Visit | None:
        """The person who is signed in, if anybody is."""
        session = self.sessions.find(request.cookies.get(COOKIE))
        return session.who if session else None

    async def look(self, visit: Visit) -> Problem | None:
        """Ask the ledger for the person's records; this look is recorded on them."""
        found = await self.portal.records(visit.user)
        if isinstance(found, Problem):
            return found
        visit.stories = stories(found.lines, found.corrections)
        visit.disclosure, visit.read_at = found.tx, self.portal.gateway.institution.clock()
        return None

    def now(self) -> int:
        """This moment in Unix milliseconds."""
        return int(self.portal.gateway.institution.clock().timestamp() * 1000)

    def page(self, request: PageRequest, template: str, visit: Visit, **context: object) -> PageResponse:
        """A page of a signed-in person."""
        shared = {"signed_in": visit.name, "party": self.teller.party, "read_at": _milliseconds(visit)}
        return self.site.render(request, template, {**shared, **context})

    def demo_users(self) -> Mapping[str, str]:
        """The made-up people of the demonstration sign-in: the portal's own number of each, and a name."""
        try:
            return msgspec.json.decode(self.users.read_bytes(), type=dict[str, str])
        except FileNotFoundError:
            return {}


def front_of(request: PageRequest) -> Front:
    """The front that a page belongs to."""
    front: Front = request.app.state.front
    return front


def _milliseconds(visit: Visit) -> int:
    return int(visit.read_at.timestamp() * 1000) if visit.read_at else 0
