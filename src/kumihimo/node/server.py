"""The HTTP server of a node: uvicorn on uvloop and httptools, with limits it does not have itself."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from kumihimo.base import ErrorType, Problem
from kumihimo.node.handlers import AsgiApp, Reply

HEADER_LIMIT = 32 * 1024
HEADER_TIMEOUT = 10.0
BODY_TIMEOUT = 15.0  # longer than a signed message may take, which gets an answer before it is cut off
_KEEP_ALIVE = 75  # seconds; longer than any client of ours keeps an idle connection
_BACKLOG = 2048
_GRACE = 20  # seconds for answers in the making when the node stops


class GuardedProtocol(HttpToolsProtocol):
    """Closes connections on which too much or too little comes, and refuses garbage with a typed problem."""

    _deadline: asyncio.TimerHandle | None = None
    _unfinished = 0
    _receiving = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the clock: the first headers must be complete in time."""
        super().connection_made(transport)
        self._deadline = self.loop.call_later(HEADER_TIMEOUT, transport.close)

    def data_received(self, data: bytes) -> None:
        """Read on; keep count while headers are unfinished, and the time until a message is whole."""
        super().data_received(data)
        if self._unfinished:
            self._unfinished += len(data)
            if self._unfinished > HEADER_LIMIT:
                self.send_400_response("the headers are too long")
            elif self._deadline is None:
                self._deadline = self.loop.call_later(HEADER_TIMEOUT, self.transport.close)
        elif self._receiving and self._deadline is None:
            self._deadline = self.loop.call_later(BODY_TIMEOUT, self.transport.close)

    def on_message_begin(self) -> None:
        """Headers begin."""
        self._unfinished, self._receiving = 1, True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Headers are whole: stop the clock."""
        self._unfinished = 0
        self._stop_clock()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The body is whole: stop the clock."""
        self._receiving = False
        self._stop_clock()
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the clock."""
        self._stop_clock()
        super().connection_lost(exc)

    def _stop_clock(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP, unsigned: there is no request an answer could belong to."""
        reply = Reply.of(Problem(ErrorType.MALFORMED, detail=msg))
        head = (
            f"HTTP/1.1 400 Bad Request\r\ncontent-type: {reply.content_type}\r\n"
            f"content-length: {len(reply.body)}\r\nconnection: close\r\n\r\n"
        )
        self._unfinished = 0
        self.transport.write(head.encode() + reply.body)
        self.transport.close()


class Server(uvicorn.Server):
    """Uvicorn without its own signal handling: the node decides when to stop."""

    def __init__(self, app: AsgiApp) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=GuardedProtocol,
                ws="none",
                lifespan="off",
                interface="asgi3",
                access_log=False,
                log_config=None,
                server_header=False,
                date_header=False,
                proxy_headers=False,
                timeout_keep_alive=_KEEP_ALIVE,
                timeout_graceful_shutdown=_GRACE,
            )
        )

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the node."""
        yield


def listen(host: str, port: int) -> socket.socket:
    """Take the port, or raise OSError; uvicorn itself would end the process without a word."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=_BACKLOG)
