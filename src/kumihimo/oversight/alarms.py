"""Alarms: what is wrong, who has to answer, and until when. Pure; deadlines are data (`deadlines.toml`)."""

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib import resources

import msgspec

from kumihimo.oversight.reconciling import Finding, Kind


@dataclass(frozen=True, slots=True)
class Deadline:
    """How many days there are to answer an alarm of one kind, and what is asked, in both languages."""

    days: int
    ja: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One alarm. `commit` names the exchange, or `place` an entry or epoch of the owner's log."""

    id: bytes
    kind: Kind
    owner: str
    commit: bytes | None = None
    place: int | None = None
    permission: str = ""
    hour: int | None = None
    inquirer: str = ""
    provider: str = ""
    holders: tuple[str, ...] = ()

    @property
    def told(self) -> tuple[str, ...]:
        """Who is told: the institution that has to answer, and all others that hold the exchange."""
        return (self.owner, *(one for one in self.holders if one != self.owner))


@cache
def deadlines() -> Mapping[Kind, Deadline]:
    """The deadlines in force."""
    text = (resources.files("kumihimo.oversight") / "deadlines.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), dict[Kind, Deadline])


def due(kind: Kind, raised: date) -> date:
    """The last day to answer an alarm that was raised on a day."""
    return raised + timedelta(days=deadlines()[kind].days)


def alarm_of(finding: Finding) -> Alarm:
    """The alarm about one exchange."""
    about = finding.about
    return Alarm(
        id=_id(finding.kind, finding.owner, about.commit.hex()),
        kind=finding.kind,
        owner=finding.owner,
        commit=about.commit,
        permission=about.row,
        hour=about.hour,
        inquirer=about.inquirer,
        provider=about.provider,
        holders=finding.holders,
    )


def alarm_of_log(kind: Kind, owner: str, place: int) -> Alarm:
    """The alarm about a whole log, at one of its entries or epochs."""
    return Alarm(id=_id(kind, owner, str(place)), kind=kind, owner=owner, place=place)


def _id(kind: Kind, owner: str, what: str) -> bytes:
    """The same fault has the same name, however often it is found."""
    return hashlib.sha256(f"{kind}\n{owner}\n{what}".encode()).digest()[:16]
