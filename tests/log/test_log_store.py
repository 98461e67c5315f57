"""The log in PostgreSQL: what is committed is there, in order, provable, and cannot be changed unseen."""

import asyncio
import random
from collections.abc import Sequence
from datetime import UTC, datetime

import asyncpg
import pytest

from kumihimo.base import Problem, Secret
from kumihimo.log import (
    EMPTY_ROOT,
    Checkpoint,
    LogAppender,
    LogConflictError,
    LogDamagedError,
    LogReader,
    NoteSigner,
    audit,
    decode_bundle,
    leaf_hash,
    open_checkpoint,
    parse_path,
    root_of,
    serve,
    verify_consistency,
    verify_inclusion,
)


def clock() -> datetime:
    return datetime(2026, 6, 14, tzinfo=UTC)


def entries(count: int, start: int = 0) -> list[bytes]:
    return [b'{"act":%d}' % number for number in range(start, start + count)]


async def reopened(conn: asyncpg.Connection, signer: NoteSigner) -> LogAppender:
    return await LogAppender.open(conn, signer.name, signer, clock)


async def append(conn: asyncpg.Connection, log: LogAppender, batch: Sequence[bytes]) -> int:
    async with conn.transaction():
        index = log.stage(batch)
        await log.flush(conn)
    log.committed()
    return index


async def grown(conn: asyncpg.Connection, signer: NoteSigner, batches: Sequence[int]) -> LogAppender:
    log = await reopened(conn, signer)
    for count in batches:
        await append(conn, log, entries(count, log.size))
    return log


def checkpoint_of(note: str, signer: NoteSigner) -> Checkpoint:
    checkpoint = open_checkpoint(note, signer.verifier)
    assert isinstance(checkpoint, Checkpoint)
    return checkpoint


async def test_a_new_log_begins_with_a_signed_empty_checkpoint(
    conn: asyncpg.Connection, signer: NoteSigner
) -> None:
    log = await reopened(conn, signer)
    assert log.size == 0
    assert checkpoint_of(log.checkpoint, signer) == Checkpoint(signer.name, 0, EMPTY_ROOT)
    assert await LogReader.checkpoint(conn) == log.checkpoint


async def test_a_log_that_was_never_opened_has_nothing(conn: asyncpg.Connection) -> None:
    assert await LogReader.size(conn) == 0
    assert await LogReader.checkpoint(conn) is None
    assert await LogReader.proof(conn, 0) is None
    assert await serve(conn, "checkpoint") is None


async def test_each_commit_is_signed_and_extends_the_one_before(
    conn: asyncpg.Connection, signer: NoteSigner
) -> None:
    log = await reopened(conn, signer)
    seen = [checkpoint_of(log.checkpoint, signer)]
    for count in (1, 8, 100, 146, 1, 1, 255, 256, 257, 1000):
        assert await append(conn, log, entries(count, log.size)) == seen[-1].size
        seen.append(checkpoint_of(log.checkpoint, signer))
        assert seen[-1] == Checkpoint(signer.name, seen[-2].size + count, root_of(entries(log.size)))
    for old in seen:
        for new in seen[seen.index(old) :]:
            proof = await LogReader.consistency(conn, old.size, new.size)
            assert proof is not None
            assert verify_consistency(old.size, new.size, old.root, new.root, proof)


async def test_every_entry_of_every_past_size_can_be_proved(
    conn: asyncpg.Connection, signer: NoteSigner
) -> None:
    log = await grown(conn, signer, [255, 1, 1, 300, 43])
    everything, draw = entries(log.size), random.Random(1)
    for _ in range(200):
        size = draw.randrange(1, log.size + 1)
        index = draw.randrange(size)
        proof = await LogReader.inclusion(conn, index, size)
        assert proof is not None
        assert verify_inclusion(leaf_hash(everything[index]), index, size, root_of(everything[:size]), proof)


