"""Parsers under fuzz: changed bytes are refused in the documented way, or they are not changed at all."""

import asyncio
import base64
import os
from collections.abc import Callable
from dataclasses import replace

import msgspec
import pytest
from exchange_desks import answer_envelope, operator_desk
from exchange_parties import CITY, NOW, network
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kumihimo.base import ErrorType, Problem
from kumihimo.exchange import (
    Accepted,
    Answer,
    Box,
    Conditions,
    Opening,
    Receipt,
    acquire_request,
    acquired_form,
    answer_codec,
    answer_form,
    box_codec,
    check_slip,
    check_stamps,
    delivery_form,
    digest,
    receipt_codec,
    reports_form,
    signed_form,
    slip_codec,
    stamp_codec,
    stamp_request,
    wanted_box,
)
from kumihimo.exchange.answers import verify_answer
from kumihimo.exchange.envelopes import Acquired, AcquireRequest, Delivery, StampRequest, Wanted, WantedBox
from kumihimo.exchange.gates import Stamps, check_receipt
from kumihimo.exchange.slip import Codec, MalformedError

NET = network()
PAPERS = NET.ask(b"\x01" * 32)
ACCEPTED = NET.accepted(PAPERS)
FIRST, SECOND = NET.stamps(PAPERS)
RECEIPT = NET.receipt(PAPERS)
ENVELOPE = answer_envelope(NET, PAPERS, {"pension_total_per_year": 780_900})
BOX = box_codec.encode(Box(openings=(Opening(b=bytes(32), r=bytes(32)),), conditions=Conditions()))
DELIVERY = Delivery(slip=PAPERS.signed, first=FIRST, second=SECOND, box=PAPERS.target_box, receipt=RECEIPT)
ASK = AcquireRequest(tx=bytes(16), recipient=CITY, affair="t1/1", sealed=b"sealed")

many = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def mutations(original: bytes) -> st.SearchStrategy[bytes]:
    """Bytes near the original: something cut, put in, turned over, doubled or moved."""
    place = st.integers(0, len(original))
    piece = st.one_of(st.binary(max_size=8), st.sampled_from([b'"', b"{}", b",", b"\\u0000", b"null", b"-0"]))

    def cut(start: int, length: int, put: bytes) -> bytes:
        return original[:start] + put + original[start + length :]

    def doubled(start: int, length: int) -> bytes:
        return original[: start + length] + original[start:]

    return st.one_of(
        st.builds(cut, place, st.integers(0, 9), piece),
        st.builds(cut, place, st.integers(0, len(original)), st.just(b"")),
        st.builds(doubled, place, st.integers(0, 40)),
        st.binary(max_size=80),
    )


CODECS: list[tuple[Codec[object], bytes]] = [
    (slip_codec, PAPERS.signed.body),
    (stamp_codec, FIRST.body),
    (receipt_codec, RECEIPT.body),
    (answer_codec, ENVELOPE.answer.body),
    (box_codec, BOX),
]


@pytest.mark.parametrize(("codec", "original"), CODECS, ids=["slip", "stamp", "receipt", "answer", "box"])
@given(data=st.data())
@many
def test_a_paper_is_read_in_its_one_byte_form_or_not_at_all(codec, original, data):
    changed = data.draw(mutations(original))
    try:
        value = codec.decode(changed)
    except MalformedError:
        return
    assert codec.encode(value) == changed


@given(mutations(PAPERS.signed.body))
@many
def test_no_change_of_a_slip_passes_under_its_signature(changed):
    verdict = NET.check(replace(PAPERS.signed, body=changed))
    if changed == PAPERS.signed.body:
        assert isinstance(verdict, Accepted)
    else:
        assert isinstance(verdict, Problem)


@given(mutations(PAPERS.signed.jws.encode()))
@many
def test_no_change_of_a_signature_passes(changed):
    text = changed.decode("latin-1")
    verdict = NET.check(replace(PAPERS.signed, jws=text))
    assert isinstance(verdict, Accepted if text == PAPERS.signed.jws else Problem)


@given(mutations(FIRST.body), st.booleans())
@many
def test_no_change_of_a_stamp_passes(changed, first):
    original = FIRST if first else SECOND
    stamps = (replace(FIRST, body=changed), SECOND) if first else (FIRST, replace(SECOND, body=changed))
    verdict = check_stamps(*stamps, ACCEPTED, NET.directory)
    if changed != original.body:
        assert isinstance(verdict, Problem)
        assert verdict.type is ErrorType.STAMP_INVALID


