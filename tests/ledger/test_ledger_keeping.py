"""How long the ledger keeps what, and that chains of the version before are carried on unchanged."""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import timedelta
from hashlib import sha256
from importlib import resources

import asyncpg
import msgspec
import pytest
from ledger_house import VAULT, House, fresh, open_house, outcome_job, record_job, someone

from kumihimo.base import JST
from kumihimo.exchange import Outcome, Signed
from kumihimo.ledger import Entry, Kind, chain_head, entry_hash, lines
from kumihimo.ledger.material import Material, open_material, seal_material
from kumihimo.ledger.model import encode_entry, erased_before, next_head
from kumihimo.ledger.person import person_entries, proved_person
from kumihimo.ledger.store import EraseJob

ALICE, BOB = someone(1), someone(2)


@pytest.fixture
async def house(ledger_uri: str) -> AsyncIterator[House]:
    await fresh(ledger_uri)
    async with open_house(ledger_uri) as opened:
        yield opened


async def erase(house: House, hours: int = 24) -> int:
    now = house.clock()
    return await house.write(EraseJob(erased_before(now), now - timedelta(hours=hours)))


async def chain_of(house: House, label: bytes) -> list[asyncpg.Record]:
    return await house.rows(
        "SELECT n, kind, hash, sealed FROM ledger.entry WHERE label = $1 ORDER BY n", label
    )


async def test_after_seven_years_records_are_erased_and_their_hashes_stay(house: House):
    await house.happened(ALICE, BOB)
    await house.close()
    before = await chain_of(house, ALICE)
    house.clock.ahead += timedelta(days=365.25 * 7 - 1)
    assert await erase(house) == 0
    await house.execute("UPDATE ledger.entry SET at = at - interval '7 years'")
    await house.execute("UPDATE ledger.event SET at = at - interval '7 years'")
    house.clock.ahead = timedelta(days=2)
    await house.happened(ALICE)
    assert await erase(house) == 4
    after = await chain_of(house, ALICE)
    assert [row["hash"] for row in after[:2]] == [row["hash"] for row in before]
    assert [row["sealed"] is None for row in after] == [True, True, False, False]
    record = await house.close()
    assert (record.total, record.persons) == (3, 2)
    assert (await house.replay()).total == 3


async def test_erased_records_are_hash_only_lines_of_the_file_and_gone_from_the_list(house: House):
    (old,) = await house.happened(ALICE)
    await house.close()
    for table in ("entry", "event"):
        await house.execute(f"UPDATE ledger.{table} SET at = at - interval '2558 days'")
    await erase(house)
    (new,) = await house.happened(ALICE)
    await house.close()
    async with house.db.read() as conn:
        entries, withheld = await person_entries(conn, VAULT, ALICE)
        proved = await proved_person(
            conn,
            VAULT,
            ALICE,
            house.closer.last,
            today=house.clock().astimezone(JST).date(),
            cosigned=False,
        )
    assert [line.asked.tx for line in lines(entries, withheld, house.clock())] == [new.hex()]
    assert [(line.tx, line.entry is None) for line in proved.chain] == [
        (old.hex(), True),
        (old.hex(), True),
        (new.hex(), False),
        (new.hex(), False),
    ]
    assert old.hex() not in "".join(str(line.entry) for line in proved.chain)
    assert not await house.rows("SELECT 1 FROM ledger.event WHERE tx = $1", old)


async def test_what_is_withheld_is_not_erased_before_it_was_shown(house: House):
    await house.ask(ALICE)
    house.clock.ahead += timedelta(days=365.25 * 8)
    await erase(house)
    (row,) = await house.rows("SELECT state, asked FROM ledger.event")
    assert (row["state"], row["asked"] is not None) == ("open", True)


async def test_the_audits_material_is_kept_for_some_hours_and_sealed(house: House):
    await house.happened(ALICE)
    house.clock.ahead += timedelta(hours=23)
    await erase(house)
    assert len(await house.rows("SELECT 1 FROM ledger.evidence")) == 1
    house.clock.ahead += timedelta(hours=2)
    await erase(house)
    assert await house.rows("SELECT 1 FROM ledger.evidence") == []


def test_material_opens_for_its_own_event_only():
    paper = Signed(body=b"body", jws="jws")
    material = Material(paper, paper, paper, os.urandom(32), os.urandom(32))
    tx = os.urandom(16)
    sealed = seal_material(VAULT, tx, material)
    assert open_material(VAULT, tx, sealed) == material
    assert not isinstance(open_material(VAULT, os.urandom(16), sealed), Material)
    assert material.b.hex() not in repr(material)
    assert material.b not in sealed


