"""Withheld by law: counted and bounded for everybody, seen by the commission, and by nobody else at all."""

from collections.abc import AsyncIterator
from datetime import date, timedelta

import msgspec
import pytest
from ledger_house import VAULT, House, fresh, open_house, someone

from kumihimo.base import JST
from kumihimo.exchange import Outcome
from kumihimo.ledger import lines
from kumihimo.ledger.deferral import Approval, Deferred, Terms, deferral_leaf, deferral_root
from kumihimo.ledger.oversight_desk import withheld_now
from kumihimo.ledger.person import person_entries
from kumihimo.ledger.store import DecideJob, counts
from kumihimo.log import root_of

ALICE, BOB = someone(1), someone(2)
GROUND, BY = "番号法23条2項", "nenkin"


@pytest.fixture
async def house(ledger_uri: str) -> AsyncIterator[House]:
    await fresh(ledger_uri)
    async with open_house(ledger_uri) as opened:
        yield opened


def terms(house: House, days: int) -> Terms:
    return Terms(today(house) + timedelta(days=days), GROUND, BY)


def today(house: House) -> date:
    return house.clock().astimezone(JST).date()


async def shown(house: House, label: bytes) -> list[tuple[str, str]]:
    async with house.db.read() as conn:
        entries, withheld = await person_entries(conn, VAULT, label)
    return [(line.asked.tx, line.asked.kind) for line in lines(entries, withheld, house.clock())]


async def withheld(house: House, days: int = 30) -> bytes:
    """An exchange on Alice that its provider withholds; its tx."""
    (tx,) = await house.ask(ALICE)
    await house.tell(tx, terms=terms(house, days))
    return tx


async def test_a_withheld_event_is_in_the_set_and_not_in_the_chain(house: House):
    tx = await withheld(house)
    record = await house.close()
    assert (record.deferred, record.total, record.persons, record.open) == (1, 0, 0, 0)
    (row,) = await house.rows("SELECT * FROM ledger.deferred")
    assert bytes(row["tx"]) == tx
    assert record.deferred_root == deferral_root([bytes(row["leaf"])]).hex()
    assert await shown(house, ALICE) == []
    await house.replay()


async def test_the_inquirers_mark_withholds_until_the_outcome_and_after_a_minute_without(house: House):
    await house.ask(ALICE, terms=terms(house, 5))
    assert (await house.close()).open == 1
    await house.execute("UPDATE ledger.event SET at = at - interval '61 seconds'")
    record = await house.close()
    assert (record.open, record.deferred, record.total) == (0, 1, 0)
    await house.replay()


async def test_on_its_day_a_withheld_event_enters_the_chain_as_released_with_its_outcome(house: House):
    tx = await withheld(house, days=2)
    await house.close()
    house.clock.ahead += timedelta(days=1)
    await house.settle()
    assert await shown(house, ALICE) == []
    house.clock.ahead += timedelta(days=1)
    await house.settle()
    assert await shown(house, ALICE) == [(tx.hex(), "released")]
    async with house.db.read() as conn:
        entries, _ = await person_entries(conn, VAULT, ALICE)
    assert [one.kind for one in entries] == ["released", "outcome"]
    assert (entries[0].ground, entries[0].inquirer) == (GROUND, "muni-131016")
    record = await house.close()
    assert (record.deferred, record.total, record.persons) == (0, 1, 1)
    await house.replay()


async def test_what_no_epoch_has_committed_to_is_not_released_yet(house: House):
    await withheld(house, days=1)
    house.clock.ahead += timedelta(days=1)
    assert await house.settle() == 0
    await house.close()
    assert await house.settle() == 1
    await house.close()
    await house.replay()


async def test_a_withholding_that_is_over_hides_nothing(house: House):
    (tx,) = await house.ask(ALICE)
    await house.tell(tx, terms=terms(house, 0))
    assert await shown(house, ALICE) == [(tx.hex(), "asked")]


async def test_a_withholding_reported_after_the_record_was_chained_hides_nothing(house: House):
    (tx,) = await house.ask(ALICE)
    await house.tell(tx, outcome=Outcome.PENDING)
    await house.tell(tx, terms=terms(house, 30))
    assert await shown(house, ALICE) == [(tx.hex(), "asked")]
    assert (await house.close()).deferred == 0


async def test_the_later_of_two_days_holds_and_the_first_ground(house: House):
    (tx,) = await house.ask(ALICE, terms=Terms(today(house) + timedelta(days=9), "捜査", "muni-131016"))
    await house.tell(tx, terms=terms(house, 4))
    (row,) = await house.rows("SELECT until, ground, by FROM ledger.deferred")
    assert tuple(row) == (today(house) + timedelta(days=9), "捜査", BY)


