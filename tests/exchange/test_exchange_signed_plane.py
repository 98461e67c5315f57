"""The desks over real HTTP: what is not exactly right gets its typed refusal, signed, and nothing else."""

import asyncio
import json
import os
from dataclasses import replace
from datetime import timedelta

import pytest
from exchange_client import Stage, outcome_of
from exchange_parties import CITY, OTHER_CITY, PENSION

from kumihimo.base import ErrorType, Problem, system_clock
from kumihimo.codes import person_element
from kumihimo.exchange import (
    AnswerEnvelope,
    Delivery,
    Signed,
    answer_codec,
    answer_form,
    delivery_form,
    slip_codec,
    stamp_request,
)
from kumihimo.exchange.answers import verify_answer
from kumihimo.exchange.envelopes import StampRequest
from kumihimo.exchange.receiving import ANSWER_BOX

pytestmark = pytest.mark.nation
DESKS = [
    ("digital", "stamp"),
    ("jlis", "stamp"),
    ("ledger", "record"),
    ("ledger", "outcome"),
    ("ledger", "inquire"),
    (PENSION, "inquire"),
    (PENSION, "acquired"),
    (PENSION, "later"),
    ("numbering", "acquire"),
]


def kind(result: object) -> ErrorType | None:
    return result.type if isinstance(result, Problem) else None


async def test_a_slip_carried_by_hand_from_desk_to_desk_is_answered(stage: Stage):
    person = stage.someone(CITY, PENSION)
    papers = await stage.slip(person)
    envelope = await stage.answered(await stage.ready(papers))
    assert isinstance(envelope, AnswerEnvelope), envelope
    accepted = stage.check(papers, now=system_clock())
    answer = verify_answer(envelope, accepted)
    assert not isinstance(answer, Problem)
    assert answer.relayed
    assert envelope.sealed
    opened = stage.keys[CITY].box.open(envelope.sealed, info=ANSWER_BOX, aad=accepted.digest)
    assert set(json.loads(opened)) == set(papers.slip.items) - set(answer.withheld) - set(answer.absent)


@pytest.mark.parametrize("desk", DESKS, ids="/".join)
@pytest.mark.parametrize("body", [b"", b"garbage", b"{}", b"\xff" * 99, b"[" * 50_000], ids=len)
async def test_garbage_is_malformed_at_every_desk(stage: Stage, desk, body):
    assert kind(await stage.post(CITY, *desk, body)) is ErrorType.MALFORMED


@pytest.mark.parametrize("desk", DESKS, ids="/".join)
async def test_more_than_a_mebibyte_is_too_large_at_every_desk(stage: Stage, desk):
    assert kind(await stage.post(CITY, *desk, b"x" * (1024 * 1024 + 1))) is ErrorType.TOO_LARGE
    assert kind(await stage.post(CITY, *desk, b"x" * (1024 * 1024))) is ErrorType.MALFORMED


def drop(*names: str):
    return lambda headers: [headers.pop(name) for name in names]


def put(name: str, value: str):
    return lambda headers: headers.update({name: value})


@pytest.mark.parametrize(
    ("spoilt", "expected"),
    [
        ({"change": drop("signature", "signature-input")}, ErrorType.SIGNATURE_INVALID),
        ({"change": drop("signature")}, ErrorType.MALFORMED),
        ({"change": drop("content-digest")}, ErrorType.MALFORMED),
        ({"change": put("signature", "kumihimo=:" + "A" * 86 + "==:")}, ErrorType.SIGNATURE_INVALID),
        ({"change": put("signature-input", "sig1=()")}, ErrorType.MALFORMED),
        ({"change": put("content-type", "text/plain")}, ErrorType.SIGNATURE_INVALID),
        ({"sent": b"{} "}, ErrorType.SIGNATURE_INVALID),
        ({"keyid": "nobody"}, ErrorType.INSTITUTION_UNKNOWN),
        ({"keyid": OTHER_CITY}, ErrorType.SIGNATURE_INVALID),
        ({"shift": 300}, ErrorType.CLOCK_SKEW),
        ({"shift": -300}, ErrorType.EXPIRED),
    ],
    ids=lambda value: str(value) if isinstance(value, ErrorType) else "-".join(value),
)
@pytest.mark.parametrize("desk", [("digital", "stamp"), (PENSION, "inquire")], ids="/".join)
async def test_a_message_not_signed_as_it_was_sent_is_refused(stage: Stage, desk, spoilt, expected):
    verdict = await stage.post(CITY, *desk, b"{}", **spoilt)
    assert kind(verdict) is expected
    assert verdict.remedy_ja


async def test_a_message_signed_for_one_desk_is_not_taken_at_another(stage: Stage):
    elsewhere = stage.directory.entries["jlis"].base_url + "/x/stamp"
    raw = stage.raw(CITY, "digital", "stamp", b"{}", at=elsewhere)
    with pytest.raises(AssertionError, match="signed"):
        await raw
    uri = stage.directory.entries["digital"].base_url + "/x/inquire"
    assert kind(await stage.post(CITY, "digital", "stamp", b"{}", at=uri)) is ErrorType.SIGNATURE_INVALID


