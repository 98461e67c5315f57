"""Epochs over the ledger's book: what settles when, what is counted, and that every step can be replayed."""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest
from ledger_house import House, fresh, open_house, record_job, someone

from kumihimo.base import ErrorType, Problem
from kumihimo.exchange import Outcome, Signed
from kumihimo.ledger import Kind, chain_head
from kumihimo.ledger.closer import Closer
from kumihimo.ledger.cut import News
from kumihimo.ledger.epoch_store import EpochDamagedError, load_standpoint
from kumihimo.ledger.treemap import Bucket, bucket_of, hash_of, sum_of, verify
from kumihimo.log import LogReader

ALICE, BOB, CAROL = someone(1), someone(2), someone(3)


@pytest.fixture
async def house(ledger_uri: str) -> AsyncIterator[House]:
    await fresh(ledger_uri)
    async with open_house(ledger_uri) as opened:
        yield opened


async def kinds(house: House, label: bytes) -> list[str]:
    rows = await house.rows("SELECT kind FROM ledger.entry WHERE label = $1 ORDER BY n", label)
    return [row["kind"] for row in rows]


async def test_the_first_epoch_is_closed_over_nothing(house: House):
    record = await house.close()
    assert (record.epoch, record.total, record.persons, record.open, record.x_size) == (1, 0, 0, 0, 0)
    assert (await house.close()).epoch == 1, "nothing has changed"
    await house.replay()


async def test_a_record_enters_the_chain_with_its_outcome(house: House):
    (tx,) = await house.ask(ALICE)
    assert await kinds(house, ALICE) == []
    first = await house.close()
    assert (first.total, first.open) == (0, 1)
    await house.tell(tx)
    assert await kinds(house, ALICE) == ["asked", "outcome"]
    second = await house.close()
    assert (second.total, second.open, second.persons) == (1, 0, 1)
    assert (await house.replay()).leaf(ALICE).n == 1


async def test_a_record_without_outcome_enters_the_chain_after_a_minute(house: House):
    (tx,) = await house.ask(ALICE)
    assert await house.settle() == 0
    await house.execute("UPDATE ledger.event SET at = at - interval '61 seconds'")
    assert await house.settle() == 1
    assert await kinds(house, ALICE) == ["asked"]
    await house.close()
    await house.tell(tx)
    assert await kinds(house, ALICE) == ["asked", "outcome"]
    record = await house.close()
    assert (record.epoch, record.total) == (2, 1)
    await house.replay()


async def test_a_later_outcome_is_an_entry_of_its_own_and_no_further_record(house: House):
    (tx,) = await house.ask(ALICE)
    await house.tell(tx, outcome=Outcome.PENDING)
    assert (await house.close()).total == 1
    await house.tell(tx)
    assert await kinds(house, ALICE) == ["asked", "outcome", "outcome"]
    assert (await house.close()).total == 1
    await house.replay()


async def test_a_look_is_chained_at_once(house: House):
    await house.ask(ALICE, kind=Kind.DISCLOSED)
    assert await kinds(house, ALICE) == ["disclosed"]
    assert (await house.close()).total == 1


async def test_ten_epochs_of_many_persons_can_be_replayed_from_nothing(house: House):
    people = [someone(number) for number in range(30)]
    for step in range(10):
        await house.happened(*people[step : step + 15])
        await house.ask(*people[step::7])
        await house.close()
    auditor = await house.replay()
    assert auditor.epoch == 10
    for row in await house.rows("SELECT label, counted, head FROM ledger.person"):
        leaf = auditor.leaf(bytes(row["label"]))
        assert (leaf.n, leaf.head) == (row["counted"], bytes(row["head"]))


async def test_the_map_of_an_epoch_stays_while_the_chains_move_on(house: House):
    await house.happened(ALICE, BOB)
    record = await house.close()
    await house.happened(ALICE, ALICE)
    number = bucket_of(ALICE, record.depth)
    rows = await house.rows("SELECT leaves FROM ledger.bucket WHERE number = $1", number)
    leaf, inside = Bucket.of(bytes(rows[0]["leaves"])).prove(ALICE)
    assert leaf.n == 1
    path = inside + house.closer.last.top.path(number)
    root = bytes.fromhex(record.map_root)
    assert verify(leaf, path, record.depth, root=root, total=record.total)
    hashes = await house.rows("SELECT hash FROM ledger.entry WHERE label = $1 ORDER BY n LIMIT 2", ALICE)
    assert leaf.head == chain_head(bytes(row["hash"]) for row in hashes)


async def test_an_event_that_is_never_recorded_is_void_after_three_minutes_and_stays_so(house: House):
    (index,) = await house.x.append([commit := os.urandom(32)])
    assert (await house.close()).open == 1
    house.clock.ahead += timedelta(seconds=179)
    assert (await house.close()).epoch == 1, "still waited for"
    house.clock.ahead += timedelta(seconds=2)
    record = await house.close()
    assert (record.void, record.open, record.total) == (1, 0, 0)
    late = await house.write(record_job(ALICE, commit, index, house.clock()))
    assert isinstance(late, Problem)
    assert late.type is ErrorType.EXPIRED
    await house.happened(ALICE)
    assert (await house.close()).void == 1
    assert set((await house.replay()).standing.void) == {index}


async def test_what_is_no_question_about_a_person_is_not_counted(house: House):
    await house.x.append([os.urandom(32), os.urandom(32)], kind="acquire")
    await house.happened(ALICE)
    record = await house.close()
    assert (record.x_size, record.total, record.open) == (3, 1, 0)
    await house.replay()


