"""One institution speaking to another: signed request out, signed answer back (RFC 9421)."""

from dataclasses import dataclass

import msgspec

from kumihimo.base import Clock, ErrorType, Problem
from kumihimo.messages import SigningKey, http
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


class SignedClient:
    """Asks other institutions in this institution's name; connections are kept."""

    def __init__(
        self, transport: Transport, directory: DirectoryView, *, key: SigningKey, own_id: str, clock: Clock
    ) -> None:
        self._transport, self._directory = transport, directory
        self._key, self._id, self._clock = key, own_id, clock

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
        entry = self._directory.current.entries.get(to)
        if entry is None:
            return Problem(ErrorType.INSTITUTION_UNKNOWN, detail=f"{to} is not in the directory")
        created = int(self._clock().timestamp())
        uri = f"{entry.base_url}/x/{path}"
        headers = http.sign_request(
            method="POST",
            target_uri=uri,
            body=body,
            content_type=JSON,
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
