"""A process that appends until it is killed, and says on standard output what it has been promised.

    python log_writer.py DSN SEED

Each line: index of the batch's first entry, its number of entries, the signed checkpoint (base64).
"""

import asyncio
import base64
import random
import sys
from importlib.resources import files

import asyncpg

from kumihimo.base import Secret, system_clock
from kumihimo.log import LogAppender, NoteSigner

ORIGIN = "kumihimo.example/drill/log"
SEED = bytes(range(32))


def entry(index: int) -> bytes:
    return b'{"act":%d,"pad":"%s"}' % (index, b"x" * (index % 250))


async def migrated(uri: str) -> None:
    """Give a database its log schema, as the node's migrations do."""
    conn = await asyncpg.connect(uri)
    await conn.execute("DROP SCHEMA IF EXISTS log CASCADE")
    folder = files("kumihimo.log").joinpath("migrations")
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if file.name.endswith(".sql"):
            await conn.execute(file.read_text())
    await conn.close()


async def main(uri: str, seed: int) -> None:
    draw = random.Random(seed)
    conn = await asyncpg.connect(uri)
    log = await LogAppender.open(conn, ORIGIN, NoteSigner(ORIGIN, Secret(SEED)), system_clock)
    while True:
        size = log.size
        batch = [entry(index) for index in range(size, size + draw.choice((1, 3, 8, 100, 300)))]
        async with conn.transaction():
            first = log.stage(batch)
            await log.flush(conn)
        log.committed()
        print(first, len(batch), base64.b64encode(log.checkpoint.encode()).decode(), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
