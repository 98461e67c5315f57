"""The ledger end to end: what is recorded on a person, by whom, and who may read it."""

import os
from dataclasses import replace
from datetime import timedelta

import asyncpg
import msgspec
import pytest
from exchange_client import Stage, today, until
from exchange_parties import CITY, OTHER_CITY, PENSION

from kumihimo.base import ErrorType, Problem, system_clock
from kumihimo.codes import random_scalar
from kumihimo.exchange import Delivery, Outcome, Report, Reports, Signed, delivery_form, reports_form
from kumihimo.ledger import Kind, chain_head, label_of
from kumihimo.ledger.app import ledger_secret
from kumihimo.ledger.person import person_entries
from kumihimo.numbering import number_index, read_index_key
from kumihimo.numbering.model import decode

pytestmark = pytest.mark.nation


def kind(result: object) -> ErrorType | None:
    return result.type if isinstance(result, Problem) else None


async def event(stage: Stage, tx: bytes) -> asyncpg.Record:
    return (await stage.nation.rows("ledger", "SELECT * FROM ledger.event WHERE tx = $1", tx))[0]


async def entries_of(stage: Stage, tx: bytes) -> list[str]:
    rows = await stage.nation.rows("ledger", "SELECT kind FROM ledger.entry WHERE tx = $1 ORDER BY n", tx)
    return [row["kind"] for row in rows]


async def outcome_known(stage: Stage, tx: bytes, expected: str) -> asyncpg.Record:
    async def look() -> asyncpg.Record | None:
        row = await event(stage, tx)
        return row if row["outcome"] == expected else None

    return await until(look)


async def opened(stage: Stage, label: bytes):
    """A person's entries, opened with the ledger's own key."""
    conn = await asyncpg.connect(stage.nation.server.owner_of("ledger"))
    try:
        return (await person_entries(conn, stage.keys["ledger"].vault, label))[0]
    finally:
        await conn.close()


async def label(stage: Stage, person: int, secret: bytes) -> bytes:
    """The label as only somebody with every secret of the nation could compute it."""
    resident = next(one for one in stage.population().persons if one.index == person)
    index = number_index(read_index_key(stage.nation.places.keys("numbering")), resident.number.reveal())
    query = "SELECT sealed FROM numbering.person WHERE number_index = $1"
    sealed = bytes((await stage.nation.rows("numbering", query, index))[0]["sealed"])
    plain = stage.keys["numbering"].vault.open(sealed, index)
    assert isinstance(plain, bytes)
    return label_of(secret, stage.code(decode(plain).rho, "ledger"))


async def test_provided_refused_and_pending_reach_the_persons_record(stage: Stage):
    person = stage.someone(CITY, PENSION)
    provided = await stage.ask(person)
    refused = await stage.ask(person, as_of="2026-02-30")
    async with stage.flag(PENSION, person, "manual"):
        pending = await stage.ask(person)
    for given, expected, reason in (
        (provided, "provided", None),
        (refused, "refused", "malformed"),
        (pending, "pending", None),
    ):
        tx = bytes.fromhex(given["tx"])
        row = await outcome_known(stage, tx, expected)
        assert (row["sender"], row["provider"]) == (CITY, PENSION)
        assert await entries_of(stage, tx) == ["asked", "outcome"]
        line = await stage.line(person, tx.hex())
        assert (line["outcome"]["outcome"], line["outcome"]["reason"]) == (expected, reason)
        assert line["asked"]["permission"] == given["row"]
    async with stage.office(PENSION) as office:
        await office.post(f"approvals/{pending['tx']}", {"approve": True, "by": "主任"})
    await outcome_known(stage, bytes.fromhex(pending["tx"]), "provided")
    assert await entries_of(stage, bytes.fromhex(pending["tx"])) == ["asked", "outcome", "outcome"]


async def test_the_record_stands_before_the_answer(stage: Stage):
    papers = await stage.slip(stage.someone(CITY, PENSION))
    delivery = await stage.collected(papers)
    assert isinstance(await stage.recorded(papers, delivery), Signed)
    row = await event(stage, papers.slip.tx)
    assert (row["outcome"], row["state"]) == (None, "open")
    kept = stage.keys["ledger"].vault.open(bytes(row["asked"]), bytes(row["label"]))
    assert msgspec.json.decode(kept)["kind"] == "asked"
    assert await entries_of(stage, papers.slip.tx) == []


