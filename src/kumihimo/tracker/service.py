"""The tracker's three desks: is it there, since when does it hold usages, and which are a person's.

Only institutions that the directory names as disclosure systems are heard. The person is named by a
disclosure slip made for the ledger like any other, never by a number: the caller shows, with both operators'
stamps, for which of its own people it asks. The look is recorded on the person before anything is shown.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from kumihimo.base import ErrorType, Problem
from kumihimo.exchange import Delivery, Rules, answer_form
from kumihimo.ledger.second_door import SecondDoor
from kumihimo.node import Entry, Institution, healthy
from kumihimo.tracker.usages import Period, usages

SERVICE = "disclosure"
ITEM = "usages"
"""The item that a slip for this door names."""
LIMIT = 1000
MOST = 10_000


class FindUsage(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What findUsage is asked with: a disclosure in place of a personal code, the rest as in Estonia."""

    delivery: Delivery
    period_start: datetime | None = None
    period_end: datetime | None = None
    offset: int = 0
    limit: int = LIMIT


class Heartbeat(msgspec.Struct, frozen=True):
    """Whether the tracker can answer now: OK or FAIL, and a sentence for people."""

    status: str
    message: str


class UsagePeriod(msgspec.Struct, frozen=True, rename="camel"):
    """Since when usages are held; no end means until now."""

    period_start: datetime


_query = msgspec.json.Decoder(FindUsage, strict=True)


@dataclass(frozen=True, slots=True)
class Tracker:
    """Estonia's data tracker over the ledger."""

    institution: Institution
    rules: Rules
    door: SecondDoor

    async def heartbeat(self, _: bytes, sender: Entry | None) -> bytes | Problem:
        """Answer whether all that is needed works."""
        refused = _stranger(sender)
        if refused:
            return refused
        well = await healthy(self.institution)
        said = Heartbeat("OK", "ready") if well else Heartbeat("FAIL", "not ready; come again later")
        return msgspec.json.encode(said)

    async def usage_period(self, _: bytes, sender: Entry | None) -> bytes | Problem:
        """Answer since when usages are held."""
        refused = _stranger(sender)
        return refused or msgspec.json.encode(UsagePeriod((await self.door.kept_since()).astimezone(UTC)))

    async def find_usage(self, body: bytes, sender: Entry | None) -> bytes | Problem:
        """Record the look, and give one page of the person's usages, sealed to the caller."""
        query = _stranger(sender) or _read(body)
        if isinstance(query, Problem):
            return query
        shown = await self.door.show(query.delivery, sender, ITEM)
        if isinstance(shown, Problem):
            return shown
        period = Period(_aware(query.period_start), _aware(query.period_end))
        entries = self.institution.directory.current.entries
        found = usages(shown.lines, period, self.rules.law, entries)
        page = found[query.offset : query.offset + query.limit]
        items: dict[str, object] = {ITEM: {"totalUsages": len(found), "usages": page}}
        return answer_form.write(self.door.answer(shown, items))


def _read(body: bytes) -> FindUsage | Problem:
    malformed = Problem(
        ErrorType.MALFORMED,
        detail=f"not a findUsage: offset is 0 or more, limit 1 to {MOST}",
        detail_ja=f"findUsage の形が正しくありません（offset は0以上、limit は1から{MOST}まで）",
    )
    try:
        query = _query.decode(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError, ValueError):
        return malformed
    return query if query.offset >= 0 and 1 <= query.limit <= MOST else malformed


def _stranger(sender: Entry | None) -> Problem | None:
    if sender is not None and SERVICE in sender.services:
        return None
    return Problem(
        ErrorType.NOT_PERMITTED,
        detail="the tracker answers disclosure systems only",
        detail_ja="この窓口は情報提供等記録開示システムだけが利用できます",
    )


def _aware(moment: datetime | None) -> datetime | None:
    """A time without a zone is UTC, as in Estonia's examples."""
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment
