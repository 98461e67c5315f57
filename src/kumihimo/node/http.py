"""The door of a node: finds the institution and the handler, verifies who asks, signs what is answered.

`/<id>/x/<path>` signed messages between institutions, POST · `/<id>/o/<path>` open resources, GET, and POST
where a room takes something from anybody · `/<id>/…` pages. Whether a transaction was seen before is not
decided here: the exchange records it.
"""

import asyncio
import secrets
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import replace
from typing import Any

from kumihimo.base import ErrorType, Problem
from kumihimo.messages import http as signatures
from kumihimo.node import bundle
from kumihimo.node.database import STORE_AWAY
from kumihimo.node.directory import DirectoryIncompleteError, Entry
from kumihimo.node.handlers import AsgiApp, Handler, Message, Receive, Reply, Room, Scope, Send
from kumihimo.node.institution import Institution
from kumihimo.node.journal import JournalBusy, JournalUnavailable
from kumihimo.node.telemetry import where
from kumihimo.node.transport import Raw

BODY_LIMIT = 1024 * 1024
READ_TIMEOUT = 10.0


class Door:
    """One hosted institution: its handlers by plane and path."""

    def __init__(self, institution: Institution, rooms: Sequence[Room], own: Mapping[str, Handler]) -> None:
        self.institution = institution
        self._exchange: dict[str, Handler] = {}
        self._open: dict[str, Handler] = dict(own)
        self._posts: dict[str, Handler] = {}
        self._pages: AsgiApp | None = None
        for room in rooms:
            self._exchange |= room.exchange
            self._open |= room.open
            self._posts |= room.posts
            self._pages = room.pages or self._pages
        self._root_path = f"/{institution.settings.id}"

    async def signed(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a message of another institution; the answer is signed whatever it says."""
        body = await read_body(receive)
        if body is None:
            return  # the other side hung up
        headers = _headers(scope)
        message = self._verified(path, scope, headers, body)
        if isinstance(message, Problem):
            reply, signature, sender = Reply.of(message), signatures.signature_of(headers), None
        else:
            reply = await self._exchanged(message)
            signature, sender = message.signature, message.sender
        self._note(path, sender, reply)
        signed = signatures.sign_response(
            status=reply.status,
            body=reply.body,
            content_type=reply.content_type,
            request_signature=signature,
            key=self.institution.keys.sign,
            keyid=self.institution.settings.id,
            created=int(self.institution.clock().timestamp()),
        )
        await _send(send, reply.status, (*signed.items(), *reply.headers), reply.body)
        self.institution.metrics.request("x", reply.status)

    async def _exchanged(self, message: Message) -> Reply:
        """Handle a signed message, or each message of a bundle."""
        if message.path != bundle.PATH:
            return await self._handled(self._exchange, message)
        parts = bundle.read_parts(message.body)
        if isinstance(parts, Problem):
            return Reply.of(parts)
        messages = [
            replace(message, path=part.path, nonce=part.nonce, body=part.body, query="") for part in parts
        ]
        replies = await asyncio.gather(*(self._handled(self._exchange, one) for one in messages))
        for part, reply in zip(parts, replies, strict=True):
            self._note(part.path, message.sender, reply)
        answers = [bundle.PartAnswer(reply.status, reply.content_type, reply.body) for reply in replies]
        return Reply(200, bundle.write_bundle(answers), bundle.MSGPACK)

    def _note(self, path: str, sender: Entry | None, reply: Reply) -> None:
        if reply.refusal is not None:
            by = sender.id if sender else ""
            self.institution.logger.warning("message refused", type=reply.refusal.value, path=path, sender=by)

    def _verified(
        self, path: str, scope: Scope, headers: Mapping[str, str], body: bytes | Problem
    ) -> Message | Problem:
        """The message, if a known institution that is not suspended signed exactly this."""
        if isinstance(body, Problem):
            return body
        if scope["method"] != "POST" or len(headers) != len(scope["headers"]):
            return Problem(
                ErrorType.MALFORMED, detail="a signed message is a POST that names no header twice"
            )
        view = self.institution.directory
        if not view.fresh:
            return Problem(ErrorType.PROVIDER_UNAVAILABLE, detail="there is no directory in force here")
        directory = view.current
        query = scope["query_string"].decode("latin-1")
        verified = signatures.verify_request(
            method="POST",
            target_uri=f"{self.institution.settings.base_url}/x/{path}{'?' if query else ''}{query}",
            headers=headers,
            body=body,
            keys=directory.verify_key,
            now=int(self.institution.clock().timestamp()),
        )
        if isinstance(verified, Problem):
            return verified
        reason = directory.oversight.suspended.get(verified.keyid)
        if reason is not None:
            return Problem(ErrorType.INSTITUTION_SUSPENDED, detail=f"{verified.keyid} is suspended: {reason}")
        sender = directory.entries[verified.keyid]
        return Message("POST", path, query, headers, body, sender, verified.nonce, verified.signature)

    async def open(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer anybody who reads what is open (health, log, directory) or brings what anybody may bring."""
        method, body = scope["method"], b""
        handlers = self._open if method in {"GET", "HEAD"} else self._posts
        if method == "POST" and path in handlers:
            received = await read_body(receive)
            if received is None:
                return  # the other side hung up
            if isinstance(received, Problem):
                await _refuse(send, received)
                return
            body = received
        message = Message(method, path, scope["query_string"].decode("latin-1"), _headers(scope), body)
        if method in {"GET", "HEAD", "POST"}:
            reply = await self._handled(handlers, message)
        else:
            reply = Reply.of(Problem(ErrorType.NOT_FOUND, detail="open resources are read, or posted to"))
        own = (("content-type", reply.content_type), *reply.headers)
        await _send(send, reply.status, own, reply.body)
        self.institution.metrics.request("o", reply.status)

    async def pages(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand over to the institution's pages, if it has any."""
        if self._pages is None:
            await _refuse(send, Problem(ErrorType.NOT_FOUND, detail="this institution has no pages"))
        else:
            await self._pages({**scope, "root_path": self._root_path}, receive, send)

    async def _handled(self, handlers: Mapping[str, Handler], message: Message) -> Reply:
        path = message.path
        handler = handlers.get(path) or handlers.get(path[: path.find("/") + 1])
        if handler is None:
            return Reply.of(Problem(ErrorType.NOT_FOUND, detail="no such path at this institution"))
        try:
            return await handler(message)
        except JournalBusy:
            return Reply.of(Problem(ErrorType.BUSY))
        except JournalUnavailable:
            return Reply.of(_away("the store is away; bring the same message again"))
        except DirectoryIncompleteError as fault:
            return Reply.of(_away(str(fault)))
        except Exception as fault:  # noqa: BLE001 the caller learns only that, with a reference
            return Reply.of(self._unexpected(fault, path))

    def _unexpected(self, fault: Exception, path: str) -> Problem:
        reference = secrets.token_hex(8)
        kind, at = type(fault).__name__, where(fault)
        self.institution.logger.error("fault", reference=reference, fault=kind, at=at, path=path)
        if isinstance(fault, STORE_AWAY):
            return Problem(ErrorType.PROVIDER_UNAVAILABLE, detail="the store is away", reference=reference)
        return Problem(ErrorType.UNKNOWN, reference=reference)


class Host:
    """The ASGI application of a node process: one door per hosted institution, by the first path segment."""

    def __init__(self, doors: Sequence[Door]) -> None:
        self._doors = {door.institution.settings.id: door for door in doors}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI 3)."""
        if scope["type"] != "http":
            return
        name, _, rest = scope["path"][1:].partition("/")
        door = self._doors.get(name)
        plane, _, path = rest.partition("/")
        if door is None:
            await _refuse(send, Problem(ErrorType.NOT_FOUND, detail="no such institution at this node"))
        elif plane == "x":
            await door.signed(path, scope, receive, send)
        elif plane == "o":
            await door.open(path, scope, receive, send)
        else:
            await door.pages(scope, receive, send)

    async def nearby(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Raw:
        """Answer an institution in the same process, exactly as if its request had come by the socket."""
        received = {"type": "http.request", "body": body, "more_body": False}
        sent: list[MutableMapping[str, Any]] = []

        async def receive() -> MutableMapping[str, Any]:
            return received

        async def send(event: MutableMapping[str, Any]) -> None:
            sent.append(event)

        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": b"",
            "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()],
        }
        await self(scope, receive, send)
        found = {name.decode("latin-1"): value.decode("latin-1") for name, value in sent[0]["headers"]}
        return Raw(sent[0]["status"], found, sent[1]["body"])


async def read_body(receive: Receive) -> bytes | Problem | None:
    """The whole body; too-large beyond 1 MiB, malformed if it takes longer than 10 s, None if cut off."""
    parts: list[bytes] = []
    size, more = 0, True
    try:
        async with asyncio.timeout(READ_TIMEOUT):
            while more:
                event = await receive()
                if event["type"] != "http.request":
                    return None
                part = event.get("body", b"")
                size += len(part)
                if size > BODY_LIMIT:
                    return Problem(ErrorType.TOO_LARGE, detail=f"a body has at most {BODY_LIMIT} bytes")
                parts.append(part)
                more = event.get("more_body", False)
    except TimeoutError:
        return Problem(ErrorType.MALFORMED, detail=f"the body did not arrive within {READ_TIMEOUT:.0f} s")
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


def _away(detail: str) -> Problem:
    return Problem(ErrorType.PROVIDER_UNAVAILABLE, detail=detail)


async def _refuse(send: Send, problem: Problem) -> None:
    reply = Reply.of(problem)
    await _send(send, reply.status, (("content-type", reply.content_type),), reply.body)


async def _send(send: Send, status: int, headers: Sequence[tuple[str, str]], body: bytes) -> None:
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    raw.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})