async def test_every_chain_adds_up_to_its_head_and_count(stage: Stage):
    await stage.ask(stage.someone(CITY, PENSION))
    for _ in range(20):
        persons = await stage.nation.rows("ledger", "SELECT label, count, head FROM ledger.person")
        hashes = await stage.nation.rows(
            "ledger", "SELECT label, n, hash FROM ledger.entry ORDER BY label, n"
        )
        again = await stage.nation.rows("ledger", "SELECT label, count, head FROM ledger.person")
        if persons == again:
            break
    chains: dict[bytes, list[bytes]] = {}
    for row in hashes:
        chain = chains.setdefault(bytes(row["label"]), [])
        chain.append(bytes(row["hash"]))
        assert row["n"] == len(chain)
    assert persons
    for row in persons:
        chain = chains.pop(bytes(row["label"]))
        assert row["count"] == len(chain)
        assert bytes(row["head"]) == chain_head(chain)
    assert not chains


async def test_a_label_cannot_be_computed_without_the_secret(stage: Stage):
    person = stage.someone(CITY, PENSION)
    given = await stage.ask(person)
    row = await event(stage, bytes.fromhex(given["tx"]))
    secret = ledger_secret(stage.nation.places.keys("ledger"))
    assert await label(stage, person, secret) == bytes(row["label"])
    guess = await label(stage, person, bytes(random_scalar()))
    rows = await stage.nation.rows("ledger", "SELECT 1 FROM ledger.person WHERE label = $1", guess)
    assert not rows


async def test_the_ledger_keeps_no_code_of_anybody_and_no_item(stage: Stage):
    given = await stage.ask(stage.someone(CITY, PENSION))
    row = await outcome_known(stage, bytes.fromhex(given["tx"]), "provided")
    entries = await opened(stage, bytes(row["label"]))
    asked = next(one for one in entries if one.tx == given["tx"] and one.kind is Kind.ASKED)
    text = msgspec.json.encode(asked).decode()
    for value in given["items"].values():
        if isinstance(value, str) and len(value) > 4:
            assert value not in text
    assert set(asked.items) >= set(given["items"])


async def test_the_same_slip_is_recorded_once_with_the_same_receipt(stage: Stage):
    papers = await stage.slip(stage.someone(CITY, PENSION))
    delivery = await stage.collected(papers)
    receipts = [await stage.recorded(papers, delivery) for _ in range(3)]
    assert receipts[0] == receipts[1] == receipts[2]
    assert isinstance(receipts[0], Signed)
    assert (await event(stage, papers.slip.tx))["state"] == "open"
    kept = await stage.nation.rows("ledger", "SELECT 1 FROM ledger.evidence WHERE tx = $1", papers.slip.tx)
    assert len(kept) == 1


async def reported(stage: Stage, by: str, *reports: Report) -> int:
    body = await stage.post(by, "ledger", "outcome", reports_form.write(Reports(reports=reports)))
    assert isinstance(body, bytes), body
    return msgspec.json.decode(body)["taken"]


def report(tx: bytes, outcome: Outcome) -> Report:
    time = int(system_clock().timestamp() * 1000)
    return Report(tx=tx, outcome=outcome, reason="no-record", withhold=None, time=time)


async def test_nobody_but_the_asked_provider_tells_the_outcome(stage: Stage):
    person = stage.someone(CITY, PENSION)
    tx = bytes.fromhex((await stage.ask(person))["tx"])
    before = await outcome_known(stage, tx, "provided")
    for liar in (CITY, OTHER_CITY, "kenpo", "digital", "portal", "ledger"):
        assert await reported(stage, liar, report(tx, Outcome.REFUSED)) == 0
    assert await event(stage, tx) == before
    assert await entries_of(stage, tx) == ["asked", "outcome"]


async def test_outcomes_of_exchanges_the_ledger_never_recorded_are_not_taken(stage: Stage):
    strays = [report(os.urandom(16), Outcome.PROVIDED) for _ in range(3)]
    assert await reported(stage, PENSION, *strays) == 0
    assert await reported(stage, PENSION, report(b"", Outcome.PROVIDED)) == 0
    assert await reported(stage, PENSION) == 0


async def test_a_final_outcome_stands(stage: Stage):
    """Reports may come late and in another order: what was pending once is not pending again."""
    tx = bytes.fromhex((await stage.ask(stage.someone(CITY, PENSION)))["tx"])
    before = await outcome_known(stage, tx, "provided")
    for late in (Outcome.PENDING, Outcome.REFUSED):
        assert await reported(stage, PENSION, report(tx, late)) == 1
    assert await event(stage, tx) == before
    assert await entries_of(stage, tx) == ["asked", "outcome"]


async def test_the_same_outcome_told_again_changes_nothing(stage: Stage):
    tx = bytes.fromhex((await stage.ask(stage.someone(CITY, PENSION)))["tx"])
    before = await outcome_known(stage, tx, "provided")
    again = replace(report(tx, Outcome.PROVIDED), reason=None)
    assert await reported(stage, PENSION, again, again) == 2
    assert await event(stage, tx) == before
    assert await entries_of(stage, tx) == ["asked", "outcome"]


