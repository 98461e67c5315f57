"""P-34: who says that a record is wrong is heard by all who hold it, and sees what they do (番号法31条)."""

import asyncio
import os
import time
from collections.abc import Mapping

import asyncpg
import msgspec
import pytest
from drill_nation import held_down
from exchange_client import Stage, today, until
from exchange_parties import CITY, OTHER_CITY, PENSION

from kumihimo.base import ErrorType, Problem
from kumihimo.exchange import (
    CORRECTION_BOX,
    AnswerEnvelope,
    CorrectionRequest,
    CorrectionVerdict,
    Decision,
    Ground,
    SealedText,
    Wrong,
    correction_request,
    correction_verdict,
    digest,
)
from kumihimo.exchange.receiving import ANSWER_BOX
from kumihimo.messages import boxes

pytestmark = pytest.mark.nation
TEXT = "その日は年金の手続をしていません。"
HOLDERS = {CITY: "inquirer", PENSION: "provider", "digital": "operator", "jlis": "operator"}


def kind(result: object) -> ErrorType | None:
    return result.type if isinstance(result, Problem) else None


async def looked(stage: Stage, person: int, *items: str) -> tuple[bytes, Mapping[str, list]]:
    """The person looks at their own records; the name of that look, and what it showed."""
    papers = await stage.own_look(person)
    envelope = await stage.answered(await stage.collected(papers, "portal"), "portal", "ledger")
    assert isinstance(envelope, AnswerEnvelope), envelope
    opened = stage.keys["portal"].box.open(envelope.sealed, info=ANSWER_BOX, aad=digest(papers.signed.body))
    return papers.slip.tx, msgspec.json.decode(opened)


async def recorded(stage: Stage, person: int) -> bytes:
    """A question about the person that stands in their record."""
    given = await stage.ask(person)
    assert not isinstance(given, Problem)
    await stage.line(person, given["tx"])
    return bytes.fromhex(given["tx"])


def request(stage: Stage, disclosure: bytes, record: bytes, parties=(CITY, PENSION)) -> CorrectionRequest:
    name = os.urandom(16)
    texts = tuple(
        SealedText(
            holder=one,
            box=boxes.seal(
                stage.directory.entries[one].box_public, TEXT.encode(), info=CORRECTION_BOX, aad=name
            ),
        )
        for one in parties
    )
    return CorrectionRequest(
        id=name,
        disclosure=disclosure,
        record=record,
        wrong=Wrong.NO_SUCH_PROCEDURE,
        time=int(time.time() * 1000),
        texts=texts,
    )


async def sent(stage: Stage, asked: CorrectionRequest, by: str = "portal") -> bytes | Problem:
    return await stage.post(by, "ledger", "correction", correction_request.write(asked))


async def decided(stage: Stage, by: str, name: bytes, decision: Decision, ground: Ground) -> bytes | Problem:
    told = CorrectionVerdict(id=name, decision=decision, ground=ground, time=int(time.time() * 1000))
    return await stage.post(by, "ledger", "correction-verdict", correction_verdict.write(told))


async def kept(stage: Stage, holder: str, name: bytes) -> asyncpg.Record | None:
    rows = await stage.nation.rows(holder, "SELECT * FROM exchange.correction WHERE id = $1", name)
    return rows[0] if rows else None


async def acknowledged(stage: Stage, name: bytes) -> set[str]:
    rows = await stage.nation.rows(
        "ledger",
        "SELECT holder FROM ledger.correction_holder WHERE id = $1 AND acknowledged IS NOT NULL",
        name,
    )
    return {row["holder"] for row in rows}


async def by_all(stage: Stage, name: bytes, seconds: float = 20.0) -> None:
    async def look() -> bool:
        return await acknowledged(stage, name) == set(HOLDERS)

    assert await until(look, seconds)


async def entries(stage: Stage, record: bytes) -> list[str]:
    query = "SELECT kind FROM ledger.entry WHERE tx = $1 ORDER BY n"
    return [row["kind"] for row in await stage.nation.rows("ledger", query, record)]


async def test_inquirer_provider_and_both_operators_hold_the_request(stage: Stage):
    person = stage.someone(CITY, PENSION)
    record = await recorded(stage, person)
    disclosure, _ = await looked(stage, person)
    asked = request(stage, disclosure, record)
    assert await sent(stage, asked) == b"{}"
    await by_all(stage, asked.id)
    for holder, role in HOLDERS.items():
        row = await kept(stage, holder, asked.id)
        assert row is not None
        assert (bytes(row["record"]), row["role"], row["held"]) == (record, role, True)
        assert row["fault"] == Wrong.NO_SUCH_PROCEDURE
    for reader in (CITY, PENSION):
        box = bytes((await kept(stage, reader, asked.id))["box"])
        opened = stage.keys[reader].box.open(box, info=CORRECTION_BOX, aad=asked.id)
        assert opened == TEXT.encode()
    for operator in ("digital", "jlis"):
        assert (await kept(stage, operator, asked.id))["box"] is None