async def test_a_desk_that_is_not_there_is_not_found(stage: Stage):
    for to, path in (("digital", "inquire"), ("ledger", "stamp"), (PENSION, "stamp"), (PENSION, "../x/y")):
        assert kind(await stage.post(CITY, to, path, b"{}")) is ErrorType.NOT_FOUND


@pytest.mark.parametrize("cut", [1, 100, 1000])
async def test_a_truncated_request_is_malformed(stage: Stage, cut):
    papers = await stage.slip(stage.someone(CITY, PENSION))
    body = stamp_request.write(StampRequest(slip=papers.signed))[:-cut]
    assert kind(await stage.post(CITY, "digital", "stamp", body)) is ErrorType.MALFORMED


async def test_the_same_bytes_get_the_same_papers_at_every_desk(stage: Stage):
    papers = await stage.slip(stage.someone(CITY, PENSION))
    delivery = await stage.ready(papers)
    answer = await stage.answered(delivery)
    assert isinstance(answer, AnswerEnvelope)
    again = await stage.ready(papers)
    assert again == delivery
    assert await stage.answered(delivery) == answer


async def test_a_used_tx_with_other_bytes_is_replayed_at_every_desk(stage: Stage):
    person = stage.someone(CITY, PENSION)
    papers = await stage.slip(person)
    await stage.answered(await stage.ready(papers))
    other = await stage.slip(person, tx=papers.slip.tx)
    assert kind(await stage.stamped(other, 1)) is ErrorType.REPLAYED
    # Only an operator's own hand could stamp the second slip: the ledger and the provider refuse it still.
    delivery = forged(stage, other, system_clock())
    assert kind(await stage.stamped(other, 2, delivery.first)) is ErrorType.REPLAYED
    assert kind(await stage.recorded(other, delivery)) is ErrorType.REPLAYED
    assert kind(await stage.answered(delivery)) is ErrorType.REPLAYED


def forged(stage: Stage, papers, now):
    """A delivery whose stamps and receipt were made with stolen keys."""
    accepted = stage.check(papers, now=now)
    assert not isinstance(accepted, Problem), accepted
    stage.accepted = lambda _: accepted
    try:
        first, second = stage.stamps(papers)
        receipt = stage.receipt(papers)
    finally:
        del stage.accepted
    return Delivery(slip=papers.signed, first=first, second=second, box=papers.target_box, receipt=receipt)


async def test_a_tx_of_one_sender_is_not_another_senders(stage: Stage):
    """The same tx by another institution is another slip: refused, and the first stamp stays."""
    papers = await stage.slip(stage.someone(CITY, PENSION))
    first = await stage.stamped(papers, 1)
    person = stage.someone(OTHER_CITY, PENSION)
    other = await stage.slip(person, inquirer=OTHER_CITY, tx=papers.slip.tx)
    assert kind(await stage.stamped(other, 1, by=OTHER_CITY)) is ErrorType.REPLAYED
    assert await stage.stamped(papers, 1) == first


async def test_nothing_is_recorded_or_answered_without_both_stamps(stage: Stage):
    papers = await stage.slip(stage.someone(CITY, PENSION))
    whole = await stage.ready(papers)
    other = await stage.ready(await stage.slip(stage.someone(CITY, PENSION)))
    nothing = Signed(body=b"", jws="")
    for change in (
        {"first": nothing},
        {"second": nothing},
        {"second": whole.first},
        {"first": whole.second, "second": whole.first},
        {"first": other.first},
        {"second": other.second},
        {"first": other.first, "second": other.second},
        {"second": stage.sign("digital", whole.second.body)},
    ):
        spoilt = replace(whole, **change)
        assert kind(await stage.answered(spoilt)) is ErrorType.STAMP_INVALID, change
        assert kind(await stage.recorded(papers, spoilt)) is ErrorType.STAMP_INVALID, change


async def test_nothing_is_answered_that_is_not_on_record(stage: Stage):
    papers = await stage.slip(stage.someone(CITY, PENSION))
    delivery = await stage.collected(papers)
    foreign = (await stage.ready(await stage.slip(stage.someone(CITY, PENSION)))).receipt
    own_word = stage.sign(CITY, foreign.body)
    for receipt in (None, foreign, own_word, delivery.first):
        verdict = await stage.answered(replace(delivery, receipt=receipt))
        assert kind(verdict) is ErrorType.RECEIPT_MISSING
        assert verdict.ground == "番号法23条"


async def test_a_slip_is_not_carried_by_somebody_else(stage: Stage):
    papers = await stage.slip(stage.someone(CITY, PENSION))
    assert kind(await stage.stamped(papers, 1, by=OTHER_CITY)) is ErrorType.SIGNATURE_INVALID
    delivery = await stage.ready(papers)
    for thief in (OTHER_CITY, "kenpo", "digital"):
        assert kind(await stage.recorded(papers, delivery, by=thief)) is ErrorType.SIGNATURE_INVALID
        assert kind(await stage.answered(delivery, by=thief)) is ErrorType.SIGNATURE_INVALID


