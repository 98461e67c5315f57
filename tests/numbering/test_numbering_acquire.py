"""Acquisition (符号取得): codes for those who lawfully hold a number, and nothing else for anybody."""

import os
from dataclasses import replace

import msgspec
import pytest
from exchange_client import Stage, today
from exchange_parties import CITY, OTHER_CITY, PENSION

from kumihimo.base import ErrorType, Problem
from kumihimo.exchange import (
    WANTED_BOX,
    AcquireRequest,
    Delivery,
    Wanted,
    WantedBox,
    acquire_request,
    acquired_form,
    delivery_form,
    party,
    wanted_box,
)
from kumihimo.law import law
from kumihimo.messages import boxes

pytestmark = pytest.mark.nation
UNKNOWN = "123456789018"  # a valid check digit, and nobody's number


def kind(result: object) -> ErrorType | None:
    return result.type if isinstance(result, Problem) else None


def affair(stage: Stage, institution: str = CITY) -> str:
    return law().may_hold(party(stage.directory.entries[institution]), today())[0].id


def number(stage: Stage, person: int) -> str:
    return next(one for one in stage.population().persons if one.index == person).number.reveal()


def stranger(stage: Stage, *institutions: str) -> int:
    """Somebody the institutions do not know yet."""
    known = {index for name in institutions for index in stage.cast[name]}
    return next(one.index for one in stage.population().persons if one.index not in known)


def reference() -> str:
    return "9" + str(int.from_bytes(os.urandom(6))).zfill(14)[:14]


def request(stage: Stage, *rows: Wanted, recipient: str = CITY, by: str = CITY, **changes: object) -> bytes:
    tx = changes.pop("tx", os.urandom(16))
    given = {"to": "numbering", "info": WANTED_BOX, "aad": tx, **changes}
    key = stage.directory.entries[str(given["to"])].box_public
    plain = wanted_box.write(WantedBox(rows=rows))
    sealed = boxes.seal(key, plain, info=given["info"], aad=given["aad"])
    under = str(given.get("affair") or affair(stage, by))
    return acquire_request.write(AcquireRequest(tx=tx, recipient=recipient, affair=under, sealed=sealed))


async def asked(stage: Stage, body: bytes, by: str = CITY):
    answer = await stage.post(by, "numbering", "acquire", body)
    return answer if isinstance(answer, Problem) else acquired_form.read(answer)


async def code(stage: Stage, institution: str, subject: str) -> bytes | None:
    query = "SELECT code FROM exchange.person_code WHERE subject = $1"
    rows = await stage.nation.rows(institution, query, subject)
    return bytes(rows[0]["code"]) if rows else None


async def take(stage: Stage, delivery: Delivery, at: str = CITY, by: str = CITY) -> int | Problem:
    body = await stage.post(by, at, "acquired", delivery_form.write(delivery))
    return body if isinstance(body, Problem) else msgspec.json.decode(body)["codes"]


async def test_a_number_nobody_has_is_refused_by_its_position_only(stage: Stage):
    known = number(stage, stage.someone(CITY, PENSION))
    rows = [Wanted(number=one, reference=reference()) for one in (UNKNOWN, known, "1" * 12, "", "x", known)]
    body = request(stage, *rows)
    raw = await stage.post(CITY, "numbering", "acquire", body)
    assert isinstance(raw, bytes)
    acquired = acquired_form.read(raw)
    assert acquired.refused == (0, 2, 3, 4)
    assert len(msgspec.json.decode(acquired.delivery.slip.body)["codes"]["rows"]) == 2
    for one in rows:
        assert one.reference.encode() not in raw
        assert not one.number or len(one.number) < 12 or one.number.encode() not in raw


async def test_when_nobody_is_found_nothing_is_stamped(stage: Stage):
    acquired = await asked(stage, request(stage, Wanted(number=UNKNOWN, reference=reference())))
    assert (acquired.delivery, acquired.refused) == (None, (0,))


@pytest.mark.parametrize("by", [PENSION, "moj", "portal", "digital", "ledger", "ppc"])
async def test_who_has_no_affair_of_table_1_gets_no_code_for_a_number(stage: Stage, by):
    wanted = Wanted(number=number(stage, stage.someone(CITY, PENSION)), reference=reference())
    body = request(stage, wanted, recipient=by, by=CITY)
    verdict = await asked(stage, body, by)
    assert kind(verdict) is ErrorType.NOT_PERMITTED