async def test_decisions_come_back_and_the_person_sees_them(stage: Stage):
    person = stage.someone(CITY, PENSION)
    record = await recorded(stage, person)
    asked = request(stage, (await looked(stage, person))[0], record)
    await sent(stage, asked)
    await by_all(stage, asked.id)

    async def chained(count: int) -> bool:
        return await entries(stage, record) == ["asked", "outcome", *["correction"] * count]

    assert await until(lambda: chained(1))
    assert await decided(stage, CITY, asked.id, Decision.CORRECTED, Ground.RECORD_WAS_WRONG) == b"{}"
    assert await until(lambda: chained(2))
    again = await decided(stage, CITY, asked.id, Decision.NOT_CORRECTED, Ground.RECORD_IS_RIGHT)
    assert again == b"{}"
    assert await decided(stage, PENSION, asked.id, Decision.NOT_CORRECTED, Ground.RECORD_IS_RIGHT) == b"{}"
    assert await until(lambda: chained(3))
    rows = await stage.nation.rows(
        "ledger", "SELECT holder, decision FROM ledger.correction_holder WHERE id = $1", asked.id
    )
    assert {row["holder"]: row["decision"] for row in rows} == {
        CITY: "corrected",
        PENSION: "not-corrected",
        "digital": None,
        "jlis": None,
    }


async def test_a_holder_that_is_down_hears_of_it_when_it_comes_back(stage: Stage):
    person = stage.someone(CITY, PENSION)
    record = await recorded(stage, person)
    asked = request(stage, (await looked(stage, person))[0], record)
    async with held_down(stage.nation, PENSION):
        assert await sent(stage, asked) == b"{}"

        async def those_who_are_up() -> bool:
            return {CITY, "jlis"} <= await acknowledged(stage, asked.id)

        assert await until(those_who_are_up, 20.0)
        await asyncio.sleep(2.0)
        assert PENSION not in await acknowledged(stage, asked.id)
    await by_all(stage, asked.id, 60.0)
    assert (await kept(stage, PENSION, asked.id))["held"]


async def test_a_request_brought_again_is_one_request(stage: Stage):
    person = stage.someone(CITY, PENSION)
    record = await recorded(stage, person)
    asked = request(stage, (await looked(stage, person))[0], record)
    assert [await sent(stage, asked) for _ in range(3)] == [b"{}"] * 3
    await by_all(stage, asked.id)
    await asyncio.sleep(1.0)
    assert (await entries(stage, record)).count("correction") == 1


async def test_only_a_record_just_shown_to_its_person_can_be_disputed(stage: Stage):
    alice, bob = stage.someone(CITY, PENSION), stage.someone(CITY, PENSION)
    record, disclosure = await recorded(stage, alice), (await looked(stage, alice))[0]
    day = today().replace(year=today().year + 1).isoformat()
    hidden = await stage.ask(alice, withhold_ground="番号法23条2項", withhold_until=day)
    refused = {
        "another person's look": request(stage, (await looked(stage, bob))[0], record),
        "no such look": request(stage, os.urandom(16), record),
        "no such record": request(stage, disclosure, os.urandom(16)),
        "withheld by law": request(stage, disclosure, bytes.fromhex(hidden["tx"])),
        "the look itself": request(stage, disclosure, disclosure, ("portal", "ledger")),
    }
    answers = {name: await sent(stage, asked) for name, asked in refused.items()}
    assert {kind(one) for one in answers.values()} == {ErrorType.NOT_FOUND}
    assert len({str(one) for one in answers.values()}) == 1, "the refusals tell nothing apart"
    assert kind(await sent(stage, request(stage, disclosure, record), CITY)) is ErrorType.NOT_FOUND
    await stage.write(
        "ledger", "UPDATE ledger.event SET at = at - interval '16 minutes' WHERE tx = $1", disclosure
    )
    assert kind(await sent(stage, request(stage, disclosure, record))) is ErrorType.NOT_FOUND


async def test_nobody_decides_for_another_and_operators_decide_nothing(stage: Stage):
    person = stage.someone(CITY, PENSION)
    record = await recorded(stage, person)
    asked = request(stage, (await looked(stage, person))[0], record)
    await sent(stage, asked)
    await by_all(stage, asked.id)
    for stranger in (OTHER_CITY, "digital", "jlis", "portal", "ppc"):
        verdict = await decided(stage, stranger, asked.id, Decision.CORRECTED, Ground.RECORD_WAS_WRONG)
        assert kind(verdict) is ErrorType.NOT_FOUND
    assert (await entries(stage, record)).count("correction") == 1


async def test_the_texts_go_to_the_two_parties_and_to_nobody_else(stage: Stage):
    person = stage.someone(CITY, PENSION)
    record, disclosure = await recorded(stage, person), (await looked(stage, person))[0]
    for parties in ((CITY,), (CITY, OTHER_CITY), (CITY, PENSION, "ppc")):
        asked = request(stage, disclosure, record, parties)
        assert kind(await sent(stage, asked)) is ErrorType.MALFORMED
    assert kind(await stage.post("portal", "ledger", "correction", b"{}")) is ErrorType.MALFORMED
