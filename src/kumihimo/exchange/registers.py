"""The provider's own register, seen through the queries its settings name.

A query is a file of plain SQL over the institution's own database (`docs/protocols/layouts.md`): one row
whose columns are items of the layout, or no row when the register holds nothing on the person. It is
run at the moment of the question; nothing is copied beforehand.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib import resources
from types import MappingProxyType

import msgspec

from kumihimo.base import ErrorType, Problem
from kumihimo.exchange.slip import Conditions, Slip
from kumihimo.node import AnyConnection, Provides


class QueryMissingError(LookupError):
    """The settings of an institution name a query that is not there."""


def query_text(name: str) -> str:
    """The SQL of a query named `<room>/<name>` or `world/<body>/<name>`."""
    room, *rest = name.split("/")
    folder = resources.files(f"kumihimo.{room}")
    for part in ["registers", *rest[:-1]] if room == "world" else []:
        folder = folder / part
    file = folder / "queries" / f"{rest[-1]}.sql"
    if not file.is_file():
        raise QueryMissingError(f"no query file for {name}")
    return file.read_text(encoding="utf-8").strip().rstrip(";")


@dataclass(frozen=True, slots=True)
class Registers:
    """Which information an institution provides, in which layout version, by which query."""

    queries: Mapping[tuple[str, int], str]

    @classmethod
    def of(cls, provides: Sequence[Provides]) -> "Registers":
        """Load the queries that the settings name; raise `QueryMissingError` for a name without a file."""
        return cls(MappingProxyType({(one.information, one.layout): _as_json(one) for one in provides}))

    async def read(
        self, conn: AnyConnection, slip: Slip, subject: str, conditions: Conditions, today: date
    ) -> Mapping[str, object] | Problem:
        """Ask the register about one person now; no row is `no-record`."""
        query = self.queries.get((slip.information, slip.layout))
        if query is None:
            return Problem(
                ErrorType.LAYOUT_UNSUPPORTED,
                detail="this provider does not answer this information in this layout version",
                detail_ja="この提供者は、この情報をこの様式の版では提供していません",
            )
        dates = _dates(conditions, today)
        if isinstance(dates, Problem):
            return dates
        text = await conn.fetchval(query, subject, *dates)
        if text is None:
            return Problem(ErrorType.NO_RECORD, detail="the register holds nothing on this person")
        return msgspec.json.decode(text, type=dict[str, object])


def _as_json(one: Provides) -> str:
    # The text comes from our own reviewed files, never from a message.
    return f"SELECT to_json(answer)::text FROM ({query_text(one.query)}) AS answer"  # noqa: S608


def _dates(conditions: Conditions, today: date) -> tuple[date, date | None, date | None] | Problem:
    try:
        as_of = date.fromisoformat(conditions.as_of) if conditions.as_of else today
        since = date.fromisoformat(conditions.since) if conditions.since else None
        until = date.fromisoformat(conditions.until) if conditions.until else None
    except ValueError:
        return Problem(ErrorType.MALFORMED, detail="a date of the conditions does not exist")
    return as_of, since, until
