"""Writes that go to PostgreSQL as one statement: all or nothing, in one round trip."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol

_PARAMETER = re.compile(r"\$(\d+)")


class Asks(Protocol):
    """What a connection must be able to do to send writes together."""

    async def fetchval(self, query: str, *args: object) -> object:
        """Run one statement and give its first value."""
        ...


class Together:
    """Gathers writes (INSERT, UPDATE, DELETE with their own $1, $2, …) and sends them as one statement.

    They see the tables as they were before any of them, and no two may touch the same row. Without an
    open transaction the statement is its own transaction: sent means durable.
    """

    __slots__ = ("_args", "_parts")

    def __init__(self) -> None:
        self._parts: list[tuple[str, int, bool]] = []
        self._args: list[object] = []

    def add(self, query: str, *args: object, must: bool = False) -> None:
        """Gather one write; with `must` it has to return a row, or all fail by division by zero."""
        self._parts.append((query, len(args), must))
        self._args.extend(args)

    def __bool__(self) -> bool:
        return bool(self._parts)

    async def send(self, conn: Asks) -> None:
        """Send what is gathered; nothing gathered sends nothing."""
        if self._parts:
            await conn.fetchval(compose(tuple(self._parts)), *self._args)


@lru_cache(maxsize=512)
def compose(parts: Sequence[tuple[str, int, bool]]) -> str:
    """The one statement for these writes: a WITH clause each, their parameters renumbered."""
    clauses, checks, before = [], ["0"], 0
    for place, (query, count, must) in enumerate(parts):
        shifted = _PARAMETER.sub(lambda found, by=before: f"${int(found[1]) + by}", query)  # type: ignore[misc]
        clauses.append(f"w{place} AS ({shifted})")
        if must:
            checks.append(f"1 / (SELECT count(*)::int FROM w{place})")  # noqa: S608 our own names
        before += count
    return f"WITH {', '.join(clauses)} SELECT {' + '.join(checks)}"
