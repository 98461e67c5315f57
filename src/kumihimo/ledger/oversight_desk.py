"""The ledger's desk for those who watch it: epochs and transitions, and what is withheld by law.

Epochs are for the witnesses and the commission. The deferral set is for the commission alone: it sees who
withholds which kind of exchange on which ground until when, and never of whom.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import msgspec

from kumihimo.base import ErrorType, Problem
from kumihimo.ledger.deferral import Approval
from kumihimo.ledger.epoch_store import epoch_records, transition_of
from kumihimo.ledger.store import DecideJob
from kumihimo.node import AnyConnection, Entry, Handler, Institution, Message, Reply

MOST_EPOCHS = 10
_MOST = 1 << 62
_DECISIONS = {"approve": Approval.APPROVED, "release": Approval.REFUSED}


class _Range(msgspec.Struct, frozen=True, rename={"first": "from", "last": "to"}):
    first: int
    last: int


class _Epoch(msgspec.Struct, frozen=True):
    epoch: int


class _Decision(msgspec.Struct, frozen=True):
    commit: str
    decision: str


@dataclass(frozen=True, slots=True)
class Withheld:
    """One withheld event as the commission sees it: `until` was claimed, on the day `due` it is released."""

    commit: str
    inquirer: str
    permission: str
    ground: str
    until: str
    due: str
    by: str
    approval: str


@dataclass(slots=True)
class OversightDesk:
    """What the ledger shows to witnesses and to the commission."""

    institution: Institution
    decide: Callable[[DecideJob], Awaitable[bool]]

    async def epochs(self, body: bytes) -> bytes | Problem:
        """`x/epochs` {"from", "to"}: up to ten epoch records with their index in the ledger's log."""
        wanted = _read(body, _Range)
        if isinstance(wanted, Problem):
            return wanted
        if not 0 < wanted.first <= wanted.last < min(wanted.first + MOST_EPOCHS, _MOST):
            return Problem(ErrorType.MALFORMED, detail=f"at most {MOST_EPOCHS} epochs, in their order")
        async with self.institution.db.read() as conn:
            found = await epoch_records(conn, wanted.first, wanted.last)
        return msgspec.json.encode({"epochs": [{"index": index, "record": text} for index, text in found]})

    async def transition(self, body: bytes) -> bytes | Problem:
        """`x/transition` {"epoch"}: the transition document, in the bytes that its record names."""
        wanted = _read(body, _Epoch)
        if isinstance(wanted, Problem):
            return wanted
        if not 0 < wanted.epoch < _MOST:
            return Problem(ErrorType.MALFORMED, detail="an epoch has a number from 1")
        async with self.institution.db.read() as conn:
            found = await transition_of(conn, wanted.epoch)
        return found or Problem(ErrorType.NOT_FOUND, detail="there is no such epoch")

    async def deferrals(self, _: bytes) -> bytes | Problem:
        """`x/deferrals`: everything that is withheld now, the next to be released first."""
        async with self.institution.db.read() as conn:
            return msgspec.json.encode(await withheld_now(conn))

    async def decision(self, body: bytes) -> bytes | Problem:
        """`x/deferral-decision` {"commit", "decision": "approve" | "release"}."""
        said = _read(body, _Decision)
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
    """The deferral set as the commission sees it."""
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
        )
        for row in rows
    ]


_WITHHELD = """
    SELECT d.commit, v.sender, v.permission, d.ground, d.until, d.due, d.by, d.approval
    FROM ledger.deferred AS d JOIN ledger.event AS v USING (tx) WHERE NOT d.released ORDER BY d.due, d.leaf
"""


def _read[T](body: bytes, kind: type[T]) -> T | Problem:
    try:
        return msgspec.json.decode(body, type=kind, strict=True)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return Problem(ErrorType.MALFORMED, detail="the question has not the expected form")


def only_for(services: frozenset[str], handle: Callable[[bytes], Awaitable[bytes | Problem]]) -> Handler:
    """A handler for institutions of the directory with one of these services, and for nobody else."""

    def may(sender: Entry | None) -> bool:
        return sender is not None and not services.isdisjoint(sender.services)

    async def handler(message: Message) -> Reply:
        if not may(message.sender):
            problem = Problem(ErrorType.NOT_PERMITTED, detail="this desk is for those who watch the ledger")
            return Reply.of(problem)
        result = await handle(message.body)
        return Reply.of(result) if isinstance(result, Problem) else Reply(200, result)

    return handler