async def test_only_the_disclosure_system_reads_records_and_nobody_elses_slip_is_one(stage: Stage):
    person = stage.someone(CITY, PENSION)
    own = await stage.own_look(person)
    delivery = await stage.collected(own, "portal")
    for thief in (CITY, PENSION, "digital", "ppc"):
        assert kind(await stage.answered(delivery, thief, "ledger")) is ErrorType.SIGNATURE_INVALID
    for curious in (CITY, PENSION, "digital", "ppc"):
        slip = await stage.own_look(person, sender=replace(own.slip.sender, institution=curious))
        signed = stage.sign(curious, slip.signed.body)
        desk = replace(delivery, slip=signed)
        verdict = await stage.post(curious, "ledger", "inquire", delivery_form.write(desk))
        assert kind(verdict) is ErrorType.NOT_PERMITTED
    inquiry = await stage.slip(person)
    asked = await stage.collected(inquiry)
    assert kind(await stage.answered(asked, CITY, "ledger")) is ErrorType.NOT_PERMITTED
    assert kind(await stage.recorded(own, delivery, "portal")) is ErrorType.NOT_PERMITTED


async def test_a_look_at_ones_own_record_is_on_record_too(stage: Stage):
    person = stage.someone(CITY, PENSION)
    first = await stage.records(person)
    second = await stage.records(person)
    fresh = {one["asked"]["tx"] for one in second} - {one["asked"]["tx"] for one in first}
    assert len(fresh) == 1
    look = next(one for one in second if one["asked"]["tx"] in fresh)
    assert (look["asked"]["kind"], look["asked"]["inquirer"]) == ("disclosed", "portal")
    assert all(one["asked"]["inquirer"] for one in second)


async def test_a_look_brought_again_is_recorded_once(stage: Stage):
    papers = await stage.own_look(stage.someone(CITY, PENSION))
    delivery = await stage.collected(papers, "portal")
    for _ in range(2):
        assert not isinstance(await stage.answered(delivery, "portal", "ledger"), Problem)
    assert await entries_of(stage, papers.slip.tx) == ["disclosed"]


async def test_a_person_sees_their_own_record_and_nobody_elses(stage: Stage):
    alice, bob = stage.someone(CITY, PENSION), stage.someone(CITY, PENSION)
    assert alice != bob
    given = await stage.ask(alice)
    await stage.line(alice, given["tx"])
    assert given["tx"] not in {one["asked"]["tx"] for one in await stage.records(bob)}


async def test_a_withheld_record_is_visible_after_its_day(stage: Stage):
    person = stage.someone(CITY, PENSION)
    last = today() + timedelta(days=40)
    given = await stage.ask(person, withhold_ground="番号法23条2項", withhold_until=last.isoformat())
    row = await outcome_known(stage, bytes.fromhex(given["tx"]), "provided")
    assert (row["withheld_until"], row["withheld_ground"]) == (last, "番号法23条2項")
    assert row["state"] == "deferred"
    assert given["tx"] not in {one.tx for one in await opened(stage, bytes(row["label"]))}
    # Its day comes at once, as if forty days had passed.
    day = "UPDATE ledger.deferred SET due = $2 WHERE tx = $1"
    await stage.write("ledger", day, bytes.fromhex(given["tx"]), today() + timedelta(days=1))
    assert given["tx"] not in {one["asked"]["tx"] for one in await stage.records(person)}
    await stage.write("ledger", day, bytes.fromhex(given["tx"]), today())

    async def shown():
        lines = await stage.records(person)
        return next((one for one in lines if one["asked"]["tx"] == given["tx"]), None)

    line = await until(shown, 30.0)
    assert (line["asked"]["kind"], line["asked"]["ground"]) == ("released", "番号法23条2項")
    assert line["outcome"]["outcome"] == "provided"
    assert await entries_of(stage, bytes.fromhex(given["tx"])) == ["released", "outcome"]


async def test_the_counts_show_no_person_and_grow_with_each_exchange(stage: Stage):
    before = await stage.counts()
    person = stage.someone(CITY, PENSION)
    await stage.ask(person)
    await stage.ask(person)

    async def grown() -> dict[str, int] | None:
        after = await stage.counts()
        return after if after["events"] - before["events"] >= 2 else None

    after = await until(grown, 30)
    assert set(after) == {"events", "persons", "withheld"}
    assert all(isinstance(value, int) for value in after.values())


async def test_a_delivery_without_its_box_is_not_recorded(stage: Stage):
    papers = await stage.slip(stage.someone(CITY, PENSION))
    delivery = await stage.collected(papers)
    for box in (b"", papers.target_box, os.urandom(200)):
        desk = Delivery(slip=papers.signed, first=delivery.first, second=delivery.second, box=box)
        verdict = await stage.post(CITY, "ledger", "record", delivery_form.write(desk))
        assert kind(verdict) is ErrorType.MALFORMED
    assert await entries_of(stage, papers.slip.tx) == []
