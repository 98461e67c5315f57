"""Work promised with its cause is done at least once, or parked where a person sees it."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from test_node_journal import journal_on

from kumihimo.base import ErrorType, Problem
from kumihimo.node import Metrics, Outbox, migrate
from kumihimo.node.database import connect
from kumihimo.node.telemetry import logger_of


@asynccontextmanager
async def working(ground, handler, *, attempts=3):
    dsn = await ground.database()
    conn = await connect(dsn, name="test")
    await migrate(conn, "kumihimo.node")
    await migrate(conn, "kumihimo.log")
    journal = journal_on(dsn)
    outbox = Outbox(dsn, journal, name="test", metrics=Metrics(), logger=logger_of("test"))
    outbox.first_pause, outbox.attempts = 0.01, attempts

    async def promise(conn, log, jobs):
        await outbox.put(conn, "report", [(f"case {job}", str(job).encode()) for job in jobs])
        return jobs

    journal.register("promise", promise)
    outbox.register("report", handler)
    await journal.open()
    await outbox.open()
    yield journal, outbox, conn, dsn
    await outbox.close()
    await journal.close()
    await conn.close()


async def left(conn, expected, seconds=5.0):
    """Wait until so many pieces are left to be done."""
    async with asyncio.timeout(seconds):
        count = "SELECT count(*) FROM node.outbox WHERE parked_at IS NULL"
        while await conn.fetchval(count) != expected:  # noqa: ASYNC110 the worker tells nobody
            await asyncio.sleep(0.01)


async def emptied(conn, seconds=5.0):
    await left(conn, 0, seconds)


async def test_work_promised_in_the_journal_is_done_at_once(ground):
    done = []

    async def handler(rows):
        done.extend(int(row.payload) for row in rows)
        return [None] * len(rows)

    async with working(ground, handler) as (journal, _, conn, _):
        await asyncio.gather(*(journal.write("promise", n) for n in range(300)))
        await emptied(conn, 2.0)
    assert sorted(done) == list(range(300))


async def test_work_promised_in_another_transaction_is_noticed_after_its_commit_only(ground):
    done = []

    async def handler(rows):
        done.extend(row.key for row in rows)
        return [None] * len(rows)

    async with working(ground, handler) as (_, outbox, conn, _):
        async with conn.transaction():
            await outbox.put(conn, "report", [("kept", b"")])
            await asyncio.sleep(0.05)
            assert done == []
        await emptied(conn, 2.0)
        transaction = conn.transaction()
        await transaction.start()
        await outbox.put(conn, "report", [("undone", b"")])
        await transaction.rollback()
    assert done == ["kept"]


async def test_a_handler_that_crashes_sees_its_work_again(ground):
    tries = []

    async def handler(rows):
        tries.extend(row.attempts for row in rows)
        if len(tries) < 3:
            raise RuntimeError("the other side is on fire")
        return [None] * len(rows)

    async with working(ground, handler) as (journal, _, conn, _):
        await journal.write("promise", 1)
        await emptied(conn)
    assert tries == [0, 1, 2]


async def test_one_bad_piece_is_parked_and_its_neighbours_are_done(ground):
    done = []

    async def handler(rows):
        if any(row.payload == b"13" for row in rows):
            raise ValueError("unlucky")
        done.extend(int(row.payload) for row in rows)
        return [None] * len(rows)

    async with working(ground, handler) as (journal, outbox, conn, _):
        await asyncio.gather(*(journal.write("promise", n) for n in range(20)))
        await emptied(conn)
        [(row, problem, since)] = await outbox.parked(conn)
        assert (row.key, row.payload, row.attempts, problem) == ("case 13", b"13", 3, "ValueError")
        assert since.tzinfo is not None
    assert sorted(set(done)) == [n for n in range(20) if n != 13]


async def test_parked_work_is_kept_until_a_person_resends_it(ground):
    willing = False

    async def handler(rows):
        return [None if willing else Problem(ErrorType.PROVIDER_UNAVAILABLE) for _ in rows]

    async with working(ground, handler) as (journal, outbox, conn, _):
        await journal.write("promise", 1)
        await emptied(conn)
        [(row, problem, _)] = await outbox.parked(conn)
        assert problem == "provider-unavailable"
        willing = True
        assert await outbox.resend(conn, row.id)
        assert not await outbox.resend(conn, row.id)
        await emptied(conn)
        assert await outbox.parked(conn) == []


async def test_work_without_a_handler_waits(ground):
    async def handler(rows):
        return [None] * len(rows)

    async with working(ground, handler) as (_, outbox, conn, _):
        await outbox.put(conn, "unknown", [("a", b"")])
        await outbox.put(conn, "report", [("b", b"")])
        await left(conn, 1)
        assert await conn.fetchval("SELECT kind FROM node.outbox") == "unknown"


@pytest.mark.drill
async def test_a_killed_worker_and_cut_connections_drop_no_work(ground):
    done = set()
    hang = True

    async def handler(rows):
        if hang:
            await asyncio.sleep(60)
        done.update(int(row.payload) for row in rows)
        return [None] * len(rows)

    async with working(ground, handler) as (journal, outbox, conn, dsn):
        await asyncio.gather(*(journal.write("promise", n) for n in range(150)))
        await asyncio.sleep(0.05)
        await outbox.close()  # with its work in hand, as a killed process
        hang = False
        await outbox.open()
        for _ in range(3):
            await ground.end_backends(dsn, "test outbox")
            await asyncio.sleep(0.02)
        await emptied(conn, 20.0)
    assert done == set(range(150))
