"""HTTP/1.1 on kept connections, and nothing above it (pyreqwest behind one small class)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from pyreqwest.client import ClientBuilder
from pyreqwest.exceptions import PyreqwestError
from pyreqwest.response import Response

from kumihimo.base import ErrorType, Problem

ANSWER_LIMIT = 16 * 1024 * 1024
_CONNECT, _IDLE, _PER_HOST = timedelta(seconds=2), timedelta(seconds=30), 64


@dataclass(frozen=True, slots=True)
class Raw:
    """An answer as it arrived: status, headers with names in small letters, body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Transport:
    """Sends requests to other institutions; every failure to get an answer is `provider-unavailable`."""

    def __init__(self) -> None:
        # Our servers keep idle connections for longer than _IDLE, so that none closes while we write to it.
        builder = ClientBuilder().connect_timeout(_CONNECT).pool_idle_timeout(_IDLE)
        builder = builder.pool_max_idle_per_host(_PER_HOST).follow_redirects(False).http1_only()
        builder = builder.gzip(False).brotli(False).zstd(False).deflate(False).user_agent("kumihimo")
        self._client = builder.http1_lower_case_headers().build()

    async def post(self, url: str, headers: Mapping[str, str], body: bytes, seconds: float) -> Raw | Problem:
        """POST and read the whole answer within so many seconds."""
        request = self._client.post(url).headers(headers).body_bytes(body).timeout(timedelta(seconds=seconds))
        try:
            async with request.build_streamed() as response:
                return await _read(response)
        except (PyreqwestError, TimeoutError) as fault:
            return unavailable(type(fault).__name__)

    async def get(self, url: str, headers: Mapping[str, str], seconds: float) -> Raw | Problem:
        """GET and read the whole answer within so many seconds."""
        request = self._client.get(url).headers(headers).timeout(timedelta(seconds=seconds))
        try:
            async with request.build_streamed() as response:
                return await _read(response)
        except (PyreqwestError, TimeoutError) as fault:
            return unavailable(type(fault).__name__)

    async def close(self) -> None:
        """Close all connections."""
        await self._client.close()


def unavailable(detail: str) -> Problem:
    """The refusal that says an institution could not be reached, and in one word why."""
    return Problem(ErrorType.PROVIDER_UNAVAILABLE, detail=detail)


async def _read(response: Response) -> Raw | Problem:
    length = response.get_header("content-length")
    if length is None or not length.isdecimal() or int(length) > ANSWER_LIMIT:
        return unavailable("the answer has no length, or is too long")
    return Raw(response.status, dict(response.headers), bytes(await response.bytes()))
