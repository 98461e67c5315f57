"""Signed HTTP: a request and its answer hold as they were signed, and only then, and only in time."""

import base64
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from messages_parties import CITY, CITY_KEY, DOCUMENT, NONCE, NOW, PENSION, PENSION_KEY, URI, directory

from kumihimo.base import ErrorType, Problem
from kumihimo.messages import Verified, canonical, http

BODY = canonical.encode(DOCUMENT)
JSON = "application/json"
REQUEST = http.sign_request(
    method="POST",
    target_uri=URI,
    body=BODY,
    content_type=JSON,
    key=CITY_KEY,
    keyid=CITY,
    nonce=NONCE,
    created=NOW,
    expires=NOW + 60,
)
SIGNATURE = http.signature_of(REQUEST)
ANSWER_BODY = b'{"amount":15000}'
ANSWER = http.sign_response(
    status=200,
    body=ANSWER_BODY,
    content_type=JSON,
    request_signature=SIGNATURE,
    key=PENSION_KEY,
    keyid=PENSION,
    created=NOW + 1,
)


def asked(
    headers: Mapping[str, str] = REQUEST,
    body: bytes = BODY,
    method: str = "POST",
    uri: str = URI,
    now: int = NOW + 1,
) -> Verified | Problem:
    return http.verify_request(
        method=method, target_uri=uri, headers=headers, body=body, keys=directory, now=now
    )


def answered(
    headers: Mapping[str, str] = ANSWER,
    body: bytes = ANSWER_BODY,
    status: int = 200,
    request: bytes = SIGNATURE,
    now: int = NOW + 2,
    keyid: str = PENSION,
) -> Problem | None:
    return http.verify_response(
        status=status,
        headers=headers,
        body=body,
        request_signature=request,
        key=PENSION_KEY.verify_key,
        keyid=keyid,
        now=now,
    )


def kind(verdict: object) -> ErrorType:
    assert isinstance(verdict, Problem)
    return verdict.type


def resigned(old: str, new: str) -> dict[str, str]:
    """The request with another signature input, signed again by the sender itself."""
    given = REQUEST["signature-input"].replace(old, new)
    assert given != REQUEST["signature-input"]
    base = (
        f'"@method": POST\n"@target-uri": {URI}\n"content-digest": {REQUEST["content-digest"]}\n'
        f'"content-type": {JSON}\n"@signature-params": {given.removeprefix("kumihimo=")}'
    )
    signature = base64.b64encode(CITY_KEY.sign(base.encode())).decode()
    return REQUEST | {"signature-input": given, "signature": f"kumihimo=:{signature}:"}


def test_the_sender_of_a_request_is_told():
    assert asked() == Verified(CITY, NONCE, NOW, NOW + 60, SIGNATURE)
    assert len(SIGNATURE) == 64


def test_an_answer_to_the_request_holds():
    assert answered() is None


@pytest.mark.parametrize(
    "verdict",
    [
        asked(body=BODY + b" "),
        asked(body=b""),
        asked(method="PUT"),
        asked(uri=URI + "/"),
        asked(uri=URI.replace("4701", "4702")),
        asked(REQUEST | {"content-type": "text/plain"}),
        asked(REQUEST | {"content-digest": ANSWER["content-digest"]}),
        asked(REQUEST | {"signature": ANSWER["signature"]}),
        asked(REQUEST | {"signature-input": REQUEST["signature-input"].replace(NONCE, NONCE[::-1])}),
        asked(REQUEST | {"signature-input": REQUEST["signature-input"].replace(CITY, PENSION)}),
    ],
)
def test_a_request_changed_on_the_way_is_not_what_was_signed(verdict):
    assert kind(verdict) is ErrorType.SIGNATURE_INVALID


@pytest.mark.parametrize(
    "verdict",
    [
        answered(body=b'{"amount":15001}'),
        answered(status=201),
        answered(ANSWER | {"content-type": "application/problem+json"}),
        answered(request=SIGNATURE[::-1]),
        answered(request=b""),
        answered(keyid=CITY),
        answered(ANSWER | {"signature": REQUEST["signature"]}),
    ],
)
def test_an_answer_changed_on_the_way_or_given_to_another_request_is_refused(verdict):
    assert kind(verdict) is ErrorType.SIGNATURE_INVALID