async def test_a_log_of_three_tile_levels_is_read_and_reopened(
    conn: asyncpg.Connection, signer: NoteSigner
) -> None:
    log = await grown(conn, signer, [65_000, 536, 1, 463])
    everything = entries(log.size)
    assert log.size == 66_000
    assert checkpoint_of(log.checkpoint, signer).root == root_of(everything)
    assert (await reopened(conn, signer)).checkpoint == log.checkpoint
    assert await LogReader.tile(conn, 2, 0, 1) == root_of(everything[:65_536])
    assert await LogReader.tile(conn, 2, 0, 2) is None
    proof = await LogReader.proof(conn, 65_535)
    assert proof is not None
    assert not isinstance(proof.verify(everything[65_535], signer.verifier), Problem)


async def test_entries_are_read_across_flushes(conn: asyncpg.Connection, signer: NoteSigner) -> None:
    log = await grown(conn, signer, [3, 1, 1, 7, 300, 2])
    everything = entries(log.size)
    for start, end in ((0, 314), (0, 1), (3, 4), (2, 13), (311, 400), (313, 314), (5, 5), (400, 500)):
        assert await LogReader.entries(conn, start, end) == everything[start:end]


async def test_a_proof_file_from_the_store_verifies_offline(
    conn: asyncpg.Connection, signer: NoteSigner
) -> None:
    log = await grown(conn, signer, [300])
    proof = await LogReader.proof(conn, 7, b"extra")
    assert proof is not None
    assert proof.verify(entries(300)[7], signer.verifier) == checkpoint_of(log.checkpoint, signer)


async def test_what_the_log_does_not_have_is_not_proved(conn: asyncpg.Connection, signer: NoteSigner) -> None:
    await grown(conn, signer, [10])
    assert await LogReader.inclusion(conn, 10, 10) is None
    assert await LogReader.inclusion(conn, 0, 11) is None
    assert await LogReader.consistency(conn, 5, 11) is None
    assert await LogReader.consistency(conn, 5, 4) is None
    assert await LogReader.proof(conn, 10) is None
    assert await LogReader.proof(conn, -1) is None


async def test_several_jobs_share_one_flush_and_one_statement(
    conn: asyncpg.Connection, signer: NoteSigner
) -> None:
    log = await grown(conn, signer, [256, 250])  # the driver has learnt the types by now
    statements: list[str] = []
    conn.add_query_logger(lambda record: statements.append(record.query))
    assert [log.stage(entries(count)) for count in (1, 2, 10)] == [506, 507, 509]
    await log.flush(conn)
    log.committed()
    await asyncio.sleep(0)  # the driver tells of its statements a turn later
    assert log.size == 519
    assert len(statements) == 1  # a completed tile included


async def test_a_flush_with_nothing_staged_writes_nothing(
    conn: asyncpg.Connection, signer: NoteSigner
) -> None:
    log = await grown(conn, signer, [2])
    before = log.checkpoint
    await log.flush(conn)
    log.committed()
    assert log.checkpoint == before == await LogReader.checkpoint(conn)


async def test_a_batch_that_is_rolled_back_leaves_no_trace(
    conn: asyncpg.Connection, signer: NoteSigner
) -> None:
    log, twin = await grown(conn, signer, [200]), entries(200)
    transaction = conn.transaction()
    await transaction.start()
    log.stage([b"undone"] * 100)
    await log.flush(conn)
    await transaction.rollback()
    log.rolled_back()
    assert log.size == 200
    assert await append(conn, log, [b"done"]) == 200
    assert checkpoint_of(log.checkpoint, signer).root == root_of([*twin, b"done"])
    assert (await reopened(conn, signer)).checkpoint == log.checkpoint


async def test_staged_entries_are_neither_lost_nor_mixed_into_another_batch(
    conn: asyncpg.Connection, signer: NoteSigner
) -> None:
    log = await grown(conn, signer, [])
    log.stage([b"a"])
    with pytest.raises(RuntimeError, match="would be lost"):
        log.committed()
    await log.flush(conn)
    with pytest.raises(RuntimeError, match="neither committed nor rolled back"):
        log.stage([b"b"])


