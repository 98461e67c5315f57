"""An officer of the commission at work: the demonstration sign-in, and what the pages of one visit share."""

from dataclasses import dataclass, field
from datetime import date

from litestar.exceptions import NotAuthorizedException

from kumihimo.base import JST
from kumihimo.exchange import citation
from kumihimo.law import Law
from kumihimo.node import Entry
from kumihimo.node.pages import PageController, PageRequest, PageResponse, Sessions, Site
from kumihimo.oversight.commission import Commission

COOKIE = "officer"
IDLE_MINUTES = 30.0


@dataclass(frozen=True, slots=True)
class Officer:
    """A made-up officer of the demonstration."""

    ref: str
    name: str


OFFICERS = (Officer("p-1", "見本 直子"), Officer("p-2", "例川 守"))


@dataclass(frozen=True, slots=True)
class Bureau:
    """The commission's pages: its work, its site, the law, and who sits there."""

    commission: Commission
    site: Site
    law: Law
    sessions: Sessions[Officer] = field(default_factory=lambda: Sessions(IDLE_MINUTES))

    @property
    def today(self) -> date:
        """Today in Japan."""
        return self.commission.institution.clock().astimezone(JST).date()

    def present(self, request: PageRequest) -> Officer | None:
        """The officer who sits here, if one has signed in."""
        session = self.sessions.find(request.cookies.get(COOKIE))
        return session.who if session else None

    def seated(self, request: PageRequest) -> Officer:
        """The officer who sits here; pages behind the sign-in are reached by nobody else."""
        officer = self.present(request)
        if officer is None:
            raise NotAuthorizedException(detail="sign in first")
        return officer

    def party(self, institution: str) -> Entry | None:
        """An institution by its id; null when the directory no longer has it."""
        return self.commission.institution.directory.current.entries.get(institution)

    def citation(self, permission: str) -> str:
        """The provision under which an exchange stands."""
        return citation(self.law, permission)

    def page(self, request: PageRequest, template: str, **context: object) -> PageResponse:
        """A page with the officer's name at its head."""
        officer = self.present(request)
        shared = {
            "signed_in": officer.name if officer else "",
            "party": self.party,
            "citation": self.citation,
            "today": self.today,
        }
        return self.site.render(request, template, {**shared, **context})


def bureau_of(request: PageRequest) -> Bureau:
    """The commission's pages a request belongs to."""
    bureau: Bureau = request.app.state.bureau
    return bureau


class OfficerController(PageController):
    """Pages for signed-in officers: others are sent to the sign-in, and every form is checked."""

    @staticmethod
    async def before_request(request: PageRequest) -> PageResponse | None:
        """Send whoever has not signed in to the sign-in; check the form of a POST."""
        bureau = bureau_of(request)
        if bureau.present(request) is None:
            return bureau.site.go("oversight")
        return await bureau.site.check_form(request)