def test_a_message_without_signature_says_so():
    bare = {"content-type": JSON, "content-digest": REQUEST["content-digest"]}
    for verdict in (asked(bare), asked({}), answered(bare), answered({})):
        assert kind(verdict) is ErrorType.SIGNATURE_INVALID
        assert isinstance(verdict, Problem)
        assert "not signed" in verdict.detail


def test_a_sender_outside_the_directory_is_unknown():
    assert kind(asked(resigned(CITY, "muni-999999"))) is ErrorType.INSTITUTION_UNKNOWN


@pytest.mark.parametrize(
    ("ahead", "expected"), [(30, None), (31, ErrorType.CLOCK_SKEW), (300, ErrorType.CLOCK_SKEW)]
)
def test_half_a_minute_in_the_future_is_tolerated_and_no_more(ahead, expected):
    request, answer = asked(now=NOW - ahead), answered(now=NOW + 1 - ahead)
    if expected is None:
        assert isinstance(request, Verified)
        assert answer is None
    else:
        assert (kind(request), kind(answer)) == (expected, expected)


@pytest.mark.parametrize(
    ("behind", "expected"), [(60, None), (61, ErrorType.EXPIRED), (300, ErrorType.EXPIRED)]
)
def test_a_minute_later_a_message_has_expired(behind, expected):
    request, answer = asked(now=NOW + behind), answered(now=NOW + 1 + behind)
    if expected is None:
        assert isinstance(request, Verified)
        assert answer is None
    else:
        assert (kind(request), kind(answer)) == (expected, expected)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (f"expires={NOW + 60}", f"expires={NOW + 61}"),
        (f"expires={NOW + 60}", f"expires={NOW}"),
        (f"expires={NOW + 60}", f"expires={NOW - 1}"),
        (f";expires={NOW + 60}", ""),
        (f"created={NOW}", f"created=0{NOW}"),
        (f"created={NOW}", f"created=-{NOW}"),
        (f"created={NOW}", f"created={NOW}.0"),
        (f"created={NOW}", "created=" + "9" * 16),
        (f"created={NOW}", "created=１７９００００００００"),
        (f";created={NOW}", ""),
        (f';nonce="{NONCE}"', ""),
        (NONCE, "short"),
        (NONCE, NONCE + '\\"'),
        (';alg="ed25519"', ""),
        ("ed25519", "hmac-sha256"),
        (f'keyid="{CITY}"', f'keyid="{CITY}";keyid="{PENSION}"'),
        (f'keyid="{CITY}"', 'keyid=""'),
        ('"@method" ', ""),
        ('"@target-uri"', '"@path"'),
        (' "content-digest"', ""),
        ('"@method" "@target-uri"', '"@target-uri" "@method"'),
        ('"content-type")', '"content-type" "date")'),
        ("kumihimo=", "sig1="),
        ("kumihimo=(", "kumihimo= ("),
        ('"ed25519"', '"ed25519";tag="x"'),
    ],
)
def test_any_other_profile_is_malformed_even_when_signed(old, new):
    assert kind(asked(resigned(old, new))) is ErrorType.MALFORMED


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("signature-input", ""),
        ("signature-input", REQUEST["signature-input"] + ", " + REQUEST["signature-input"]),
        ("signature-input", REQUEST["signature-input"] + "\n"),
        ("signature-input", ANSWER["signature-input"]),
        ("signature", ""),
        ("signature", REQUEST["signature"] + ", other=:AAAA:"),
        ("signature", REQUEST["signature"].replace("kumihimo", "other")),
        ("signature", "kumihimo=:AAAA:"),
        ("signature", REQUEST["signature"][:-4] + "B==:"),
        ("content-digest", ""),
        ("content-digest", "md5=:AAAAAAAAAAAAAAAAAAAAAA==:"),
        ("content-digest", REQUEST["content-digest"].replace("256", "512")),
        ("content-digest", REQUEST["content-digest"] + ", " + REQUEST["content-digest"]),
        ("content-digest", "sha-256=:" + "é" * 43 + "=:"),
        ("content-type", ""),
        ("content-type", " application/json"),
        ("content-type", 'a\n"@method": GET'),
        ("content-type", "テキスト"),
    ],
)
def test_headers_in_another_form_are_malformed(name, value):
    assert kind(asked(REQUEST | {name: value})) is ErrorType.MALFORMED
    if name != "signature-input" or value != ANSWER["signature-input"]:
        assert kind(answered(ANSWER | {name: value})) is ErrorType.MALFORMED


