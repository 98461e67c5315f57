"""What is withheld by law, as the ledger lists it, held against what its newest epoch has committed to.

The list is the ledger's word. Each line comes with the salt of its leaf, so that the lines that an epoch
counts must give the count and the root in that epoch's record, which the commission has proved in the
ledger's log. A list that leaves one out, adds one or says other terms does not match, and is an alarm.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import msgspec

from kumihimo.base import ErrorType, Problem
from kumihimo.ledger import deferral_leaf, deferral_root
from kumihimo.oversight import store
from kumihimo.oversight.alarms import alarm_of_log
from kumihimo.oversight.collecting import Collector
from kumihimo.oversight.entries import UNREADABLE, Count, Epoch
from kumihimo.oversight.reconciling import Kind

type Ask = Callable[[], Awaitable[bytes | Problem]]


class Withheld(msgspec.Struct, frozen=True):
    """One withheld exchange as the ledger shows it: `until` was claimed, on `due` it ends.

    `counted` if it is in the set of the epoch that the list names, `released` if it leaves with the next
    one; `salt` (hexadecimal) opens its leaf.
    """

    commit: str
    inquirer: str
    permission: str
    ground: str
    until: date
    due: date
    by: str
    approval: str
    salt: str
    counted: bool
    released: bool

    def __post_init__(self) -> None:
        """Refuse what is no salt."""
        bytes.fromhex(self.salt)

    @property
    def leaf(self) -> bytes:
        """What stands for it in the set."""
        return deferral_leaf(
            bytes.fromhex(self.salt),
            commit=self.commit,
            until=self.until.isoformat(),
            ground=self.ground,
            by=self.by,
        )


class _List(msgspec.Struct, frozen=True):
    epoch: Count
    withheld: tuple[Withheld, ...]


class Check(StrEnum):
    """Whether the list is what the newest epoch commits to; UNCHECKED when that epoch is not proved here."""

    MATCHES = "matches"
    DIFFERS = "differs"
    UNCHECKED = "unchecked"


@dataclass(frozen=True, slots=True)
class Listed:
    """All that is withheld now, the first to end first, as of an epoch, and what became of the check."""

    epoch: int
    found: Sequence[Withheld]
    check: Check


_list = msgspec.json.Decoder(_List)


def check_list(epoch: Epoch, found: Sequence[Withheld]) -> Check:
    """Hold the lines that an epoch counts against its record. Pure."""
    leaves = [one.leaf for one in found if one.counted]
    same = len(leaves) == epoch.deferred and deferral_root(leaves).hex() == epoch.deferred_root
    return Check.MATCHES if same else Check.DIFFERS


async def list_withheld(collector: Collector, ask: Ask) -> Listed | Problem:
    """Ask the ledger what is withheld, and check it; a list that does not match is an alarm."""
    await collector.read(collector.ledger)
    before = await _newest(collector)
    body = await ask()
    if isinstance(body, Problem):
        return body
    try:
        said = _list.decode(body)
    except UNREADABLE:
        return Problem(ErrorType.MALFORMED, detail="the ledger's list of withheld exchanges cannot be read")
    check = await _check(collector, said, before)
    if check is Check.DIFFERS:
        await collector.alarm([alarm_of_log(Kind.DIFFERING, collector.ledger, said.epoch)], ())
    return Listed(said.epoch, [one for one in said.withheld if not one.released], check)


async def _check(collector: Collector, said: _List, before: int) -> Check:
    """A list older than what was proved before it was asked for does not match either."""
    if said.epoch < before:
        return Check.DIFFERS
    if said.epoch == 0:
        return Check.DIFFERS if any(one.counted for one in said.withheld) else Check.MATCHES
    if said.epoch > before:
        await collector.read(collector.ledger)
    async with collector.db.read() as conn:
        epoch = await store.proved_epoch(conn, collector.ledger, said.epoch)
    return check_list(epoch, said.withheld) if epoch else Check.UNCHECKED


async def _newest(collector: Collector) -> int:
    async with collector.db.read() as conn:
        return await store.newest_epoch(conn, collector.ledger)