@given(mutations(RECEIPT.body))
@many
def test_no_change_of_a_receipt_passes(changed):
    verdict = check_receipt(replace(RECEIPT, body=changed), ACCEPTED, NET.directory)
    if changed != RECEIPT.body:
        assert isinstance(verdict, Problem)
        assert verdict.type is ErrorType.RECEIPT_MISSING


@given(mutations(ENVELOPE.answer.body))
@many
def test_no_change_of_an_answer_passes(changed):
    envelope = replace(ENVELOPE, answer=replace(ENVELOPE.answer, body=changed))
    verdict = verify_answer(envelope, ACCEPTED)
    if changed != ENVELOPE.answer.body:
        assert isinstance(verdict, Problem)


@given(mutations(ENVELOPE.sealed or b""))
@many
def test_no_change_of_sealed_items_passes(changed):
    verdict = verify_answer(replace(ENVELOPE, sealed=changed), ACCEPTED)
    if changed != ENVELOPE.sealed:
        assert isinstance(verdict, Problem)


FORMS = {
    "stamp request": (stamp_request, stamp_request.write(StampRequest(slip=PAPERS.signed, first=FIRST))),
    "delivery": (delivery_form, delivery_form.write(DELIVERY)),
    "signed": (signed_form, signed_form.write(FIRST)),
    "answer": (answer_form, answer_form.write(ENVELOPE)),
    "reports": (reports_form, b'{"reports":[]}'),
    "acquire": (acquire_request, acquire_request.write(ASK)),
    "wanted": (wanted_box, wanted_box.write(WantedBox(rows=(Wanted(number="1", reference="2"),)))),
    "acquired": (acquired_form, acquired_form.write(Acquired(delivery=DELIVERY, refused=(3,)))),
}


@pytest.mark.parametrize("name", FORMS)
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_an_envelope_that_cannot_be_read_is_a_problem_and_no_exception(name, data):
    form, original = FORMS[name]
    value = form.read(data.draw(mutations(original)))
    if isinstance(value, Problem):
        assert value.type is ErrorType.MALFORMED
    else:
        assert form.read(form.write(value)) == value


def test_nesting_without_end_is_malformed():
    deep = b'{"slip":' + b"[" * 200_000
    for form, _ in FORMS.values():
        assert form.read(deep).type is ErrorType.MALFORMED


# What a wrong program or a bad hand would write and sign with the right key: any JSON in any member.
_JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**70), 2**70),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=12),
        st.sampled_from(
            ["", "AAAA", "\x00", "numbering", "ledger", "acquire", "act/21-2", "act/a6-3", "root"]
        ),
        st.binary(min_size=32, max_size=32),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=5,
)
_PLACES: list[Callable[[dict], tuple[dict, str]]] = [
    *((lambda slip, name=name: (slip, name)) for name in msgspec.json.decode(PAPERS.signed.body)),
    *(
        (lambda slip, group=group, name=name: (slip[group], name))
        for group in ("basis", "codes", "sealed", "sender")
        for name in msgspec.json.decode(PAPERS.signed.body)[group]
    ),
    lambda slip: (slip["codes"]["rows"][0], "x0"),
    lambda slip: (slip["codes"]["rows"][0], "cb"),
]


@given(st.lists(st.tuples(st.sampled_from(_PLACES), _JSON), min_size=1, max_size=3))
@settings(max_examples=250, deadline=None)
def test_whatever_an_inquirer_signs_an_operator_stamps_or_refuses(changes):
    slip = msgspec.json.decode(PAPERS.signed.body)
    slip["tx"] = base64.b64encode(os.urandom(16)).decode()
    for place, value in changes:
        try:
            group, name = place(slip)
            group[name] = value
        except (KeyError, TypeError, IndexError):
            return
    signed = NET.sign(CITY, msgspec.json.encode(slip, order="sorted"))
    desk = operator_desk(NET, 1)
    body = stamp_request.write(StampRequest(slip=signed))
    result = asyncio.run(desk.stamp(body, NET.directory.entries[CITY]))
    if isinstance(result, Problem):
        assert result.type is not ErrorType.UNKNOWN
    else:
        accepted = check_slip(signed, sender=None, directory=NET.directory, rules=NET.rules, now=NOW)
        assert isinstance(accepted, Accepted)
        assert stamp_codec.decode(result.body).slip == digest(signed.body)


def test_the_papers_these_tests_change_are_valid():
    assert isinstance(check_stamps(FIRST, SECOND, ACCEPTED, NET.directory), Stamps)
    assert isinstance(check_receipt(RECEIPT, ACCEPTED, NET.directory), Receipt)
    assert isinstance(verify_answer(ENVELOPE, ACCEPTED), Answer)