@pytest.mark.parametrize(
    ("method", "uri"), [("post", URI), ("", URI), ("POST", ""), ("POST", URI + " x"), ("POST\n", URI)]
)
def test_a_method_or_address_that_could_break_a_line_is_malformed(method, uri):
    assert kind(asked(method=method, uri=uri)) is ErrorType.MALFORMED


@pytest.mark.parametrize(
    "part",
    [
        {"method": "post"},
        {"target_uri": "http://a/ b"},
        {"target_uri": "http://a/\nb"},
        {"content_type": "a\r\nb"},
        {"keyid": 'a";alg="none'},
        {"nonce": "short"},
        {"nonce": 'x" y' * 8},
        {"expires": NOW},
        {"expires": NOW + 61},
        {"created": -5},
    ],
)
def test_a_request_outside_the_profile_is_not_signed(part):
    fitting = {"method": "POST", "target_uri": URI, "body": BODY, "content_type": JSON, "key": CITY_KEY}
    fitting |= {"keyid": CITY, "nonce": NONCE, "created": NOW, "expires": NOW + 60}
    with pytest.raises(ValueError, match="profile"):
        http.sign_request(**(fitting | part))


@pytest.mark.parametrize("part", [{"content_type": ""}, {"keyid": "市"}, {"created": 0}])
def test_an_answer_outside_the_profile_is_not_signed(part):
    fitting = {"status": 200, "body": b"", "content_type": JSON, "request_signature": SIGNATURE}
    fitting |= {"key": PENSION_KEY, "keyid": PENSION, "created": NOW}
    with pytest.raises(ValueError, match="profile"):
        http.sign_response(**(fitting | part))


def test_an_empty_body_is_signed_like_any_other():
    parties = {"key": CITY_KEY, "keyid": CITY, "nonce": NONCE, "created": NOW, "expires": NOW + 1}
    empty = http.sign_request(method="POST", target_uri=URI, body=b"", content_type=JSON, **parties)
    assert isinstance(asked(empty, body=b""), Verified)
    assert kind(asked(empty, body=b"{}")) is ErrorType.SIGNATURE_INVALID


def test_no_signature_is_an_empty_one_to_bind_an_answer_to():
    assert http.signature_of({}) == b""
    assert http.signature_of({"signature": "kumihimo=:broken:"}) == b""


FIELDS = ("signature-input", "signature", "content-digest", "content-type")


@settings(deadline=None)
@given(
    st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, st.text(max_size=60))), st.binary(max_size=30)
)
def test_any_headers_are_refused_as_a_value(headers, body):
    assert isinstance(asked(headers, body), Problem)
    assert isinstance(answered(headers, body), Problem)


@settings(deadline=None)
@given(st.sampled_from(FIELDS), st.integers(0), st.characters())
def test_a_changed_character_in_a_header_is_refused(name, place, character):
    for headers, judge in ((REQUEST, asked), (ANSWER, answered)):
        value = headers[name]
        at = place % len(value)
        changed = value[:at] + character + value[at + 1 :]
        assert changed == value or isinstance(judge(headers | {name: changed}), Problem)


@settings(deadline=None)
@given(st.text(max_size=30), st.text(max_size=60))
def test_any_method_and_address_are_refused_as_a_value(method, uri):
    assert isinstance(asked(method=method, uri=uri), Problem)