async def test_a_long_withholding_ends_after_the_maximum_unless_the_commission_approves(house: House):
    for _ in range(2):
        await withheld(house, days=3000)
    await house.close()
    async with house.db.read() as conn:
        first, second = await withheld_now(conn)
    end = (today(house) + timedelta(days=365)).isoformat()
    assert (first.due, second.due, first.approval) == (end, end, "none")
    assert await house.write(DecideJob(bytes.fromhex(first.commit), Approval.APPROVED)) is True
    house.clock.ahead += timedelta(days=365)
    assert await house.settle() == 1
    await house.close()
    async with house.db.read() as conn:
        (left,) = await withheld_now(conn)
    assert (left.commit, left.approval, left.due) == (first.commit, "approved", first.until)
    await house.replay()


async def test_the_commission_ends_a_withholding(house: House):
    tx = await withheld(house)
    await house.close()
    (row,) = await house.rows("SELECT commit FROM ledger.deferred")
    assert await house.write(DecideJob(bytes(row["commit"]), Approval.REFUSED)) is True
    await house.settle()
    assert await shown(house, ALICE) == [(tx.hex(), "released")]
    assert await house.write(DecideJob(bytes(row["commit"]), Approval.APPROVED)) is False, "it is over"
    assert await house.write(DecideJob(bytes(32), Approval.REFUSED)) is False
    assert (await house.close()).deferred == 0
    await house.replay()


async def test_a_later_outcome_of_a_withheld_event_is_told_when_it_is_released(house: House):
    (tx,) = await house.ask(ALICE)
    await house.tell(tx, terms=terms(house, 3), outcome=Outcome.PENDING)
    await house.tell(tx, outcome=Outcome.REFUSED)
    assert await shown(house, ALICE) == []
    await house.close()
    house.clock.ahead += timedelta(days=3)
    await house.settle()
    async with house.db.read() as conn:
        entries, _ = await person_entries(conn, VAULT, ALICE)
    assert [(one.kind, one.outcome) for one in entries] == [("released", None), ("outcome", "refused")]


async def test_withheld_events_are_counted_for_everybody(house: House):
    await withheld(house)
    await house.happened(BOB)
    async with house.db.read() as conn:
        assert await counts(conn) == {"events": 0, "persons": 0, "withheld": 0}
    await house.close()
    async with house.db.read() as conn:
        assert await counts(conn) == {"events": 2, "persons": 1, "withheld": 1}
    house.clock.ahead += timedelta(days=30)
    await house.settle()
    await house.close()
    async with house.db.read() as conn:
        assert await counts(conn) == {"events": 2, "persons": 2, "withheld": 0}


async def test_nobody_but_the_commission_can_tell_a_withheld_event_from_none(house: House):
    """Two persons alike, one of whom is also asked about under a withholding: all that is shown is alike."""
    for _ in range(3):
        await house.happened(ALICE, BOB)
        await withheld(house)
        await house.close()
    persons = await house.rows("SELECT label, count, counted FROM ledger.person ORDER BY label")
    assert len({(row["count"], row["counted"]) for row in persons}) == 1
    assert len(await shown(house, ALICE)) == len(await shown(house, BOB)) == 3
    auditor = await house.replay()
    assert auditor.leaf(ALICE).n == auditor.leaf(BOB).n == 3
    for row in await house.rows("SELECT transition FROM ledger.epoch"):
        moved = msgspec.json.decode(row["transition"])["moved"]
        assert {len(one["entries"]) for one in moved if one["label"] in {ALICE.hex(), BOB.hex()}} <= {2}


async def test_no_label_is_joined_to_an_index_or_a_withheld_event(house: House):
    tx = await withheld(house)
    await house.happened(BOB)
    await house.close()
    (row,) = await house.rows("SELECT transition, record FROM ledger.epoch")
    text = bytes(row["transition"]) + bytes(row["record"])
    for secret in (ALICE.hex(), tx.hex()):
        assert secret.encode() not in text


def test_a_leaf_of_the_set_tells_nothing_without_its_salt():
    day = date(2026, 11, 23)
    claim = Terms(day + timedelta(days=9), GROUND, BY)
    made = [Deferred.of(bytes(16), 7, bytes(32), claim, today=day, maximum=365) for _ in range(2)]
    assert made[0].leaf != made[1].leaf
    assert made[0].due == claim.until
    words = {"commit": "00" * 32, "until": "2026-12-02", "ground": GROUND, "by": BY}
    assert made[0].leaf == deferral_leaf(made[0].salt, **words)
    assert deferral_leaf(made[0].salt, **{**words, "by": "kenpo"}) != made[0].leaf


def test_the_sets_root_does_not_depend_on_the_order_of_entering():
    leaves = [bytes([number]) * 32 for number in range(5)]
    assert deferral_root(reversed(leaves)) == deferral_root(leaves) == root_of(leaves)
    assert deferral_root([]) == root_of([])