async def old_ledger(uri: str) -> dict[str, bytes]:
    """A ledger as the version before left it: everything in the chain at once, the withheld too."""
    await fresh(uri)
    conn = await asyncpg.connect(uri)
    await conn.execute("DROP SCHEMA ledger CASCADE")
    await conn.execute("DELETE FROM node.migration WHERE package = 'kumihimo.ledger' AND number > 1")
    first = resources.files("kumihimo.ledger") / "migrations" / "0001_ledger.sql"
    await conn.execute(first.read_text())
    txs = {name: os.urandom(16) for name in ("shown", "withheld", "unheard", "look")}
    head, n = bytes(32), 0
    for name, tx in txs.items():
        kind = Kind.DISCLOSED if name == "look" else Kind.ASKED
        said = [Entry(v=1, kind=kind, tx=tx.hex(), time=1_780_000_000_000, inquirer="muni-131016")]
        if name in {"shown", "withheld"}:
            said.append(Entry(v=1, kind=Kind.OUTCOME, tx=tx.hex(), time=1, outcome=Outcome.PROVIDED))
        for entry in said:
            body, n = encode_entry(entry), n + 1
            head = next_head(head, entry_hash(body))
            await conn.execute(
                "INSERT INTO ledger.entry (label, n, kind, tx, hash, sealed) VALUES ($1, $2, $3, $4, $5, $6)",
                *(ALICE, n, entry.kind.value, tx, entry_hash(body), VAULT.seal(body, ALICE)),
            )
        receipt = msgspec.json.encode({"commit": sha256(tx).digest()})
        await conn.execute(
            "INSERT INTO ledger.event (tx, slip, sender, provider, permission, label, body, jws, outcome,"
            " withheld_until) VALUES ($1, $1, 'muni-131016', 'nenkin', 'o', $2, $3, 'j', $4, $5)",
            *(tx, ALICE, receipt),
            "provided" if name in {"shown", "withheld"} else "disclosed" if name == "look" else None,
            None if name != "withheld" else (await conn.fetchval("SELECT current_date + 30")),
        )
    await conn.execute("INSERT INTO ledger.person (label, count, head) VALUES ($1, $2, $3)", ALICE, n, head)
    entries = [msgspec.json.encode({"kind": "inquire", "commit": sha256(tx).digest()}) for tx in txs.values()]
    await conn.execute("INSERT INTO drill.x (entry) SELECT * FROM unnest($1::bytea[])", entries)
    await conn.execute((resources.files("kumihimo.ledger") / "migrations" / "0002_epochs.sql").read_text())
    await conn.close()
    return txs


async def test_chains_of_the_version_before_are_counted_and_carried_on(ledger_uri: str):
    txs = await old_ledger(ledger_uri)
    async with open_house(ledger_uri) as house:
        first = await house.close()
        assert (first.total, first.persons, first.open, first.void, first.x_size) == (4, 1, 0, 0, 4)
        rows = await house.rows("SELECT tx, x_index FROM ledger.event ORDER BY x_index")
        assert [bytes(row["tx"]) for row in rows] == list(txs.values()), "each found its place in X"
        assert await house.write(outcome_job(txs["unheard"], house.clock(), Outcome.PROVIDED)) is True
        await house.happened(ALICE)
        second = await house.close()
        assert (second.total, second.persons) == (5, 1)
        leaf = (await house.replay()).leaf(ALICE)
        chain = await chain_of(house, ALICE)
        assert leaf.head == chain_head(bytes(row["hash"]) for row in chain)
        assert len(chain) == 9


async def test_what_the_version_before_withheld_stays_hidden_until_its_day(ledger_uri: str):
    txs = await old_ledger(ledger_uri)
    async with open_house(ledger_uri) as house:
        await house.close()
        async with house.db.read() as conn:
            entries, withheld = await person_entries(conn, VAULT, ALICE)
            today = house.clock().astimezone(JST).date()
            proved = await proved_person(conn, VAULT, ALICE, house.closer.last, today=today, cosigned=False)
        now = house.clock()
        for days, hidden in ((0, True), (31, False)):
            seen = {line.asked.tx for line in lines(entries, withheld, now + timedelta(days=days))}
            assert (txs["withheld"].hex() not in seen) is hidden
        assert {line.tx for line in proved.chain if line.entry is None} == {txs["withheld"].hex()}


async def test_an_outcome_told_several_times_in_one_batch_stands_once(house: House):
    (index,) = await house.x.append([commit := os.urandom(32)])
    job = record_job(ALICE, commit, index, house.clock())
    await house.write(job)
    told = outcome_job(job.slip.tx, house.clock(), Outcome.PROVIDED)
    assert await asyncio.gather(*(house.write(told) for _ in range(4))) == [True] * 4
    assert [row["kind"] for row in await chain_of(house, ALICE)] == ["asked", "outcome"]
