"""The map of the nation: who takes part, whether they are up, and how much passes; no person anywhere.

Each institution tells its own counts on its open plane. What does not answer in time is shown as down.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
from litestar import get
from markupsafe import Markup

from kumihimo.base import Problem
from kumihimo.law import Law
from kumihimo.node import Entry, Institution, Transport
from kumihimo.node.pages import PageController, PageRequest, PageResponse, Site
from kumihimo.portal.pages_picture import NARROW, WIDE, draw

SECONDS = 1.0
KEPT_SECONDS = 1.0
REFRESH = 10


@dataclass(frozen=True, slots=True)
class Seen:
    """One institution as it looks from outside now."""

    entry: Entry
    up: bool
    counts: Mapping[str, int]

    @property
    def has_desk(self) -> bool:
        """Whether clerks work here: a gateway that is not the disclosure system's."""
        return "waiting" in self.counts and "disclosure" not in self.entry.services


@dataclass(slots=True)
class Watch:
    """Looks at every institution of the directory, at most once a second."""

    institution: Institution
    _transport: Transport = field(default_factory=Transport)
    _kept: tuple[float, Sequence[Seen]] = (float("-inf"), ())
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def nation(self) -> Sequence[Seen]:
        """All institutions, in the order of the directory."""
        async with self._lock:
            if self._kept[0] + KEPT_SECONDS < time.monotonic():
                entries = self.institution.directory.current.entries.values()
                self._kept = time.monotonic(), await asyncio.gather(*(self._look(one) for one in entries))
            return self._kept[1]

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.close()

    async def _look(self, entry: Entry) -> Seen:
        health, counts = await asyncio.gather(
            self._transport.get(f"{entry.base_url}/o/health", {}, SECONDS),
            self._transport.get(f"{entry.base_url}/o/counts", {}, SECONDS),
        )
        up = not isinstance(health, Problem) and health.status == 200
        numbers: Mapping[str, int] = {}
        if not isinstance(counts, Problem) and counts.status == 200:
            numbers = _numbers(counts.body)
        return Seen(entry, up, numbers)


@dataclass(frozen=True, slots=True)
class Map:
    """What the map's page needs."""

    site: Site
    watch: Watch
    law: Law


class MapPages(PageController):
    """The map, for anybody."""

    @get("/map")
    async def show(self, request: PageRequest) -> PageResponse:
        """The nation now; `live=1` lets the page load itself again every ten seconds."""
        chart: Map = request.app.state.map
        seen, lang = await chart.watch.nation(), chart.site.lang(request)
        live = request.query_params.get("live") == "1"
        # Both pictures are drawn here from our own data and escape every text themselves.
        pictures = {shape.name: Markup(draw(seen, shape, lang)) for shape in (WIDE, NARROW)}  # noqa: S704
        return chart.site.page(
            request,
            "map.html",
            seen=seen,
            down=[one for one in seen if not one.up],
            pictures=pictures,
            totals=totals(seen),
            live=live,
            refresh=REFRESH if live else 0,
            widening=Markup(chart.law.widening_svg()),  # noqa: S704
            steps=chart.law.course().steps,
        )


def totals(seen: Sequence[Seen]) -> Mapping[str, int | None]:
    """The nation's counts; null where the ledger, which alone knows, does not answer."""
    ledger = next((one.counts for one in seen if "ledger" in one.entry.services), {})
    gateways = [one.counts for one in seen if "waiting" in one.counts]
    refused = sum(one.counts.get("refused", 0) for one in seen)
    return {
        "events": ledger.get("events"),
        "withheld": ledger.get("withheld"),
        "refused": refused,
        "waiting": sum(counts["waiting"] for counts in gateways),
    }


def _numbers(body: bytes) -> Mapping[str, int]:
    try:
        return msgspec.json.decode(body, type=dict[str, int])
    except (msgspec.MsgspecError, UnicodeError):
        return {}
