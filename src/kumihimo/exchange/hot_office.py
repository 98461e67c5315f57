"""The one route of the office API that a benefit campaign calls a million times, without the framework.

`POST …/api/inquiries` with a well-formed body and the right key is answered here; everything else, and
every doubt, goes on to the application that documents and refuses it.
"""

from collections.abc import Iterable

import msgspec

from kumihimo.base import Problem
from kumihimo.exchange.gateway import Gateway
from kumihimo.exchange.office import PROBLEM_JSON, InquiryBody, ask, given_document, shows_key
from kumihimo.node import AsgiApp, Receive, Scope, Send, read_body

_PATH = "/api/inquiries"
_read = msgspec.json.Decoder(InquiryBody)


def with_hot_inquiries(gateway: Gateway, app: AsgiApp) -> AsgiApp:
    """Answer inquiries at once; hand everything else to the application."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "POST" or not scope["path"].endswith(_PATH) or not _welcome(gateway, scope):
            await app(scope, receive, send)
            return
        body = await read_body(receive)
        if body is None:
            return
        if isinstance(body, Problem):
            await _send(send, body.status, PROBLEM_JSON, body.document())
            return
        try:
            question = _read.decode(body)
        except msgspec.MsgspecError:
            await app(scope, _again(body), send)
            return
        result = await ask(gateway, question.question())
        if isinstance(result, Problem):
            await _send(send, result.status, PROBLEM_JSON, result.document())
        else:
            await _send(send, 200, "application/json", given_document(result))

    return wrapped


def _welcome(gateway: Gateway, scope: Scope) -> bool:
    headers: Iterable[tuple[bytes, bytes]] = scope["headers"]
    shown = next((value for name, value in headers if name == b"authorization"), b"")
    return shows_key(gateway, shown.decode("latin-1"))


def _again(body: bytes) -> Receive:
    """The body once more, for the application to say what is wrong with it."""

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def _send(send: Send, status: int, content_type: str, document: dict[str, object]) -> None:
    body = msgspec.json.encode(document)
    headers = [(b"content-type", content_type.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
