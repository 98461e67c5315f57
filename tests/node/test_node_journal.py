"""The journal acknowledges what is on disk, once, whatever fails around it."""

import asyncio
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

import asyncpg
import pytest
import structlog

from kumihimo.base import Secret
from kumihimo.log import LogAppender, LogReader, NoteSigner
from kumihimo.node import Journal, JournalBusy, JournalUnavailable, Metrics, SecondWriterError, migrate
from kumihimo.node import journal as journal_module
from kumihimo.node.database import connect

SIGNER = NoteSigner("kumihimo.example/test", Secret(bytes(32)))


class Poison(Exception):
    """What a bad job does to the batch it is in."""


async def apply(conn, log, jobs):
    """Idempotent by tx: a job brought again gets the first answer and no second entry."""
    if any(job < 0 for job in jobs):
        raise Poison
    rows = await conn.fetch(
        "INSERT INTO event (tx) SELECT unnest($1::bigint[]) ON CONFLICT DO NOTHING RETURNING tx", jobs
    )
    fresh = sorted(row["tx"] for row in rows)
    if fresh:
        log.stage([str(tx).encode() for tx in fresh])
    return [job * 2 for job in jobs]


async def open_log(conn):
    return await LogAppender.open(conn, SIGNER.name, SIGNER, lambda: datetime.now(UTC))


def journal_on(dsn):
    made = Journal(
        dsn, open_log, name="test", metrics=Metrics(), logger=structlog.get_logger(institution="test")
    )
    made.register("event", apply)
    return made


@asynccontextmanager
async def running(ground):
    dsn = await ground.database()
    conn = await connect(dsn, name="test")
    await migrate(conn, "kumihimo.log")
    await conn.execute("CREATE TABLE event (tx bigint PRIMARY KEY)")
    journal = journal_on(dsn)
    await journal.open()
    yield journal, conn, dsn
    await journal.close()
    await conn.close()


async def stored(conn):
    events = [row["tx"] for row in await conn.fetch("SELECT tx FROM event ORDER BY tx")]
    entries = await LogReader.entries(conn, 0, await LogReader.size(conn))
    return events, sorted(int(entry) for entry in entries)


async def test_a_job_is_answered_after_its_row_and_its_log_entry_are_stored(ground):
    async with running(ground) as (journal, conn, _):
        assert await journal.write("event", 21) == 42
        assert await stored(conn) == ([21], [21])


async def test_jobs_that_wait_together_are_committed_together(ground):
    async with running(ground) as (journal, conn, _):
        answers = await asyncio.gather(*(journal.write("event", tx) for tx in range(1, 201)))
        assert answers == [tx * 2 for tx in range(1, 201)]
        commits = await conn.fetchval("SELECT count(DISTINCT xmin::text) FROM event")
        assert commits <= 3


async def test_the_typed_writer_of_a_kind_answers_like_write(ground):
    async with running(ground) as (journal, _, _):

        async def shout(conn, log, jobs):
            return [job.upper() for job in jobs]

        write = journal.register("shout", shout)
        assert await write("kumihimo") == await journal.write("shout", "kumihimo") == "KUMIHIMO"


async def test_only_the_poisonous_job_of_a_batch_fails(ground):
    async with running(ground) as (journal, conn, _):
        jobs = [1, 2, -3, 4, 5]
        answers = await asyncio.gather(*(journal.write("event", tx) for tx in jobs), return_exceptions=True)
        assert answers[:2] + answers[3:] == [2, 4, 8, 10]
        assert isinstance(answers[2], Poison)
        assert await stored(conn) == ([1, 2, 4, 5], [1, 2, 4, 5])
        assert await journal.write("event", 6) == 12


async def test_a_kind_with_wrong_arguments_for_the_driver_fails_alone(ground):
    async with running(ground) as (journal, conn, _):

        async def wrong(conn, log, jobs):
            await conn.execute("INSERT INTO event (tx) VALUES ($1)", "not a number")
            return jobs

        journal.register("wrong", wrong)
        bad, good = await asyncio.gather(
            journal.write("wrong", 1), journal.write("event", 7), return_exceptions=True
        )
        assert isinstance(bad, asyncpg.DataError | asyncpg.InterfaceError)
        assert good == 14
        assert await stored(conn) == ([7], [7])


async def test_an_apply_that_answers_too_few_commits_nothing(ground):
    async with running(ground) as (journal, conn, _):

        async def short(conn, log, jobs):
            await conn.execute("INSERT INTO event (tx) VALUES (99)")
            return []

        journal.register("short", short)
        with pytest.raises(RuntimeError, match="0 results for 1 jobs"):
            await journal.write("short", 1)
        assert await stored(conn) == ([], [])


async def test_an_apply_that_hides_a_failed_statement_is_not_acknowledged(ground):
    async with running(ground) as (journal, conn, _):

        async def hiding(conn, log, jobs):
            await conn.execute("INSERT INTO event (tx) VALUES (99)")
            with suppress(asyncpg.PostgresError):
                await conn.execute("SELECT 1 / 0")
            return jobs

        journal.register("hiding", hiding)
        answers = await asyncio.gather(
            *(journal.write("hiding", n) for n in range(3)), journal.write("event", 1), return_exceptions=True
        )
        assert [type(answer) for answer in answers] == [RuntimeError] * 3 + [int]
        assert await stored(conn) == ([1], [1])


