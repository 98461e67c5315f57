"""The ledger's epochs for the commission's people: what it counts against what operator 1 has stamped."""

from collections.abc import Sequence
from dataclasses import dataclass

from litestar import get
from markupsafe import Markup

from kumihimo.node import AnyConnection
from kumihimo.node.pages import PageRequest, PageResponse
from kumihimo.oversight.entries import Epoch, read_epoch
from kumihimo.oversight.picture import legend, timeline
from kumihimo.oversight.visits import OfficerController, bureau_of

SHOWN = 20
DRAWN = 120


@dataclass(frozen=True, slots=True)
class Balance:
    """One epoch, and the person-events the commission itself has counted at operator 1 (null: not yet)."""

    epoch: Epoch
    events: int | None

    @property
    def counted(self) -> int:
        """What the ledger accounts for: in the chains, withheld, still open, never recorded."""
        return self.epoch.total + self.epoch.deferred + self.epoch.open + self.epoch.void

    @property
    def even(self) -> bool | None:
        """Whether every stamped event is accounted for; null where the commission has not counted yet."""
        return None if self.events is None else self.events == self.counted


class EpochPages(OfficerController):
    """Totals of the ledger over time."""

    path = "/oversight/epochs"

    @get("/")
    async def all(self, request: PageRequest) -> PageResponse:
        """The newest epochs as a picture and a table."""
        bureau = bureau_of(request)
        institution = bureau.commission.institution
        async with institution.db.read() as conn:
            found = await balances(conn, institution.directory.current.service("ledger").id, DRAWN)
        lang = bureau.site.lang(request)
        # The picture is drawn here from our own numbers and escapes every text itself.
        picture = Markup(timeline(found, lang))  # noqa: S704
        return bureau.page(
            request,
            "oversight_epochs.html",
            newest=found[-1] if found else None,
            found=found[::-1][:SHOWN],
            uneven=[one for one in found if one.even is False],
            picture=picture,
            legend=legend(lang),
        )


async def balances(conn: AnyConnection, ledger: str, most: int) -> Sequence[Balance]:
    """The newest epochs that the ledger's proved log holds, oldest first."""
    rows = await conn.fetch(
        "SELECT e.record, e.events FROM oversight.epoch AS e JOIN oversight.reading AS r ON r.log = $1 "
        "WHERE e.index < r.size ORDER BY e.epoch DESC LIMIT $2",
        ledger,
        most,
    )
    return [Balance(read_epoch(row["record"]), row["events"]) for row in rows][::-1]