@pytest.mark.parametrize("lie", ["place", "commitment", "twice"])
async def test_no_epoch_is_closed_over_an_event_that_is_not_where_its_stamp_said(house: House, lie: str):
    one, other = await house.x.append([first := os.urandom(32), os.urandom(32)])
    index = {"place": other + 5, "commitment": other, "twice": one}[lie]
    await house.write(record_job(ALICE, first, index, house.clock(), kind=Kind.DISCLOSED))
    if lie == "twice":
        await house.write(record_job(BOB, first, index, house.clock(), kind=Kind.DISCLOSED))
    problem = await house.closer.close()
    assert isinstance(problem, Problem)
    assert problem.type is ErrorType.PROOF_INVALID
    assert not await house.rows("SELECT 1 FROM ledger.epoch")


async def test_no_epoch_is_closed_while_operator_1_is_away(house: House):
    async def away(_: object) -> Problem:
        return Problem(ErrorType.PROVIDER_UNAVAILABLE)

    await house.happened(ALICE)
    read, house.closer.read_x = house.closer.read_x, away
    assert isinstance(await house.closer.close(), Problem)
    house.closer.read_x = read
    assert (await house.close()).total == 1


async def test_what_is_recorded_while_an_epoch_is_closed_belongs_to_the_next(house: House):
    (tx,) = await house.ask(ALICE)

    async def meanwhile(edge: object) -> News:
        await house.tell(tx)
        await house.happened(BOB)
        return await house.x.read(edge)

    house.closer.read_x = meanwhile
    first = await house.close()
    assert (first.total, first.open) == (0, 2)
    house.closer.read_x = house.x.read
    second = await house.close()
    assert (second.total, second.open, second.persons) == (2, 0, 2)
    await house.replay()


async def test_closing_and_recording_share_a_batch_without_losing_either(house: House):
    txs = await house.ask(*(someone(number) for number in range(40)))
    closing = asyncio.create_task(house.close())
    await asyncio.gather(house.tell(*txs[:20]), house.tell(*txs[20:]), house.happened(ALICE, BOB), closing)
    await house.close()
    record = await house.close()
    assert (record.total, record.open) == (42, 0)
    await house.replay()


async def test_a_ledger_that_is_opened_again_goes_on_from_its_last_epoch(house: House, ledger_uri: str):
    await house.happened(ALICE, BOB)
    await house.ask(CAROL)
    before = await house.close()
    standpoint = house.closer.last
    await house.happened(ALICE)
    async with house.db.read() as conn:
        again = await load_standpoint(conn, 9)
    assert (again.record, again.text, again.through) == (before, standpoint.text, standpoint.through)
    assert (again.top.root, again.log_index) == (standpoint.top.root, standpoint.log_index)
    assert (again.edge.size, again.edge.root) == (standpoint.edge.size, standpoint.edge.root)
    house.closer._last = None
    assert (await house.close()).epoch == 2
    await house.replay()


async def test_a_map_that_was_changed_behind_the_ledgers_back_is_not_carried_on(house: House):
    await house.happened(ALICE)
    await house.close()
    await house.execute("UPDATE ledger.bucket SET root = overlay(root placing '\\xff' from 1)")
    async with house.db.read() as conn:
        with pytest.raises(EpochDamagedError):
            await load_standpoint(conn, 4)


async def test_the_epochs_record_stands_in_the_ledgers_own_log_where_it_says(house: House):
    for label in (ALICE, BOB, CAROL):
        await house.happened(label)
        await house.close()
    for row in await house.rows("SELECT number, log_index, record FROM ledger.epoch ORDER BY number"):
        async with house.db.read() as conn:
            (entry,) = await LogReader.entries(conn, row["log_index"], row["log_index"] + 1)
        assert entry == bytes(row["record"])


async def test_the_same_record_brought_again_while_open_is_recorded_once(house: House):
    (index,) = await house.x.append([commit := os.urandom(32)])
    job = record_job(ALICE, commit, index, house.clock())
    receipts = await asyncio.gather(*(house.write(job) for _ in range(5)))
    assert all(isinstance(one, Signed) for one in receipts)
    assert len(await house.rows("SELECT 1 FROM ledger.event")) == 1
    assert len(await house.rows("SELECT 1 FROM ledger.evidence")) == 1


async def test_whoever_waits_for_an_epoch_gets_one_that_holds_the_entry(house: House):
    closer: Closer = house.closer
    running = asyncio.create_task(closer.run())
    for number in range(3):
        await house.happened(someone(number))
        seq = (await house.rows("SELECT max(seq) AS seq FROM ledger.entry"))[0]["seq"]
        assert await closer.covering(seq, 20.0) is None
        assert closer.last.through >= seq
    problem = await closer.covering(1 << 40, 0.05)
    assert isinstance(problem, Problem)
    assert problem.type is ErrorType.PROVIDER_UNAVAILABLE
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert (await house.replay()).total == 3


async def test_the_total_of_the_map_is_the_sum_over_all_persons(house: House):
    await house.happened(*(someone(number % 17) for number in range(60)))
    record = await house.close()
    rows = await house.rows("SELECT sum(counted) AS counted, count(*) AS persons FROM ledger.person")
    assert (record.total, record.persons) == (rows[0]["counted"], rows[0]["persons"]) == (60, 17)
    root = house.closer.last.top.root
    assert (hash_of(root).hex(), sum_of(root)) == (record.map_root, record.total)


async def test_an_epochs_number_is_given_once(house: House):
    await house.close()
    row = (await house.rows("SELECT * FROM ledger.epoch"))[0]
    with pytest.raises(asyncpg.UniqueViolationError):
        await house.execute("INSERT INTO ledger.epoch SELECT * FROM ledger.epoch")
    assert row["number"] == 1
