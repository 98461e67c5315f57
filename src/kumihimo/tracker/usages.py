"""A person's records as usages of Estonia's data tracker (Andmejälgija, interface 2.0.0). Pure.

The names are theirs, so that a portal that reads usages of Estonian registers reads ours:
`logtime`, `action`, `receiverCode`, `receiverName`, `receiverSystem`. What each is made of, and what their
interface cannot say, is written down in docs/protocols/tracker.md.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from kumihimo.exchange import DISCLOSE_RIGHT, Outcome, plain
from kumihimo.law import Law
from kumihimo.ledger import Line
from kumihimo.node import Entry

LOOK = "本人による記録の閲覧"
"""The action of a person's own look."""

_ENDINGS: Mapping[Outcome | None, str] = {
    Outcome.PROVIDED: "提供",
    Outcome.REFUSED: "提供されず",
    Outcome.PENDING: "確認中",
    None: "結果の連絡待ち",
}


class Usage(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One use of personal data: when, for what, and who received it (their code, name and office)."""

    logtime: datetime
    action: str
    receiver_code: str
    receiver_name: str
    receiver_system: str


@dataclass(frozen=True, slots=True)
class Period:
    """From when to when usages are wanted, both ends included; None is no bound."""

    start: datetime | None = None
    end: datetime | None = None

    def holds(self, at: datetime) -> bool:
        """Whether a moment lies within."""
        return (self.start is None or self.start <= at) and (self.end is None or at <= self.end)


def usages(
    lines: Iterable[Line], period: Period, law: Law, directory: Mapping[str, Entry]
) -> Sequence[Usage]:
    """The usages within a period, the latest first, as the tracker's interface asks."""
    found = [_usage(line, law, directory) for line in lines]
    found.sort(key=lambda usage: usage.logtime, reverse=True)
    return [usage for usage in found if period.holds(usage.logtime)]


def _usage(line: Line, law: Law, directory: Mapping[str, Entry]) -> Usage:
    asked = line.asked
    receiver = directory.get(asked.inquirer)
    return Usage(
        logtime=datetime.fromtimestamp(asked.time / 1000, UTC),
        action=_action(line, law),
        receiver_code=receiver.number if receiver else asked.inquirer,
        receiver_name=receiver.name if receiver else asked.inquirer,
        receiver_system=asked.office,
    )


def _action(line: Line, law: Law) -> str:
    asked = line.asked
    if asked.permission == DISCLOSE_RIGHT:
        return LOOK
    row = law.row(asked.permission)
    affair = plain(row.affair) if row else asked.permission
    return f"{affair}：{asked.information}（{_ENDINGS[line.outcome.outcome if line.outcome else None]}）"
