"""Evidence: a detached signature holds for one payload, one signer and one spelling."""

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from messages_parties import CITY, CITY_KEY, DOCUMENT, PENSION_KEY, directory

from kumihimo.base import ErrorType, Problem
from kumihimo.messages import canonical, jws

PAYLOAD = canonical.encode(DOCUMENT)
EVIDENCE = jws.sign_detached(PAYLOAD, CITY_KEY, CITY)
HEADER, _, SIGNATURE = EVIDENCE.partition("..")


def part(header: object) -> str:
    text = header if isinstance(header, bytes) else json.dumps(header, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def refusal(evidence: str, payload: bytes = PAYLOAD) -> ErrorType:
    verdict = jws.verify_detached(payload, evidence, directory)
    assert isinstance(verdict, Problem)
    return verdict.type


def test_the_signer_of_a_payload_is_told():
    assert jws.verify_detached(PAYLOAD, EVIDENCE, directory) == CITY


def test_another_payload_is_not_what_was_signed():
    assert refusal(EVIDENCE, PAYLOAD + b" ") is ErrorType.SIGNATURE_INVALID
    assert refusal(EVIDENCE, b"") is ErrorType.SIGNATURE_INVALID


def test_another_key_in_the_same_name_is_refused():
    assert refusal(jws.sign_detached(PAYLOAD, PENSION_KEY, CITY)) is ErrorType.SIGNATURE_INVALID


def test_a_signer_outside_the_directory_is_unknown():
    assert refusal(jws.sign_detached(PAYLOAD, CITY_KEY, "nobody")) is ErrorType.INSTITUTION_UNKNOWN


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none", "b64": False, "crit": ["b64"], "kid": CITY},
        {"alg": "HS256", "b64": False, "crit": ["b64"], "kid": CITY},
        {"alg": "EdDSA", "b64": True, "crit": ["b64"], "kid": CITY},
        {"alg": "EdDSA", "kid": CITY},
        {"alg": "EdDSA", "b64": False, "kid": CITY},
        {"b64": False, "alg": "EdDSA", "crit": ["b64"], "kid": CITY},
        {"alg": "EdDSA", "b64": False, "crit": ["b64"], "kid": CITY, "x": 1},
        {"alg": "EdDSA", "b64": False, "crit": ["b64"], "kid": ""},
        {"alg": "EdDSA", "b64": False, "crit": ["b64"], "kid": "市"},
        b'{"alg":"EdDSA", "b64":false,"crit":["b64"],"kid":"muni-131016"}',
        b'{"alg":"EdDSA","b64":false,"crit":["b64"],"kid":"nenkin","kid":"muni-131016"}',
        b'{"alg":"EdDSA","b64":false,"crit":["b64"],"kid":"muni-131016"}\n',
        b"\xff\xfe",
        b"",
    ],
)
def test_any_other_header_is_malformed_even_when_signed(header):
    written = part(header)
    signature = part(CITY_KEY.sign(written.encode() + b"." + PAYLOAD))
    assert refusal(f"{written}..{signature}") is ErrorType.MALFORMED


@pytest.mark.parametrize(
    "evidence",
    [
        "",
        "..",
        HEADER,
        f"{HEADER}.{SIGNATURE}",
        f"{HEADER}..",
        f"..{SIGNATURE}",
        f"{HEADER}.e30.{SIGNATURE}",
        f"{HEADER}=..{SIGNATURE}",
        f"{HEADER}..{SIGNATURE}==",
        f"{HEADER}..{SIGNATURE}..{SIGNATURE}",
        f"{HEADER}..{SIGNATURE[:-1]}",
        f" {EVIDENCE}",
        f"{EVIDENCE}\n",
        EVIDENCE.replace("..", "..\u3000"),
        "A" * 600,
    ],
)
def test_any_other_layout_is_malformed(evidence):
    assert refusal(evidence) is ErrorType.MALFORMED


def test_a_short_or_long_signature_is_refused():
    assert refusal(f"{HEADER}..{part(bytes(63))}") is ErrorType.SIGNATURE_INVALID
    assert refusal(f"{HEADER}..{part(CITY_KEY.sign(PAYLOAD) + bytes(1))}") is ErrorType.SIGNATURE_INVALID


@pytest.mark.parametrize("kid", ["", "a b", 'a"', "市", "a" * 129, "a\n"])
def test_a_name_that_cannot_stand_in_a_header_is_not_signed(kid):
    with pytest.raises(ValueError, match="name"):
        jws.sign_detached(PAYLOAD, CITY_KEY, kid)


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_refused_as_a_value(evidence):
    assert isinstance(jws.verify_detached(PAYLOAD, evidence, directory), Problem)


@settings(deadline=None)
@given(st.integers(0, len(EVIDENCE) - 1), st.characters())
def test_a_changed_character_is_refused(place, character):
    changed = EVIDENCE[:place] + character + EVIDENCE[place + 1 :]
    verdict = jws.verify_detached(PAYLOAD, changed, directory)
    assert isinstance(verdict, Problem) or changed == EVIDENCE


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_header_bytes_are_refused_as_a_value(header):
    assert isinstance(jws.verify_detached(PAYLOAD, f"{part(header)}..{SIGNATURE}", directory), Problem)
