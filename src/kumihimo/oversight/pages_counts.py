"""Counts of settled exchanges: who asked whom under which row in which hour; how many, never about whom."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from litestar import get

from kumihimo.base import JST
from kumihimo.node import AnyConnection
from kumihimo.node.pages import PageRequest, PageResponse, read_day
from kumihimo.oversight.reconciling import HOUR
from kumihimo.oversight.visits import OfficerController, bureau_of

MOST = 200


@dataclass(frozen=True, slots=True)
class Count:
    """How many exchanges were settled in one hour under one row between two institutions."""

    hour: int
    kind: str
    inquirer: str
    provider: str
    permission: str
    complete: int
    abandoned: int
    unstamped: int


class CountPages(OfficerController):
    """Counts by institution, row and hour."""

    path = "/oversight/counts"

    @get("/")
    async def all(self, request: PageRequest) -> PageResponse:
        """The counts of one day; one institution's when asked."""
        bureau = bureau_of(request)
        day = read_day(request.query_params.get("day", "")) or bureau.today
        party = request.query_params.get("party", "")
        async with bureau.commission.institution.db.read() as conn:
            found = await counts_of(conn, day, party)
        entries = bureau.commission.institution.directory.current.entries
        return bureau.page(
            request,
            "oversight_counts.html",
            found=found,
            day_of=day,
            party_of=party,
            entries=entries,
            most=MOST,
        )


async def counts_of(conn: AnyConnection, day: date, party: str) -> Sequence[Count]:
    """The counts of one day in Japan, newest hour first."""
    begin = int(datetime.combine(day, time(), JST).timestamp()) // HOUR
    rows = await conn.fetch(
        "SELECT hour, kind, inquirer, provider, permission, complete, abandoned, unstamped "
        "FROM oversight.tally WHERE hour >= $1 AND hour < $2 AND ($3 = '' OR $3 IN (inquirer, provider)) "
        "ORDER BY hour DESC, complete DESC, inquirer, provider LIMIT $4",
        begin,
        begin + int(timedelta(days=1).total_seconds()) // HOUR,
        party,
        MOST,
    )
    return [Count(*row) for row in rows]