@pytest.mark.parametrize("under", ["", "t1/999", "o9/92/3@2024-05-27", "x" * 999])
async def test_an_affair_that_is_none_permits_nothing(stage: Stage, under):
    wanted = Wanted(number=UNKNOWN, reference=reference())
    body = acquire_request.write(
        AcquireRequest(tx=os.urandom(16), recipient=CITY, affair=under, sealed=b"sealed")
    )
    verdict = await asked(stage, body)
    assert kind(verdict) is ErrorType.NOT_PERMITTED
    assert verdict.ground == "番号法9条"
    assert wanted.reference not in str(verdict.document())


async def test_the_same_request_gets_the_same_answer_and_one_look(stage: Stage):
    tx = os.urandom(16)
    body = request(stage, Wanted(number=number(stage, stranger(stage, CITY)), reference=reference()), tx=tx)
    first = await stage.post(CITY, "numbering", "acquire", body)
    assert await stage.post(CITY, "numbering", "acquire", body) == first
    rows = await stage.nation.rows("numbering", "SELECT * FROM numbering.look WHERE tx = $1", tx)
    assert [(row["requester"], row["asked"], row["found"]) for row in rows] == [(CITY, 1, 1)]


async def test_a_used_tx_with_another_request_or_by_another_is_replayed(stage: Stage):
    tx = os.urandom(16)
    body = request(stage, Wanted(number=UNKNOWN, reference=reference()), tx=tx)
    first = await stage.post(CITY, "numbering", "acquire", body)
    other = request(stage, Wanted(number=number(stage, stage.someone(CITY)), reference=reference()), tx=tx)
    assert kind(await asked(stage, other)) is ErrorType.REPLAYED
    assert kind(await asked(stage, body, OTHER_CITY)) is ErrorType.REPLAYED
    assert await stage.post(CITY, "numbering", "acquire", body) == first


async def test_a_request_sealed_to_somebody_else_or_for_another_tx_is_malformed(stage: Stage):
    wanted = Wanted(number=UNKNOWN, reference=reference())
    for change in ({"to": "digital"}, {"info": b"else"}, {"aad": os.urandom(16)}):
        assert kind(await asked(stage, request(stage, wanted, **change))) is ErrorType.MALFORMED


@pytest.mark.parametrize("count", [0, 1001])
async def test_between_one_and_a_thousand_codes_are_made_at_a_time(stage: Stage, count):
    rows = [Wanted(number=UNKNOWN, reference="1")] * count
    assert kind(await asked(stage, request(stage, *rows))) is ErrorType.MALFORMED


async def test_a_tx_is_sixteen_bytes_and_a_recipient_is_known(stage: Stage):
    wanted = Wanted(number=UNKNOWN, reference=reference())
    assert kind(await asked(stage, request(stage, wanted, tx=os.urandom(15)))) is ErrorType.MALFORMED
    nobody = request(stage, wanted, recipient="muni-999999")
    assert kind(await asked(stage, nobody)) is ErrorType.INSTITUTION_UNKNOWN


async def test_a_look_keeps_who_and_how_many_and_no_person(stage: Stage):
    tx, digits = os.urandom(16), number(stage, stranger(stage, CITY))
    await asked(stage, request(stage, Wanted(number=digits, reference="777777777777777"), tx=tx))
    row = (await stage.nation.rows("numbering", "SELECT * FROM numbering.look WHERE tx = $1", tx))[0]
    text = str([bytes(v) if isinstance(v, bytes | memoryview) else v for v in row.values()])
    assert digits not in text
    assert "777777777777777" not in text


async def test_a_code_once_held_is_not_overwritten(stage: Stage):
    first, second = stage.someone(CITY, PENSION), stranger(stage, CITY)
    subject = stage.subject(CITY, first)
    held = await code(stage, CITY, subject)
    rows = [
        Wanted(number=number(stage, second), reference=subject),  # somebody else under a number in use
        Wanted(number=number(stage, first), reference=reference()),  # the same person under a second number
    ]
    for row in rows:
        acquired = await asked(stage, request(stage, row))
        assert await take(stage, acquired.delivery) == 0
    assert await code(stage, CITY, subject) == held
    assert await code(stage, CITY, rows[1].reference) is None


async def test_a_delivery_is_taken_once_however_often_it_is_brought(stage: Stage):
    person, subject = stranger(stage, CITY, OTHER_CITY), reference()
    acquired = await asked(stage, request(stage, Wanted(number=number(stage, person), reference=subject)))
    assert await take(stage, acquired.delivery) == 1
    held = await code(stage, CITY, subject)
    assert await take(stage, acquired.delivery) == 1
    assert await code(stage, CITY, subject) == held
    await stage.write(CITY, "DELETE FROM exchange.person_code WHERE subject = $1", subject)


