"""What a room offers to the outside: handlers for signed messages, open resources, and pages."""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from kumihimo.base import ErrorType, Problem
from kumihimo.node.client import JSON, PROBLEM_JSON
from kumihimo.node.directory import Entry

type Scope = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
type Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
type AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Message:
    """A request that reached an institution.

    On the signed plane `sender` is the institution whose signature was verified, `nonce` the transaction it
    named (what counts for single use is the tx inside the signed body), `signature` its 64 bytes. On the
    open plane sender is None. `path` is what follows `/x/` or `/o/`; header names are in small letters.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    sender: Entry | None = None
    nonce: str = ""
    signature: bytes = b""


@dataclass(frozen=True, slots=True)
class Reply:
    """What an institution answers; on the signed plane the host signs it, and notes a `refusal`."""

    status: int
    body: bytes = field(repr=False)
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()
    refusal: ErrorType | None = None

    @classmethod
    def of(cls, problem: Problem) -> "Reply":
        """A refusal as an RFC 9457 problem document."""
        body = msgspec.json.encode(problem.document())
        return cls(problem.status, body, PROBLEM_JSON, refusal=problem.type)


type Handler = Callable[[Message], Awaitable[Reply]]


async def _nothing() -> None:
    """A room that holds nothing has nothing to close."""


@dataclass(frozen=True, slots=True)
class Room:
    """One room of an institution, open for business.

    `exchange` handles POST on `/x/<path>`, `open` handles GET on `/o/<path>` (a path ending in "/" stands for
    all below it), `posts` handles POST on `/o/<path>` by anybody, `pages` is an ASGI app for everything else;
    it must not depend on ASGI lifespan events.
    """

    name: str
    exchange: Mapping[str, Handler] = field(default_factory=dict)
    open: Mapping[str, Handler] = field(default_factory=dict)
    posts: Mapping[str, Handler] = field(default_factory=dict)
    pages: AsgiApp | None = None
    close: Callable[[], Awaitable[None]] = _nothing
