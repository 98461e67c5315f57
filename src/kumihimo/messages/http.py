"""Signed HTTP between institutions: RFC 9421 signatures over RFC 9530 digests, in one fixed profile.

    request   ("@method" "@target-uri" "content-digest" "content-type")
              ;created;keyid;alg="ed25519";expires;nonce
    answer    ("@status" "content-digest" "content-type" "signature";req;key="kumihimo")
              ;created;keyid;alg="ed25519"

Label `kumihimo`, this order, this spelling; nothing is negotiated and nothing else is read. (RFC 9421 leaves
the order of parameters free; this is the one that `http-message-signatures` writes.) A receiver asks:

1. the headers have the form above, and the request lives at most 60 seconds; else malformed
2. the sender is known; else institution-unknown
3. it was not made more than 30 seconds in our future; else clock-skew
4. it has not expired; else expired
5. the digest is that of the body, and the signature is the sender's; else signature-invalid

Whether the nonce was seen before is the exchange's question, not this module's.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from kumihimo.base import ErrorType, Problem
from kumihimo.messages.keys import SigningKey, VerifyKey

MAX_SECONDS = 60
"""How long a signed request may be used at most."""
SKEW_SECONDS = 30
"""How far the clocks of two institutions may be apart."""

_REQUEST = '("@method" "@target-uri" "content-digest" "content-type")'
_ANSWER = '("@status" "content-digest" "content-type" "signature";req;key="kumihimo")'
_TIME = r"[1-9][0-9]{0,11}"
_KEYID = r'keyid="([A-Za-z0-9._:/-]{1,128})"'
_REQUEST_INPUT = re.compile(
    re.escape(f"kumihimo={_REQUEST}")
    + rf';created=({_TIME});{_KEYID};alg="ed25519";expires=({_TIME});nonce="([A-Za-z0-9_-]{{16,128}})"'
)
_ANSWER_INPUT = re.compile(re.escape(f"kumihimo={_ANSWER}") + rf';created=({_TIME});{_KEYID};alg="ed25519"')
# 64 and 32 bytes in base64; the last letter carries 2 and 4 bits only, so each has one spelling.
_SIGNATURE = re.compile(r"kumihimo=(:[A-Za-z0-9+/]{85}[AQgw]==:)")
_DIGEST = re.compile(r"sha-256=:[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=:")
# What is signed is lines: none of its parts may bring a line break or anything but printable ASCII.
_METHOD = re.compile(r"[A-Z]{1,16}")
_URI = re.compile(r"[!-~]{1,2048}")
_CONTENT_TYPE = re.compile(r"[!-~](?:[ -~]{0,126}[!-~])?")


@dataclass(frozen=True, slots=True)
class Verified:
    """A request whose sender is certain: who signed it, its nonce, when (Unix seconds), and the signature."""

    keyid: str
    nonce: str
    created: int
    expires: int
    signature: bytes


def sign_request(
    *,
    method: str,
    target_uri: str,
    body: bytes,
    content_type: str,
    key: SigningKey,
    keyid: str,
    nonce: str,
    created: int,
    expires: int,
) -> dict[str, str]:
    """The four headers of a request in the name of `keyid`; times in Unix seconds.

    ValueError if a part cannot stand in the profile: a nonce is 16 to 128 characters of base64url, and
    `expires` is 1 to 60 seconds after `created`.
    """
    parameters = f';created={created};keyid="{keyid}";alg="ed25519";expires={expires};nonce="{nonce}"'
    if not (
        _REQUEST_INPUT.fullmatch(f"kumihimo={_REQUEST}{parameters}")
        and _METHOD.fullmatch(method)
        and _URI.fullmatch(target_uri)
        and _CONTENT_TYPE.fullmatch(content_type)
        and 0 < expires - created <= MAX_SECONDS
    ):
        raise ValueError("the request does not fit the signature profile")
    digest = _digest(body)
    base = _request_base(method, target_uri, digest, content_type, _REQUEST + parameters)
    return _headers(content_type, digest, _REQUEST + parameters, key.sign(base))


def verify_request(
    *,
    method: str,
    target_uri: str,
    headers: Mapping[str, str],
    body: bytes,
    keys: Callable[[str], VerifyKey | None],
    now: int,
) -> Verified | Problem:
    """Who signed this request, or why nobody did; header names in lower case, `now` in Unix seconds.

    `keys` gives the key that the directory names for a sender, None if it names none.
    """
    signed = headers.get("signature-input", ""), headers.get("signature", "")
    content = headers.get("content-digest", ""), headers.get("content-type", "")
    if signed == ("", ""):
        return _UNSIGNED
    given, signature = _REQUEST_INPUT.fullmatch(signed[0]), _signature(signed[1])
    if given is None or signature is None or not _fits(*content):
        return _MALFORMED
    if not (_METHOD.fullmatch(method) and _URI.fullmatch(target_uri)):
        return _MALFORMED
    created, keyid, expires, nonce = int(given[1]), given[2], int(given[3]), given[4]
    if not 0 < expires - created <= MAX_SECONDS:
        return _MALFORMED
    key = keys(keyid)
    if key is None:
        return Problem(ErrorType.INSTITUTION_UNKNOWN, detail=f"no key is known for {keyid}")
    problem = _untimely(created, expires, now)
    if problem is not None:
        return problem
    base = _request_base(method, target_uri, *content, signed[0].removeprefix("kumihimo="))
    if not (hmac.compare_digest(content[0], _digest(body)) and key.verify(signature, base)):
        return Problem(
            ErrorType.SIGNATURE_INVALID,
            detail=f"the request is not what {keyid} signed",
            detail_ja="要求の署名が一致しません",
        )
    return Verified(keyid, nonce, created, expires, signature)


def sign_response(
    *,
    status: int,
    body: bytes,
    content_type: str,
    request_signature: bytes,
    key: SigningKey,
    keyid: str,
    created: int,
) -> dict[str, str]:
    """The four headers of an answer, bound to the request by the request's own signature.

    ValueError if a part cannot stand in the profile.
    """
    parameters = f';created={created};keyid="{keyid}";alg="ed25519"'
    fits = _ANSWER_INPUT.fullmatch(f"kumihimo={_ANSWER}{parameters}") and _CONTENT_TYPE.fullmatch(
        content_type
    )
    if not fits:
        raise ValueError("the answer does not fit the signature profile")
    digest = _digest(body)
    base = _answer_base(status, digest, content_type, request_signature, _ANSWER + parameters)
    return _headers(content_type, digest, _ANSWER + parameters, key.sign(base))


def verify_response(
    *,
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    request_signature: bytes,
    key: VerifyKey,
    keyid: str,
    now: int,
) -> Problem | None:
    """None if `keyid` gave exactly this answer to exactly this request, else why it did not."""
    signed = headers.get("signature-input", ""), headers.get("signature", "")
    content = headers.get("content-digest", ""), headers.get("content-type", "")
    if signed == ("", ""):
        return _UNSIGNED
    given, signature = _ANSWER_INPUT.fullmatch(signed[0]), _signature(signed[1])
    if given is None or signature is None or not _fits(*content):
        return _MALFORMED
    created = int(given[1])
    problem = _untimely(created, created + MAX_SECONDS, now)
    if problem is not None:
        return problem
    base = _answer_base(status, *content, request_signature, signed[0].removeprefix("kumihimo="))
    if not (
        given[2] == keyid and hmac.compare_digest(content[0], _digest(body)) and key.verify(signature, base)
    ):
        return Problem(
            ErrorType.SIGNATURE_INVALID,
            detail=f"the answer is not what {keyid} signed to this request",
            detail_ja="回答の署名が一致しません",
        )
    return None


def signature_of(headers: Mapping[str, str]) -> bytes:
    """The signature a request carries, to bind the answer to it; empty if none can be read."""
    return _signature(headers.get("signature", "")) or b""


_UNSIGNED = Problem(
    ErrorType.SIGNATURE_INVALID,
    detail="the message is not signed",
    detail_ja="署名がありません",
)
_MALFORMED = Problem(
    ErrorType.MALFORMED,
    detail="the signature headers have not the fixed form",
    detail_ja="署名ヘッダーの形式が正しくありません",
)


def _headers(content_type: str, digest: str, signed: str, signature: bytes) -> dict[str, str]:
    return {
        "content-type": content_type,
        "content-digest": digest,
        "signature-input": f"kumihimo={signed}",
        "signature": f"kumihimo={_bytes(signature)}",
    }


def _request_base(method: str, target_uri: str, digest: str, content_type: str, signed: str) -> bytes:
    """The signature base of a request (RFC 9421 §2.5)."""
    return (
        f'"@method": {method}\n"@target-uri": {target_uri}\n"content-digest": {digest}\n'
        f'"content-type": {content_type}\n"@signature-params": {signed}'
    ).encode()


def _answer_base(status: int, digest: str, content_type: str, request_signature: bytes, signed: str) -> bytes:
    """The signature base of an answer, with the request's signature in it (RFC 9421 §2.4)."""
    return (
        f'"@status": {status}\n"content-digest": {digest}\n"content-type": {content_type}\n'
        f'"signature";req;key="kumihimo": {_bytes(request_signature)}\n"@signature-params": {signed}'
    ).encode()