async def test_a_slip_to_one_provider_is_not_answered_by_another(stage: Stage):
    delivery = await stage.ready(await stage.slip(stage.someone(CITY, PENSION)))
    for other in ("kenpo", OTHER_CITY, "accounts"):
        assert kind(await stage.answered(delivery, to=other)) is ErrorType.NOT_PERMITTED


async def test_a_box_that_was_exchanged_is_malformed(stage: Stage):
    papers = await stage.slip(stage.someone(CITY, PENSION))
    delivery = await stage.ready(papers)
    for box in (papers.ledger_box, papers.target_box[:-1], b""):
        assert kind(await stage.answered(replace(delivery, box=box))) is ErrorType.MALFORMED


async def test_an_unknown_person_is_no_record_and_on_record(stage: Stage):
    """The code of somebody the provider does not know; the slip is in order, so the answer is signed."""
    stranger = person_element(os.urandom(32))
    papers = stage.papers(stranger, stage.case(), at=system_clock())
    envelope = await stage.answered(await stage.ready(papers))
    assert isinstance(envelope, AnswerEnvelope)
    assert outcome_of(envelope) == ("refused", "no-record")
    rows = await stage.nation.rows("ledger", "SELECT 1 FROM ledger.event WHERE tx = $1", papers.slip.tx)
    assert len(rows) == 1


async def test_a_retry_after_expiry_gets_the_old_answer_and_no_new_slip_passes(stage: Stage):
    person = stage.someone(CITY, PENSION)
    old = system_clock() - timedelta(seconds=57)
    papers = stage.papers(await stage.code_of(CITY, person), stage.case(), at=old)
    delivery = await stage.ready(papers)
    answer = await stage.answered(delivery)
    late = stage.papers(
        await stage.code_of(CITY, person), stage.case(), at=system_clock() - timedelta(minutes=5)
    )
    assert kind(await stage.stamped(late, 1)) is ErrorType.EXPIRED
    ahead = stage.papers(
        await stage.code_of(CITY, person), stage.case(), at=system_clock() + timedelta(minutes=5)
    )
    assert kind(await stage.stamped(ahead, 1)) is ErrorType.CLOCK_SKEW
    await asyncio.sleep(3.2)
    assert await stage.stamped(papers, 1) == delivery.first
    assert await stage.stamped(papers, 2, delivery.first) == delivery.second
    assert await stage.recorded(papers, delivery) == delivery.receipt
    assert await stage.answered(delivery) == answer


async def test_a_later_answer_nobody_waits_for_is_not_taken(stage: Stage):
    papers = await stage.slip(stage.someone(CITY, PENSION))
    envelope = await stage.answered(await stage.ready(papers))
    assert isinstance(envelope, AnswerEnvelope)
    body = answer_form.write(envelope)
    assert kind(await stage.post(PENSION, CITY, "later", body)) is ErrorType.NOT_FOUND
    given = await stage.ask(stage.someone(CITY, PENSION))
    assert not isinstance(given, Problem)
    answer = replace(answer_codec.decode(envelope.answer.body), tx=bytes.fromhex(str(given["tx"])))
    lie = replace(envelope, answer=stage.sign(PENSION, answer_codec.encode(answer)))
    for by in (PENSION, "kenpo", OTHER_CITY):
        verdict = await stage.post(by, CITY, "later", answer_form.write(lie))
        assert kind(verdict) in {ErrorType.SIGNATURE_INVALID, ErrorType.NOT_FOUND}


async def test_a_slip_of_numbering_is_no_inquiry(stage: Stage):
    papers = stage.delivery_of_codes(os.urandom(32), to=PENSION, at=system_clock())
    first = await stage.stamped(papers, 1, by="numbering")
    assert isinstance(first, Signed)
    second = await stage.stamped(papers, 2, first, by="numbering")
    assert isinstance(second, Signed)
    delivery = Delivery(slip=papers.signed, first=first, second=second, box=papers.target_box)
    assert kind(await stage.answered(delivery, by="numbering")) is ErrorType.RECEIPT_MISSING
    record = await stage.post("numbering", "ledger", "record", delivery_form.write(delivery))
    assert kind(record) is ErrorType.NOT_PERMITTED


async def test_an_inquiry_is_no_delivery_of_codes(stage: Stage):
    delivery = await stage.ready(await stage.slip(stage.someone(CITY, PENSION)))
    verdict = await stage.post(CITY, PENSION, "acquired", delivery_form.write(delivery))
    assert kind(verdict) is ErrorType.NOT_PERMITTED


async def test_a_slip_changed_after_signing_is_signature_invalid(stage: Stage):
    papers = await stage.slip(stage.someone(CITY, PENSION))
    body = slip_codec.encode(replace(papers.slip, items=papers.slip.items[:1]))
    changed = replace(papers, signed=replace(papers.signed, body=body))
    assert kind(await stage.stamped(changed, 1)) is ErrorType.SIGNATURE_INVALID