async def test_time_stands_still_in_no_transaction_of_an_idle_journal(ground):
    async with running(ground) as (journal, _, _):

        async def clock(conn, log, jobs):
            return [await conn.fetchval("SELECT clock_timestamp() - now()")] * len(jobs)

        journal.register("clock", clock)
        await asyncio.gather(*(journal.write("event", tx) for tx in range(1, 600)))
        await asyncio.sleep(0.3)
        assert (await journal.write("clock", 1)).total_seconds() < 0.2


async def test_an_unknown_kind_and_a_kind_registered_twice_are_refused(ground):
    async with running(ground) as (journal, _, _):
        with pytest.raises(ValueError, match="not registered"):
            await journal.write("nothing", 1)
        with pytest.raises(ValueError, match="twice"):
            journal.register("event", apply)


async def test_a_caller_that_goes_away_harms_nobody(ground):
    async with running(ground) as (journal, conn, _):
        gone = asyncio.create_task(journal.write("event", 1))
        stays = asyncio.create_task(journal.write("event", 2))
        await asyncio.sleep(0)
        gone.cancel()
        assert await stays == 4
        assert (await stored(conn))[0] == [1, 2]


async def test_a_second_writer_refuses_to_start(ground):
    async with running(ground) as (_, _, dsn):
        with pytest.raises(SecondWriterError):
            await journal_on(dsn).open(patience=0.2)


async def test_a_successor_waits_for_the_lock_of_its_predecessor(ground):
    async with running(ground) as (journal, _, dsn):
        successor = journal_on(dsn)
        opening = asyncio.create_task(successor.open(patience=5.0))
        await asyncio.sleep(0.1)
        await journal.close()
        await opening
        assert await successor.write("event", 5) == 10
        await successor.close()


async def test_a_full_queue_refuses_at_once(ground, monkeypatch):
    async with running(ground) as (journal, conn, _):
        monkeypatch.setattr(journal_module, "QUEUE", 10)
        writes = [journal.write("event", tx) for tx in range(1, 31)]
        answers = await asyncio.gather(*writes, return_exceptions=True)
        assert sum(isinstance(answer, JournalBusy) for answer in answers) == 20
        assert (await stored(conn))[0] == list(range(1, 11))


async def test_what_a_failing_job_wrote_and_read_back_is_undone(ground):
    async with running(ground) as (journal, conn, _):

        async def write_then_fail(batch, log, jobs):
            assert await batch.fetchval("INSERT INTO event (tx) VALUES (7) RETURNING tx") == 7
            batch.add("INSERT INTO event (tx) VALUES (8)")
            raise Poison

        journal.register("failing", write_then_fail)
        with pytest.raises(Poison):
            await journal.write("failing", 7)
        assert await stored(conn) == ([], [])
        assert await journal.write("event", 9) == 18
        assert await stored(conn) == ([9], [9])


@pytest.mark.drill
async def test_killed_backends_under_load_lose_and_double_nothing(ground):
    """Callers bring a job again until it is acknowledged, as the exchange does with the same tx."""
    async with running(ground) as (journal, conn, dsn):
        unavailable = cut = 0
        done = []

        async def caller(number):
            nonlocal unavailable
            job = number * 10_000
            while cut < 6:
                try:
                    await journal.write("event", job)
                except JournalUnavailable:
                    unavailable += 1
                    await asyncio.sleep(0.005)
                else:
                    done.append(job)
                    job += 1
            while job not in done:
                try:
                    await journal.write("event", job)
                    done.append(job)
                except JournalUnavailable:
                    await asyncio.sleep(0.005)

        callers = asyncio.gather(*(caller(number) for number in range(20)))
        while cut < 6:
            await asyncio.sleep(0.05)
            cut += await ground.end_backends(dsn, "test journal")
        await callers
        events, entries = await stored(conn)
        assert events == entries == sorted(done)
        assert unavailable > 0
        assert journal.connected


async def test_an_idle_journal_survives_a_lost_connection_without_an_error(ground):
    async with running(ground) as (journal, conn, dsn):
        assert await ground.end_backends(dsn, "test journal") == 1
        await asyncio.sleep(0.1)
        assert await journal.write("event", 1) == 2
        assert await stored(conn) == ([1], [1])


async def test_closing_writes_what_is_queued_and_then_refuses(ground):
    async with running(ground) as (journal, conn, _):
        waiting = [asyncio.create_task(journal.write("event", tx)) for tx in range(1, 301)]
        await asyncio.sleep(0)
        await journal.close()
        assert await asyncio.gather(*waiting) == [tx * 2 for tx in range(1, 301)]
        with pytest.raises(JournalUnavailable):
            await journal.write("event", 1)
        assert len((await stored(conn))[0]) == 300
