"""One transaction of the journal, as its applies see it: reads now, writes gathered for the end."""

from collections.abc import Sequence

import asyncpg

from kumihimo.log import Together
from kumihimo.node.database import Connection


class Batch:
    """What an apply writes with: `add` for writes nobody waits for, `execute` where the count matters.

    Gathered writes of all jobs, the log's included, go to the database as one statement, which is its own
    transaction; only a write that cannot wait (`execute`, `INSERT … RETURNING`) opens one before. Gathered
    writes see the tables as they were before the batch, so no two of them may touch the same row, and a
    read does not see them.
    """

    __slots__ = ("_begun", "_conn", "writes")

    def __init__(self, conn: Connection) -> None:
        self._conn = conn
        self._begun = False
        self.writes = Together()

    def add(self, query: str, *args: object) -> None:
        """Gather a write."""
        self.writes.add(query, *args)

    async def execute(self, query: str, *args: object) -> str:
        """Write now, within the batch's transaction; give PostgreSQL's word of it, such as `UPDATE 1`."""
        await self._begin()
        return await self._conn.execute(query, *args)

    async def fetch(self, query: str, *args: object) -> Sequence[asyncpg.Record]:
        """Read rows; what is no SELECT writes within the batch's transaction."""
        await self._ready(query)
        return await self._conn.fetch(query, *args)

    async def fetchrow(self, query: str, *args: object) -> asyncpg.Record | None:
        """Read one row, like `fetch`."""
        await self._ready(query)
        return await self._conn.fetchrow(query, *args)

    async def fetchval(self, query: str, *args: object) -> object:
        """Read one value, like `fetch`."""
        await self._ready(query)
        return await self._conn.fetchval(query, *args)

    async def _ready(self, query: str) -> None:
        if not query.lstrip().startswith("SELECT"):
            await self._begin()

    async def _begin(self) -> None:
        if not self._begun:
            await self._conn.execute("BEGIN")
            self._begun = True

    async def commit(self) -> None:
        """Make it durable; RuntimeError when an apply went on after a statement of it had failed."""
        await self.writes.send(self._conn)
        if self._begun and await self._conn.execute("COMMIT") != "COMMIT":
            raise RuntimeError("journal: an apply went on after a statement of it had failed")