def _fits(digest: str, content_type: str) -> bool:
    return bool(_DIGEST.fullmatch(digest) and _CONTENT_TYPE.fullmatch(content_type))


def _untimely(created: int, expires: int, now: int) -> Problem | None:
    if created > now + SKEW_SECONDS:
        return Problem(
            ErrorType.CLOCK_SKEW,
            detail=f"signed {created - now} seconds in the future; at most {SKEW_SECONDS} are tolerated",
            detail_ja=f"署名時刻が{created - now}秒先です（許容{SKEW_SECONDS}秒）",
        )
    if now > expires:
        return Problem(
            ErrorType.EXPIRED,
            detail=f"expired {now - expires} seconds ago, or the sender's clock is slow",
            detail_ja=f"有効期限を{now - expires}秒過ぎています（または送信側の時計が遅れています）",
        )
    return None


def _digest(body: bytes) -> str:
    """Content-Digest of a body (RFC 9530)."""
    return f"sha-256={_bytes(hashlib.sha256(body).digest())}"


def _bytes(value: bytes) -> str:
    """A byte sequence as a structured field writes it (RFC 9651 §4.1.8)."""
    return f":{base64.b64encode(value).decode()}:"


def _signature(field: str) -> bytes | None:
    match = _SIGNATURE.fullmatch(field)
    return base64.b64decode(match[1].strip(":")) if match else None
