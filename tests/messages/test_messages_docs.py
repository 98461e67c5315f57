"""The examples of docs/protocols/messages.md are what this room writes."""

from pathlib import Path

from messages_parties import CITY, CITY_KEY, NONCE, NOW, PENSION, PENSION_KEY, URI

from kumihimo.messages import http, jws

PAGE = (Path(__file__).parents[2] / "docs/protocols/messages.md").read_text(encoding="utf-8")
BODY = b'{"v":1}'


def shown(headers: dict[str, str]) -> bool:
    return "".join(f"    {name}: {value}\n" for name, value in headers.items()) in PAGE


def test_the_page_shows_the_evidence_as_it_is_written():
    assert f"    {jws.sign_detached(BODY, CITY_KEY, CITY)}\n" in PAGE


def test_the_page_shows_a_request_and_its_answer_as_they_are_signed():
    common = {"body": BODY, "content_type": "application/json"}
    request = http.sign_request(
        method="POST",
        target_uri=URI,
        key=CITY_KEY,
        keyid=CITY,
        nonce=NONCE,
        created=NOW,
        expires=NOW + 60,
        **common,
    )
    answer = http.sign_response(
        status=200,
        request_signature=http.signature_of(request),
        key=PENSION_KEY,
        keyid=PENSION,
        created=NOW + 1,
        **common,
    )
    assert shown(request)
    assert shown(answer)