async def test_an_entry_too_long_for_a_bundle_is_refused_and_the_longest_is_kept(
    conn: asyncpg.Connection, signer: NoteSigner
) -> None:
    log = await grown(conn, signer, [])
    with pytest.raises(ValueError, match="at most 65535 bytes"):
        log.stage([b"fine", bytes(65_536)])
    await append(conn, log, [b"", bytes(65_535)])
    assert await LogReader.entries(conn, 0, 2) == [b"", bytes(65_535)]


async def test_a_second_writer_is_found_out_before_it_writes(
    conn: asyncpg.Connection, signer: NoteSigner
) -> None:
    first, second = await grown(conn, signer, [5]), await reopened(conn, signer)
    await append(conn, first, [b"first"])
    with pytest.raises(LogConflictError, match="no longer ends at 5"):
        await append(conn, second, [b"second"])
    assert await LogReader.entries(conn, 5, 9) == [b"first"]
    third = await reopened(conn, signer)
    assert await append(conn, third, [b"third"]) == 6


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE log.head SET size = size - 1",
        "DELETE FROM log.head",
        "DELETE FROM log.chunk",
        "UPDATE log.chunk SET bundle = ''",
        "TRUNCATE log.chunk",
        "DELETE FROM log.tile",
    ],
)
async def test_the_database_itself_refuses_to_shrink_the_log(
    conn: asyncpg.Connection, signer: NoteSigner, statement: str
) -> None:
    await grown(conn, signer, [300])
    with pytest.raises(asyncpg.RaiseError, match="the log only grows"):
        await conn.execute(statement)


TAMPERINGS = {
    "an entry is changed": "UPDATE log.chunk SET bundle = set_byte(bundle, 8, 88) WHERE first = 0",
    "an entry of the unfinished tile is changed": (
        "UPDATE log.chunk SET bundle = set_byte(bundle, 8, 88) WHERE first = 600"
    ),
    "a hash is changed": "UPDATE log.tile SET hashes = set_byte(hashes, 40, (get_byte(hashes, 40) + 1) % 256)"
    " WHERE level = 0 AND n = 1",
    "a hash above is changed": (
        "UPDATE log.tile SET hashes = set_byte(hashes, 0, (get_byte(hashes, 0) + 1) % 256) WHERE level = 1"
    ),
    "a tile is gone": "DELETE FROM log.tile WHERE level = 0 AND n = 0",
    "a tile above is gone": "DELETE FROM log.tile WHERE level = 1",
    "the last entries are gone": "DELETE FROM log.chunk WHERE first = 600",
    "entries in the middle are gone": "DELETE FROM log.chunk WHERE first = 300",
    "the first entries are gone": "DELETE FROM log.chunk WHERE first = 0",
    "two batches changed places": (
        "UPDATE log.chunk SET bundle = other.bundle FROM log.chunk AS other"
        " WHERE chunk.first IN (300, 450) AND other.first IN (300, 450) AND chunk.first <> other.first"
    ),
    "an entry was slipped in": "INSERT INTO log.chunk VALUES (750, 1, now(), '\\x000178')",
    "a bundle is no bundle": "UPDATE log.chunk SET bundle = '\\xffff00' WHERE first = 450",
    "the size is another": "UPDATE log.head SET size = 751",
    "the checkpoint is another": "UPDATE log.head SET note = replace(note, '750', '751')",
    "the checkpoint is gone": "UPDATE log.head SET note = ''",
}


@pytest.mark.parametrize("tampering", TAMPERINGS.values(), ids=TAMPERINGS.keys())
async def test_a_log_that_was_tampered_with_does_not_open(
    conn: asyncpg.Connection, signer: NoteSigner, tampering: str
) -> None:
    await grown(conn, signer, [150] * 5)
    await conn.execute("SET session_replication_role = replica")  # past the triggers, as an intruder would
    assert (await conn.execute(tampering)).endswith(("1", "2"))
    with pytest.raises(LogDamagedError):
        await reopened(conn, signer)


