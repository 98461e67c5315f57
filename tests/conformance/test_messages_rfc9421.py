"""RFC 9421 and RFC 9530 as the `http-message-signatures` library reads them, in both directions."""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from http_message_signatures import HTTPMessageSigner, HTTPMessageVerifier, algorithms
from http_message_signatures.exceptions import HTTPMessageSignaturesException
from http_message_signatures.resolvers import MappingKeyResolver

from kumihimo.messages import SigningKey, Verified, http

SEED, KEYID, NONCE = bytes(range(32)), "muni-131016", "6b756d6968696d6f6b756d6968696d6f"
KEY, JUDGE = SigningKey.from_seed(SEED), Ed25519PrivateKey.from_private_bytes(SEED)
KEYS = MappingKeyResolver(public_keys={KEYID: JUDGE.public_key()}, private_keys={KEYID: JUDGE})
TOOLS = {"signature_algorithm": algorithms.ED25519, "key_resolver": KEYS}
URI, BODY, JSON = "https://nenkin.example/nenkin/x/inquire?v=1", '{"a":"符号"}'.encode(), "application/json"
REQUEST_COMPONENTS = ("@method", "@target-uri", "content-digest", "content-type")
ANSWER_COMPONENTS = ("@status", "content-digest", "content-type", '"signature";req;key="kumihimo"')


@dataclass
class Request:
    headers: dict[str, str]
    method: str = "POST"
    url: str = URI


@dataclass
class Answer:
    request: Request
    headers: dict[str, str] = field(default_factory=dict)
    status_code: int = 200


def signed_request(now: int) -> dict[str, str]:
    return http.sign_request(
        method="POST",
        target_uri=URI,
        body=BODY,
        content_type=JSON,
        key=KEY,
        keyid=KEYID,
        nonce=NONCE,
        created=now,
        expires=now + 60,
    )


def signed_answer(request: dict[str, str], now: int) -> dict[str, str]:
    return http.sign_response(
        status=200,
        body=BODY,
        content_type=JSON,
        request_signature=http.signature_of(request),
        key=KEY,
        keyid=KEYID,
        created=now,
    )


def lowered(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def test_the_judge_verifies_our_request():
    now = int(time.time())
    [result] = HTTPMessageVerifier(**TOOLS).verify(
        Request(signed_request(now)), body=BODY, require_components=REQUEST_COMPONENTS
    )
    assert result.parameters == {
        "created": now,
        "keyid": KEYID,
        "alg": "ed25519",
        "expires": now + 60,
        "nonce": NONCE,
    }
    assert result.body == BODY
    assert result.label == "kumihimo"


def test_the_judge_refuses_our_request_with_another_body():
    with pytest.raises(HTTPMessageSignaturesException):
        HTTPMessageVerifier(**TOOLS).verify(Request(signed_request(int(time.time()))), body=BODY + b" ")


def test_the_judge_verifies_our_answer_and_that_it_is_bound_to_the_request():
    now = int(time.time())
    asked = signed_request(now)
    answer = Answer(Request(asked), signed_answer(asked, now))
    [result] = HTTPMessageVerifier(**TOOLS).verify(answer, body=BODY, require_components=ANSWER_COMPONENTS)
    assert result.body == BODY
    other = Answer(Request(signed_request(now - 1)), answer.headers)
    with pytest.raises(HTTPMessageSignaturesException):
        HTTPMessageVerifier(**TOOLS).verify(other, body=BODY)


def test_we_verify_the_request_of_the_judge():
    now = int(time.time())
    request = Request({"Content-Type": JSON})
    HTTPMessageSigner(**TOOLS).sign(
        request,
        key_id=KEYID,
        created=datetime.fromtimestamp(now, UTC),
        expires=datetime.fromtimestamp(now + 60, UTC),
        nonce=NONCE,
        label="kumihimo",
        covered_component_ids=REQUEST_COMPONENTS,
        body=BODY,
    )
    headers = lowered(request.headers)
    assert headers == signed_request(now)
    verdict = http.verify_request(
        method="POST", target_uri=URI, headers=headers, body=BODY, keys={KEYID: KEY.verify_key}.get, now=now
    )
    assert isinstance(verdict, Verified)


def test_we_verify_the_answer_of_the_judge():
    now = int(time.time())
    asked = signed_request(now)
    answer = Answer(Request(asked), {"Content-Type": JSON})
    HTTPMessageSigner(**TOOLS).sign(
        answer,
        key_id=KEYID,
        created=datetime.fromtimestamp(now, UTC),
        label="kumihimo",
        covered_component_ids=ANSWER_COMPONENTS,
        body=BODY,
    )
    headers = lowered(answer.headers)
    assert headers == signed_answer(asked, now)
    verdict = http.verify_response(
        status=200,
        headers=headers,
        body=BODY,
        request_signature=http.signature_of(asked),
        key=KEY.verify_key,
        keyid=KEYID,
        now=now,
    )
    assert verdict is None
