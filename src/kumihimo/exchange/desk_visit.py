"""A clerk at the desk: the demonstration sign-in, and what the pages of one visit share."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from litestar.exceptions import NotAuthorizedException

from kumihimo.exchange.desk_people import Known, People
from kumihimo.exchange.gates import today
from kumihimo.exchange.gateway import Gateway
from kumihimo.node import Entry
from kumihimo.node.pages import Lang, PageController, PageRequest, PageResponse, Sessions, Site, Words

if TYPE_CHECKING:
    from kumihimo.exchange.desk_run import RunLine

COOKIE = "clerk"
IDLE_MINUTES = 30.0


@dataclass(frozen=True, slots=True)
class Clerk:
    """A made-up clerk of the demonstration; `ref` stands on slips, and only this office can read it.

    `counter`: whether this clerk serves persons who ask for their own records.
    """

    ref: str
    name: str
    office: Words
    counter: bool = False


CLERKS: tuple[Clerk, ...] = (
    Clerk("c-101", "見本 花子", Words("子育て支援課", "Child support section")),
    Clerk("c-102", "例川 和子", Words("福祉総務課", "Welfare section")),
    Clerk("c-103", "仮山 誠", Words("税務課", "Tax section")),
    Clerk("c-104", "試田 由美", Words("保険年金課", "Insurance and pension section")),
    Clerk("c-105", "窓野 直子", Words("市民課 記録開示窓口", "Counter for own records"), counter=True),
)
CLERKS_OF_BODIES: tuple[Clerk, ...] = (
    Clerk("c-201", "見本 恵子", Words("審査課", "Examination section")),
    Clerk("c-202", "模野 隆", Words("情報管理課", "Information management section")),
)


@dataclass(slots=True)
class AtDesk:
    """One visit of a clerk: who is looked for and who was chosen, in memory only."""

    clerk: Clerk
    words: str = field(default="", repr=False)
    birth: str = field(default="", repr=False)
    searched: bool = False
    person: Known | None = field(default=None, repr=False)
    more: dict[str, object] = field(default_factory=dict, repr=False)
    run: "tuple[RunLine, ...]" = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Desk:
    """One institution's desk: its gateway, its people, its pages and who sits there."""

    gateway: Gateway
    site: Site
    people: People
    sessions: Sessions[AtDesk] = field(default_factory=lambda: Sessions(IDLE_MINUTES))

    @property
    def clerks(self) -> tuple[Clerk, ...]:
        """The clerks to choose from."""
        return CLERKS if self.gateway.institution.settings.municipality else CLERKS_OF_BODIES

    @property
    def entry(self) -> Entry:
        """This institution as the directory names it."""
        return self.gateway.institution.directory.current.entries[self.gateway.institution.settings.id]

    @property
    def day(self) -> date:
        """Today in Japan: the law of this day decides."""
        return today(self.gateway.institution.clock)

    def present(self, request: PageRequest) -> AtDesk | None:
        """The clerk who sits here, if one has signed in."""
        session = self.sessions.find(request.cookies.get(COOKIE))
        return session.who if session else None

    def seated(self, request: PageRequest) -> AtDesk:
        """The clerk who sits here; pages behind the sign-in are reached by nobody else."""
        visit = self.present(request)
        if visit is None:
            raise NotAuthorizedException(detail="sign in at the desk first")
        return visit

    def page(self, request: PageRequest, template: str, **context: object) -> PageResponse:
        """A page of the desk with the clerk's name at its head."""
        visit = self.present(request)
        name = f"{visit.clerk.name}（{visit.clerk.office(Lang.JA)}）" if visit else ""
        shared = {"signed_in": name, "party": self.party, "clerk": visit}
        return self.site.render(request, template, {**shared, **context})

    def party(self, institution: str) -> Entry | None:
        """An institution by its id; null when the directory no longer has it."""
        return self.gateway.institution.directory.current.entries.get(institution)

    async def names(self, subjects: Iterable[str | None]) -> Mapping[str, Known]:
        """The people behind this institution's own numbers."""
        wanted = sorted({subject for subject in subjects if subject})
        if not wanted:
            return {}
        async with self.gateway.institution.db.read() as conn:
            return await self.people.named(conn, wanted)


def desk_of(request: PageRequest) -> Desk:
    """The desk a page belongs to."""
    desk: Desk = request.app.state.desk
    return desk


class DeskController(PageController):
    """Pages for signed-in clerks: others are sent to the sign-in, and every form is checked."""

    @staticmethod
    async def before_request(request: PageRequest) -> PageResponse | None:
        """Send whoever has not signed in to the sign-in; check the form of a POST."""
        desk = desk_of(request)
        if desk.present(request) is None:
            return desk.site.go("desk")
        return await desk.site.check_form(request)