async def test_a_log_rolled_back_to_an_old_checkpoint_with_leftovers_does_not_open(
    conn: asyncpg.Connection, signer: NoteSigner
) -> None:
    log = await grown(conn, signer, [150])
    old = log.checkpoint
    await append(conn, log, [b"unwelcome"])
    await conn.execute("SET session_replication_role = replica")
    await conn.execute("UPDATE log.head SET size = 150, note = $1", old)
    with pytest.raises(LogDamagedError, match="speaks of 150 entries, the log holds 151"):
        await reopened(conn, signer)


async def test_a_log_signed_by_another_key_does_not_open(
    conn: asyncpg.Connection, signer: NoteSigner
) -> None:
    await grown(conn, signer, [3])
    other = NoteSigner(signer.name, Secret(bytes(32)))
    with pytest.raises(LogDamagedError, match="checkpoint is not ours"):
        await reopened(conn, other)


async def test_a_key_named_after_another_log_is_refused(conn: asyncpg.Connection, signer: NoteSigner) -> None:
    with pytest.raises(ValueError, match="origin"):
        await LogAppender.open(conn, "kumihimo.example/other/log", signer, clock)


async def test_an_audit_of_the_whole_log_finds_what_opening_no_longer_looks_at(
    conn: asyncpg.Connection, signer: NoteSigner
) -> None:
    log = await grown(conn, signer, [1000, 70_000])
    await conn.execute("SET session_replication_role = replica")
    await conn.execute("UPDATE log.chunk SET bundle = set_byte(bundle, 8, 88) WHERE first = 0")
    assert (await reopened(conn, signer)).size == log.size
    with pytest.raises(LogDamagedError, match=r"entries under tile/0/000 are not the ones"):
        await audit(conn, signer.verifier)


async def test_the_files_of_the_log_are_served_as_tlog_tiles_names_them(
    conn: asyncpg.Connection, signer: NoteSigner
) -> None:
    log = await grown(conn, signer, [100, 200, 213])
    leaves = [leaf_hash(entry) for entry in entries(513)]
    checkpoint = await serve(conn, "checkpoint")
    assert checkpoint is not None
    assert (checkpoint.body.decode(), checkpoint.content_type) == (
        log.checkpoint,
        "text/plain; charset=utf-8",
    )
    assert not checkpoint.immutable
    for path, hashes in {
        "tile/0/000": leaves[:256],
        "tile/0/001": leaves[256:512],
        "tile/0/002.p/1": leaves[512:],
        "tile/0/001.p/9": leaves[256:265],
        "tile/1/000.p/2": [root_of(entries(256)), root_of(entries(256, 256))],
        "tile/1/000.p/1": [root_of(entries(256))],
    }.items():
        tile = await serve(conn, path)
        assert tile is not None
        assert (tile.body, tile.content_type) == (b"".join(hashes), "application/octet-stream")
        assert tile.immutable


async def test_entry_bundles_are_served_only_to_those_who_may_have_them(
    conn: asyncpg.Connection, signer: NoteSigner
) -> None:
    await grown(conn, signer, [100, 200, 213])
    for path, expected in {
        "tile/entries/000": entries(256),
        "tile/entries/001.p/3": entries(3, 256),
        "tile/entries/002.p/1": entries(1, 512),
    }.items():
        assert await serve(conn, path) is None
        bundle = await serve(conn, path, entries=True)
        assert bundle is not None
        assert decode_bundle(bundle.body) == expected


@pytest.mark.parametrize(
    "path",
    ["tile/0/002", "tile/0/002.p/2", "tile/1/000", "tile/1/000.p/3", "tile/2/000.p/1", "tile/0/003.p/1",
     "tile/63/000.p/1", "tile/0/x999/x999/x999/x999/x999/x999/999", "tile/entries/002", "nothing", ""],
)  # fmt: skip
async def test_a_file_the_log_does_not_have_is_not_served(
    conn: asyncpg.Connection, signer: NoteSigner, path: str
) -> None:
    await grown(conn, signer, [100, 200, 213])
    assert await serve(conn, path, entries=True) is None
    assert path in {"nothing", ""} or parse_path(path) is not None
