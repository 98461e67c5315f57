"""The ledger's desk for those who watch it: what each epoch changed, and what is withheld by law.

Transitions are for the witnesses and the commission. The deferral set is for the commission alone: it sees
who withholds which kind of exchange on which ground until when, and never of whom.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import msgspec

from kumihimo.base import ErrorType, Problem
from kumihimo.ledger.deferral import Approval
from kumihimo.ledger.epoch_store import transition_of
from kumihimo.ledger.store import DecideJob
from kumihimo.node import AnyConnection, Entry, Handler, Institution, Message, Reply

_MOST = 1 << 62
_DECISIONS = {"approve": Approval.APPROVED, "release": Approval.REFUSED}


class _Epoch(msgspec.Struct, frozen=True):
    epoch: int


class _Decision(msgspec.Struct, frozen=True):
    commit: str
    decision: str


@dataclass(frozen=True, slots=True)
class Withheld:
    """One withheld event as the commission sees it: `until` was claimed, on the day `due` it is released.

    `counted` if it is in the set of the epoch that the list names, `released` if it leaves with the next
    one; `salt` (hexadecimal) opens its leaf.
    """

    commit: str
    inquirer: str
    permission: str
    ground: str
    until: str
    due: str
    by: str
    approval: str
    salt: str
    counted: bool
    released: bool


@dataclass(slots=True)
class OversightDesk:
    """What the ledger shows to witnesses and to the commission."""

    institution: Institution
    decide: Callable[[DecideJob], Awaitable[bool]]

    async def transition(self, message: Message) -> bytes | Problem:
        """`x/transition` {"epoch"}: the transition document, in the bytes that its record names."""
        wanted = _read(message.body, _Epoch)
        if isinstance(wanted, Problem):
            return wanted
        if not 0 < wanted.epoch < _MOST:
            return Problem(ErrorType.MALFORMED, detail="an epoch has a number from 1")
        async with self.institution.db.read() as conn:
            found = await transition_of(conn, wanted.epoch)
        return found or Problem(ErrorType.NOT_FOUND, detail="there is no such epoch")

    async def deferrals(self, _: Message) -> bytes | Problem:
        """`x/deferrals`: the newest epoch, and its set with what moves since, the next to end first."""
        async with (
            self.institution.db.read() as conn,
            conn.transaction(isolation="repeatable_read", readonly=True),
        ):
            epoch = await conn.fetchval("SELECT coalesce(max(number), 0) FROM ledger.epoch")
            return msgspec.json.encode({"epoch": epoch, "withheld": await withheld_now(conn)})

    async def decision(self, message: Message) -> bytes | Problem:
        """`x/deferral-decision` {"commit", "decision": "approve" | "release"}."""
        said = _read(message.body, _Decision)
        if isinstance(said, Problem):
            return said
        approval = _DECISIONS.get(said.decision)
        try:
            commit = bytes.fromhex(said.commit)
        except ValueError:
            return Problem(ErrorType.MALFORMED, detail="a commitment is hexadecimal")
        if approval is None:
            return Problem(ErrorType.MALFORMED, detail="a decision is approve or release")
        if not await self.decide(DecideJob(commit, approval)):
            return Problem(ErrorType.NOT_FOUND, detail="nothing is withheld under this commitment")
        return msgspec.json.encode({"approval": approval.value})


async def withheld_now(conn: AnyConnection) -> list[Withheld]:
    """The deferral set as the commission sees it: what an epoch counts, and what enters with the next."""
    rows = await conn.fetch(_WITHHELD)
    return [
        Withheld(
            commit=row["commit"].hex(),
            inquirer=row["sender"],
            permission=row["permission"],
            ground=row["ground"],
            until=row["until"].isoformat(),
            due=row["due"].isoformat(),
            by=row["by"],
            approval=row["approval"],
            salt=row["salt"].hex(),
            counted=row["entered"] is not None,
            released=row["released"],
        )
        for row in rows
    ]


_WITHHELD = """
    SELECT d.commit, v.sender, v.permission, d.ground, d.until, d.due, d.by, d.approval, d.salt, d.entered,
        d.released
    FROM ledger.deferred AS d JOIN ledger.event AS v USING (tx)
    WHERE d.gone IS NULL AND (d.entered IS NOT NULL OR NOT d.released) ORDER BY d.due, d.leaf
"""


def _read[T](body: bytes, kind: type[T]) -> T | Problem:
    try:
        return msgspec.json.decode(body, type=kind, strict=True)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return Problem(ErrorType.MALFORMED, detail="the question has not the expected form")


def only_for(services: frozenset[str], handle: Callable[[Message], Awaitable[bytes | Problem]]) -> Handler:
    """A handler for institutions of the directory with one of these services, and for nobody else."""

    def may(sender: Entry | None) -> bool:
        return sender is not None and not services.isdisjoint(sender.services)

    async def handler(message: Message) -> Reply:
        if not may(message.sender):
            problem = Problem(ErrorType.NOT_PERMITTED, detail="this desk is for those who watch the ledger")
            return Reply.of(problem)
        result = await handle(message)
        return Reply.of(result) if isinstance(result, Problem) else Reply(200, result)

    return handler
