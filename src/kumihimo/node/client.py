"""One institution speaking to another: signed request out, signed answer back (RFC 9421).

Messages to the same institution that are ready in the same turn of the loop go out together (`bundle`): those
of one journal batch usually are. A message alone goes alone, at once.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from kumihimo.base import Clock, ErrorType, Problem
from kumihimo.messages import SigningKey, http
from kumihimo.node.bundle import MOST, MSGPACK, PATH, SMALL, Part, read_answers, write_bundle
from kumihimo.node.directory_view import DirectoryView
from kumihimo.node.transport import Nearby, Transport, unavailable

JSON = "application/json"
PROBLEM_JSON = "application/problem+json"
LIFETIME = 60  # seconds a signed request may be used
_UNTIMELY = (ErrorType.EXPIRED, ErrorType.CLOCK_SKEW)


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer that the other institution signed and that belongs to our request."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A message that is about to go, and whoever waits for its answer."""

    part: Part
    timeout: float
    answer: asyncio.Future[Answered | Problem]


class SignedClient:
    """Asks other institutions in this institution's name; connections are kept."""

    def __init__(
        self, transport: Transport, directory: DirectoryView, *, key: SigningKey, own_id: str, clock: Clock
    ) -> None:
        self._transport, self._directory = transport, directory
        self._key, self._id, self._clock = key, own_id, clock
        self._ready: dict[str, list[_Waiting]] = {}
        self._under_way: set[asyncio.Task[None]] = set()

    def near(self, url: str, nearby: Nearby) -> None:
        """Reach this address without a socket: its institutions live in this process."""
        self._transport.near(url, nearby)

    async def post(
        self,
        to: str,
        path: str,
        body: bytes,
        *,
        nonce: str,
        timeout: float,  # noqa: ASYNC109 the transport keeps the time, and more cheaply
    ) -> Answered | Problem:
        """POST canonical JSON to `<base of to>/x/<path>`; `nonce` names the transaction, timeout in seconds.

        The other side's refusal comes back as its Problem. No answer, or an answer nobody signed, is
        provider-unavailable; a false signature on the answer is signature-invalid.
        """
        if len(body) > SMALL:
            return await self._post(to, path, body, JSON, nonce, timeout)
        loop = asyncio.get_running_loop()
        mine = _Waiting(Part(path, nonce, body), timeout, loop.create_future())
        ready = self._ready.get(to)
        if ready is None:
            ready = self._ready[to] = []
            loop.call_soon(self._send, to, ready)
        ready.append(mine)
        if len(ready) == MOST:
            self._send(to, ready)
        return await mine.answer

    def _send(self, to: str, ready: Sequence[_Waiting]) -> None:
        """Let what is ready go, if it has not gone already because it was full."""
        if self._ready.get(to) is ready:
            del self._ready[to]
            task = asyncio.get_running_loop().create_task(self._bring(to, ready))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def _bring(self, to: str, ready: Sequence[_Waiting]) -> None:
        """Bring these messages, and tell whoever still waits for an answer."""
        try:
            answers = await self._answers(to, ready)
        except BaseException as fault:
            for one in ready:
                if not one.answer.done():
                    one.answer.set_exception(fault)
            if not isinstance(fault, Exception):
                raise
            return
        for one, answer in zip(ready, answers, strict=True):
            if not one.answer.done():
                one.answer.set_result(answer)

    async def _answers(self, to: str, ready: Sequence[_Waiting]) -> Sequence[Answered | Problem]:
        timeout = max(one.timeout for one in ready)
        if len(ready) == 1:
            part = ready[0].part
            return [await self._post(to, part.path, part.body, JSON, part.nonce, timeout)]
        bundle = write_bundle([one.part for one in ready])
        whole = await self._post(to, PATH, bundle, MSGPACK, ready[0].part.nonce, timeout)
        answers = whole if isinstance(whole, Problem) else read_answers(whole.body, len(ready))
        if isinstance(answers, Problem):
            return [answers] * len(ready)
        return [
            _problem(answer.body)
            if answer.content_type == PROBLEM_JSON
            else Answered(answer.status, answer.body)
            for answer in answers
        ]

    async def _post(
        self,
        to: str,
        path: str,
        body: bytes,
        content_type: str,
        nonce: str,
        timeout: float,  # noqa: ASYNC109 as above
    ) -> Answered | Problem:
        entry = self._directory.current.entries.get(to)
        if entry is None:
            return Problem(ErrorType.INSTITUTION_UNKNOWN, detail=f"{to} is not in the directory")
        created = int(self._clock().timestamp())
        uri = f"{entry.base_url}/x/{path}"
        headers = http.sign_request(
            method="POST",
            target_uri=uri,
            body=body,
            content_type=content_type,
            key=self._key,
            keyid=self._id,
            nonce=nonce,
            created=created,
            expires=created + LIFETIME,
        )
        raw = await self._transport.post(uri, headers, body, timeout)
        if isinstance(raw, Problem):
            return raw
        if "signature" not in raw.headers:
            return unavailable(f"{to} did not sign its answer (HTTP {raw.status})")
        problem = http.verify_response(
            status=raw.status,
            headers=raw.headers,
            body=raw.body,
            request_signature=http.signature_of(headers),
            key=entry.sign_key,
            keyid=to,
            now=int(self._clock().timestamp()),
        )
        if problem is not None:
            return _apart(to) if problem.type in _UNTIMELY else problem
        if raw.headers.get("content-type") == PROBLEM_JSON:
            return _problem(raw.body)
        return Answered(raw.status, raw.body)


def _apart(to: str) -> Problem:
    """The answer belongs to our request of this moment, so an untimely one means that a clock is wrong."""
    return Problem(
        ErrorType.CLOCK_SKEW,
        detail=f"the clocks of this institution and of {to} are too far apart",
        detail_ja=f"本機関と{to}の時計のずれが大きすぎます",
    )


def _problem(body: bytes) -> Problem:
    try:
        return Problem.from_document(msgspec.json.decode(body))
    except msgspec.DecodeError:
        return Problem.from_document(None)