async def test_a_stolen_delivery_is_useless(stage: Stage):
    person, subject = stranger(stage, CITY, OTHER_CITY), reference()
    acquired = await asked(stage, request(stage, Wanted(number=number(stage, person), reference=subject)))
    delivery = acquired.delivery
    before = await stage.nation.rows(OTHER_CITY, "SELECT count(*) AS n FROM exchange.person_code")
    for thief in (OTHER_CITY, "kenpo"):
        assert kind(await take(stage, delivery, at=thief, by=thief)) is ErrorType.NOT_PERMITTED
        forged = replace(delivery, slip=stage.sign(thief, delivery.slip.body))
        assert isinstance(await take(stage, forged, at=thief, by=thief), Problem)
    assert await stage.nation.rows(OTHER_CITY, "SELECT count(*) AS n FROM exchange.person_code") == before
    opened = stage.keys[OTHER_CITY].box.open(delivery.box, info=b"kumihimo/box/target/1", aad=b"")
    assert isinstance(opened, Problem)
    # Not even to the rightful recipient may the thief bring it.
    refused = await take(stage, delivery, at=CITY, by=OTHER_CITY)
    assert kind(refused) is ErrorType.NOT_PERMITTED
    assert await take(stage, delivery) == 1
    await stage.write(CITY, "DELETE FROM exchange.person_code WHERE subject = $1", subject)


@pytest.mark.parametrize("victim", ["kenpo", OTHER_CITY, "accounts", "labour", "digital"])
async def test_a_city_has_no_code_planted_at_somebody_who_did_not_name_it(stage: Stage, victim):
    tx, chosen = os.urandom(16), reference()
    planted = Wanted(number=number(stage, stage.someone(CITY)), reference=chosen)
    verdict = await asked(stage, request(stage, planted, recipient=victim, tx=tx))
    assert kind(verdict) is ErrorType.NOT_PERMITTED
    assert verdict.ground == "番号法21条の2"
    assert verdict.detail
    assert verdict.detail_ja
    assert await code(stage, victim, chosen) is None
    looks = await stage.nation.rows("numbering", "SELECT 1 FROM numbering.look WHERE tx = $1", tx)
    assert looks == []


async def test_codes_are_taken_from_who_is_named_and_from_nobody_else(stage: Stage):
    """The pension service names the three municipalities; a delivery that is in order changes nothing."""
    person, subject = stranger(stage, PENSION), reference()
    body = request(stage, Wanted(number=number(stage, person), reference=subject), recipient=PENSION)
    delivery = (await asked(stage, body)).delivery
    for carrier in ("kenpo", "moj", "numbering", "digital", "ledger", "portal"):
        verdict = await take(stage, delivery, at=PENSION, by=carrier)
        assert kind(verdict) is ErrorType.NOT_PERMITTED
        assert verdict.ground == "番号法21条の2"
    assert await code(stage, PENSION, subject) is None
    assert await take(stage, delivery, at=PENSION, by=OTHER_CITY) == 1
    await stage.write(PENSION, "DELETE FROM exchange.person_code WHERE subject = $1", subject)


async def test_a_delivery_with_a_changed_box_or_stamp_gives_no_code(stage: Stage):
    person = stranger(stage, CITY, OTHER_CITY)
    one = (
        await asked(stage, request(stage, Wanted(number=number(stage, person), reference=reference())))
    ).delivery
    two = (
        await asked(stage, request(stage, Wanted(number=number(stage, person), reference=reference())))
    ).delivery
    for spoilt, expected in (
        (replace(one, box=two.box), ErrorType.MALFORMED),
        (replace(one, box=one.box[:-1]), ErrorType.MALFORMED),
        (replace(one, first=two.first), ErrorType.STAMP_INVALID),
        (replace(one, second=one.first), ErrorType.STAMP_INVALID),
        (replace(one, slip=two.slip), ErrorType.STAMP_INVALID),
    ):
        assert kind(await take(stage, spoilt)) is expected


async def test_two_institutions_codes_of_one_person_have_nothing_in_common(stage: Stage):
    common = stage.someone(CITY, PENSION)
    codes = [await code(stage, name, stage.subject(name, common)) for name in (CITY, PENSION, "portal")]
    assert len(set(codes)) == 3
    assert all(codes)


def test_the_unknown_number_of_these_tests_is_nobodys(setting: Stage):
    assert UNKNOWN not in {one.number.reveal() for one in setting.population().persons}
