"""HTTP/1.1 on kept connections, and nothing above it: one loop, no second thread, every answer bounded.

Between institutions a message is a few kilobytes, and most of its time goes into signatures, each of which
lets go of the interpreter lock. A client that works in a thread of its own then spends as much again on
handing that lock back and forth: measured on one core, a signed hop costs 310 µs this way and 510 µs the
other way at 16 in flight, 350 and 700 µs alone. So the parser (llhttp, by httptools) sits on the loop.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import cast
from urllib.parse import SplitResult, urlsplit

import httptools

from kumihimo.base import ErrorType, Problem

ANSWER_LIMIT = 16 * 1024 * 1024
HEADER_LIMIT = 32 * 1024
IN_FLIGHT = 1024  # requests to one address at once; more are refused here
_CONNECT = 2.0
_IDLE = 30.0  # seconds; our servers wait longer, so that none closes a connection while we write to it
_READ = frozenset({b"content-type", b"content-digest", b"signature-input", b"signature"})


@dataclass(frozen=True, slots=True)
class Raw:
    """An answer as it arrived: status, body, and the headers that matter (type, digest, signature)."""

    status: int
    headers: Mapping[str, str]
    body: bytes


type Nearby = Callable[[str, str, Mapping[str, str], bytes], Awaitable[Raw]]
"""Answers a request (method, path, headers, body) to this very process, as its socket would."""


class Transport:
    """Sends requests to other institutions; every failure to get a whole answer is `provider-unavailable`."""

    def __init__(self) -> None:
        self._addresses: dict[tuple[str, str], _Address] = {}
        self._near: dict[tuple[str, str], Nearby] = {}

    def near(self, url: str, nearby: Nearby) -> None:
        """Hand requests to this address over in the same process: only the socket is missing then."""
        parts = urlsplit(url)
        self._near[parts.scheme, parts.netloc] = nearby

    async def post(self, url: str, headers: Mapping[str, str], body: bytes, seconds: float) -> Raw | Problem:
        """POST and read the whole answer within so many seconds."""
        return await self._ask("POST", url, headers, body, seconds)

    async def get(self, url: str, headers: Mapping[str, str], seconds: float) -> Raw | Problem:
        """GET and read the whole answer within so many seconds."""
        return await self._ask("GET", url, headers, b"", seconds)

    async def close(self) -> None:
        """Close the idle connections; those in use end with their answers."""
        for address in self._addresses.values():
            while address.idle:
                address.idle.pop().drop("closed")

    async def _ask(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, seconds: float
    ) -> Raw | Problem:
        parts = urlsplit(url)
        nearby = self._near.get((parts.scheme, parts.netloc))
        if nearby is None:
            return await self._send(method, url, headers, body, seconds)
        try:
            async with asyncio.timeout(seconds):
                return await nearby(method, parts.path, headers, body)
        except TimeoutError:
            return unavailable("no answer in time")

    async def _send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, seconds: float
    ) -> Raw | Problem:
        parts = urlsplit(url)
        address = self._addresses.get((parts.scheme, parts.netloc))
        if address is None:
            address = self._addresses[parts.scheme, parts.netloc] = _address(parts)
        if address.in_flight >= IN_FLIGHT:
            return Problem(ErrorType.BUSY, detail="too many requests to this address are under way")
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
        lines = f"host: {parts.netloc}\r\ncontent-length: {len(body)}\r\n{lines}"
        head = f"{method} {target} HTTP/1.1\r\n{lines}\r\n"
        address.in_flight += 1
        try:
            connection = await address.connection()
            raw = await connection.ask(head.encode("latin-1") + body, seconds)
        except (_BrokenError, OSError) as fault:
            return unavailable(str(fault) or type(fault).__name__)
        finally:
            address.in_flight -= 1
        address.keep(connection)
        return raw


def unavailable(detail: str) -> Problem:
    """The refusal that says an institution could not be reached, and in a few words why."""
    return Problem(ErrorType.PROVIDER_UNAVAILABLE, detail=detail)


class _BrokenError(Exception):
    """The connection gave no whole answer; the message says in a few words why."""


@dataclass(slots=True)
class _Address:
    """Where institutions live: host and port, and the idle connections to it, the freshest last."""

    host: str
    port: int
    tls: ssl.SSLContext | None
    idle: list["_Connection"] = field(default_factory=list)
    in_flight: int = 0

    async def connection(self) -> "_Connection":
        """An idle connection that is still good, or a new one."""
        while self.idle:
            kept = self.idle.pop()
            if kept.usable and monotonic() - kept.idle_since < _IDLE:
                return kept
            kept.drop("idle for too long")
        async with asyncio.timeout(_CONNECT):
            loop = asyncio.get_running_loop()
            _, fresh = await loop.create_connection(_Connection, self.host, self.port, ssl=self.tls)
        return fresh

    def keep(self, connection: "_Connection") -> None:
        """Take a connection back after its answer."""
        if connection.usable:
            connection.idle_since = monotonic()
            self.idle.append(connection)


def _address(parts: SplitResult) -> _Address:
    tls = ssl.create_default_context() if parts.scheme == "https" else None
    return _Address(parts.hostname or "", parts.port or (443 if tls else 80), tls)


class _Connection(asyncio.Protocol):
    """One kept connection with one request at a time on it; also its parser's listener."""

    def __init__(self) -> None:
        self.idle_since = 0.0
        self.usable = True
        self._transport: asyncio.WriteTransport | None = None
        self._answer: asyncio.Future[Raw] | None = None

    async def ask(self, request: bytes, seconds: float) -> Raw:
        """Send one request and wait for its whole answer; _BrokenError if there is none in time."""
        if self._transport is None or not self.usable:
            raise _BrokenError("connection closed")
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Raw] = loop.create_future()
        self._answer = answer
        self._parser = httptools.HttpResponseParser(self)
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []
        self._head_size, self._body_size, self._in_head = 0, 0, True
        late = loop.call_later(seconds, self.drop, "no answer in time")
        try:
            self._transport.write(request)
            return await answer
        except asyncio.CancelledError:
            self.drop("given up")
            raise
        finally:
            late.cancel()

    def drop(self, reason: str) -> None:
        """Close the connection at once, and tell who waits for an answer."""
        self.usable = False
        if self._transport is not None:
            self._transport.abort()
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(_BrokenError(reason))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.drop("connection closed")

    def data_received(self, data: bytes) -> None:
        if self._answer is None or self._answer.done():
            self.drop("data nobody asked for")
            return
        if self._in_head:
            self._head_size += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self.drop("the answer is not HTTP")
        if self._in_head and self._head_size > HEADER_LIMIT:
            self.drop("the answer's headers are too long")

    # The parser calls these.

    def on_message_begin(self) -> None:
        if self._answer is None or self._answer.done():
            self.drop("data nobody asked for")

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        if name in _READ:
            key, text = name.decode(), value.decode("latin-1")
            # A header that comes twice reads as a list, which no signature header may be.
            self._headers[key] = f"{self._headers[key]}, {text}" if key in self._headers else text

    def on_headers_complete(self) -> None:
        self._in_head = False

    def on_body(self, part: bytes) -> None:
        self._body_size += len(part)
        if self._body_size > ANSWER_LIMIT:
            self.drop("the answer is too long")
        else:
            self._body.append(part)

    def on_message_complete(self) -> None:
        if self._answer is not None and not self._answer.done():
            self.usable = self.usable and self._parser.should_keep_alive()
            body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
            self._answer.set_result(Raw(self._parser.get_status_code(), self._headers, body))
