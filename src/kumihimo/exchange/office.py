"""The office API: how an institution's own systems use its gateway (documented as OpenAPI 3.1).

It is reached by the institution's own systems only, with the office key as bearer token; other
institutions never come here. Refusals are RFC 9457 problem documents.
"""

import hmac
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.exceptions import NotAuthorizedException
from litestar.handlers import BaseRouteHandler

from kumihimo.base import ErrorType, Problem
from kumihimo.exchange.answers import Given, problem_of
from kumihimo.exchange.envelopes import Wanted
from kumihimo.exchange.gateway import Gateway
from kumihimo.exchange.inquirer import Question
from kumihimo.exchange.slip import Conditions, Mark
from kumihimo.node import STORE_AWAY, JournalBusy, JournalUnavailable

PROBLEM_JSON = "application/problem+json"
_STORE_AWAY = Problem(ErrorType.PROVIDER_UNAVAILABLE, detail="this office's own store is away")


@dataclass(frozen=True, slots=True, kw_only=True)
class InquiryBody:
    """A question of an office system about one of its people."""

    subject: str = field(repr=False)
    to: str
    permission: str
    information: str
    items: tuple[str, ...]
    piece: str | None = None
    layout: int = 1
    as_of: str | None = None
    since: str | None = None
    until: str | None = None
    case: str = ""
    office: str = ""
    operator: str = ""
    withhold_ground: str | None = None
    withhold_until: str | None = None
    bulk: bool = False

    def question(self) -> Question:
        """The question as the gateway takes it."""
        mark = None
        if self.withhold_ground and self.withhold_until:
            mark = Mark(ground=self.withhold_ground, until=self.withhold_until)
        return Question(
            subject=self.subject,
            to=self.to,
            permission=self.permission,
            information=self.information,
            items=self.items,
            piece=self.piece,
            layout=self.layout,
            conditions=Conditions(as_of=self.as_of, since=self.since, until=self.until),
            case=self.case,
            office=self.office,
            operator=self.operator,
            mark=mark,
            bulk=self.bulk,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AcquisitionBody:
    """Codes an office wants made: numbers it holds lawfully, under the recipient's own references."""

    recipient: str
    affair: str
    rows: tuple[Wanted, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionBody:
    """A human's decision on a waiting question."""

    approve: bool
    by: str


@cache
def office_key(folder: Path) -> bytes:
    """Read the key that the institution's own systems show, as they show it."""
    return (folder / "office.key").read_bytes().strip()


def shows_key(gateway: Gateway, authorization: str) -> bool:
    """Whether an Authorization header shows the office key."""
    key = office_key(gateway.institution.settings.runtime.keys)
    return hmac.compare_digest(authorization.removeprefix("Bearer ").encode(), key)


async def only_own_systems(
    connection: ASGIConnection[object, object, object, State], _: BaseRouteHandler
) -> None:
    """Refuse whoever does not show the office key."""
    if not shows_key(connection.app.state.gateway, connection.headers.get("authorization", "")):
        raise NotAuthorizedException(detail="show the office key as bearer token")


def refuse(problem: Problem) -> Response[bytes]:
    """A refusal as a problem document."""
    return Response(
        msgspec.json.encode(problem.document()), status_code=problem.status, media_type=PROBLEM_JSON
    )


def given_document(given: Given) -> dict[str, object]:
    """An answer as the office's systems read it."""
    answer, problem = given.answer, problem_of(given.answer)
    return {
        "tx": given.tx,
        "outcome": answer.outcome.value,
        "row": answer.row,
        "relayed": answer.relayed,
        "replaces": answer.replaces,
        "withheld": answer.withheld,
        "absent": answer.absent,
        "live": answer.cached_at is None,
        "answered_at": answer.time,
        "problem": problem.document() if problem else None,
        "items": given.items,
    }


async def ask(gateway: Gateway, question: Question) -> Given | Problem:
    """Ask, and turn a store that is full or away into a refusal."""
    try:
        return await gateway.inquirer.inquire(question)
    except JournalBusy:
        return Problem(ErrorType.BUSY)
    except (JournalUnavailable, *STORE_AWAY):
        return _STORE_AWAY


def refuse_for_now(_: Request[object, object, State], fault: Exception) -> Response[bytes]:
    """A refusal when the journal is full or the store is away."""
    return refuse(Problem(ErrorType.BUSY) if isinstance(fault, JournalBusy) else _STORE_AWAY)


class Office(Controller):
    """Inquiries, acquisitions and approvals for the institution's own systems."""

    path = "/api"
    guards = (only_own_systems,)
    exception_handlers = dict.fromkeys((JournalBusy, JournalUnavailable, *STORE_AWAY), refuse_for_now)

    @post("/inquiries", status_code=200)
    async def inquire(self, data: InquiryBody, state: State) -> Response[bytes]:
        """Ask one institution about one person, and wait for the answer."""
        result = await ask(state.gateway, data.question())
        if isinstance(result, Problem):
            return refuse(result)
        return Response(msgspec.json.encode(given_document(result)), media_type="application/json")

    @get("/inquiries/{tx:str}")
    async def inquiry(self, tx: str, state: State) -> Response[bytes]:
        """How an inquiry stands: the way to collect an answer that a human had to approve."""
        found = await state.gateway.inquirer.find(tx)
        if isinstance(found, Problem):
            return refuse(found)
        return Response(msgspec.json.encode(given_document(found)), media_type="application/json")

    @post("/acquisitions", status_code=200)
    async def acquire(self, data: AcquisitionBody, state: State) -> Response[bytes]:
        """Have institution codes made for people this office lawfully holds the number of."""
        result = await state.gateway.acquirer.acquire(data.recipient, data.affair, data.rows)
        if isinstance(result, Problem):
            return refuse(result)
        taken, refused = result
        return Response(
            msgspec.json.encode({"codes": taken, "refused": refused}), media_type="application/json"
        )

    @get("/approvals")
    async def approvals(self, state: State) -> Response[bytes]:
        """The questions that wait for a human here."""
        return Response(
            msgspec.json.encode(await state.gateway.approvals.waiting()), media_type="application/json"
        )

    @post("/approvals/{tx:str}", status_code=200)
    async def decide(self, tx: str, data: DecisionBody, state: State) -> Response[bytes]:
        """Decide a waiting question, once."""
        decided = await state.gateway.approvals.decide(_tx(tx), approve=data.approve, by=data.by)
        if isinstance(decided, Problem):
            return refuse(decided)
        return Response(msgspec.json.encode({"outcome": decided.value}), media_type="application/json")


def _tx(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""
