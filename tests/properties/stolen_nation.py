"""What a thief finds: the databases of a nation whose institutions asked each other everything they may."""

import asyncio
import base64
import binascii
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest
from nation_thread import running_nation

import kumihimo
from kumihimo.base import JST, ErrorType, Problem, system_clock
from kumihimo.law import law
from kumihimo.log import BundleError, decode_bundle
from kumihimo.node import load_settings, log_origin
from kumihimo.world import (
    Case,
    Nation,
    Office,
    SelfCheckError,
    ask_one,
    find_case,
    institution_ids,
    load_cast,
)
from kumihimo.world.people import generate
from kumihimo.world.residents import Population

KEEPERS = {"operator-1": "digital", "operator-2": "jlis", "ledger": "ledger"}
ALONE: Mapping[str, tuple[str, ...]] = {
    **{node: (name,) for node, name in KEEPERS.items()},
    "others": tuple(name for name in institution_ids() if name not in KEEPERS.values()),
}
"""Operators and ledger in processes of their own, so that the memory of each can be searched."""


@dataclass(frozen=True)
class Asked:
    """One answered inquiry: who asked whom, and the items that came back."""

    tx: str
    inquirer: str
    provider: str
    items: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True)
class Table:
    """One stolen table: its name with its schema, and its rows in the order in which they lie."""

    name: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[object, ...]] = field(repr=False)

    def values(self) -> Iterator[tuple[str, object]]:
        """Each value of the table with the name of its column."""
        for row in self.rows:
            for column, value in zip(self.columns, row, strict=True):
                if value is not None:
                    yield f"{self.name}.{column}", value

    def column(self, name: str) -> list[object]:
        """The values of one column, in the order of the rows."""
        place = self.columns.index(name)
        return [row[place] for row in self.rows]


@dataclass(frozen=True)
class Robbed:
    """A nation, what its institutions have asked each other, and every table of every institution."""

    nation: Nation
    asked: Sequence[Asked]
    databases: Mapping[str, Sequence[Table]]

    @cached_property
    def cast(self) -> Mapping[str, Mapping[int, str]]:
        """Who is who: each institution's own numbers for its people; no thief has this."""
        return load_cast(self.nation.places)

    @cached_property
    def population(self) -> Population:
        """The residents, with the numbers that only they and numbering know."""
        return generate(self.nation.charter.residents, self.nation.charter.seed)

    def home(self, index: int) -> str:
        """The municipality a resident lives in."""
        return self.population.home(self.population.persons[index]).municipality

    def table(self, institution: str, name: str) -> Table | None:
        """One stolen table; None if the institution has none of that name, or an empty one."""
        return next((one for one in self.databases[institution] if one.name == name and one.rows), None)

    def codes(self, institution: str) -> Mapping[str, bytes]:
        """The codes an institution knows its people by, under its own numbers for them."""
        table = self.table(institution, "exchange.person_code")
        if table is None:
            return {}
        return dict(zip(table.column("subject"), table.column("code"), strict=True))  # type: ignore[arg-type]

    @cached_property
    def published(self) -> bytes:
        """Everything public in which a value may stand: the program with its data, the directory, the law."""
        files = [path for path in Path(kumihimo.__file__).parent.rglob("*") if path.is_file()]
        parts = [path.read_bytes() for path in files if path.suffix != ".pyc"]
        parts += [hashlib.sha256(path.read_bytes()).digest() for path in files if path.suffix == ".sql"]
        day = system_clock().astimezone(JST).date()
        rows = law().rows(day)
        words = [*(row.id for row in rows), law().snapshot(day).hash]
        words += [log_origin(name) for name in institution_ids()] + [path.name for path in files]
        return b"\n".join([*parts, self.nation.places.directory.read_bytes(), "\n".join(words).encode()])


@pytest.fixture(scope="session")
def robbed() -> Iterator[Robbed]:
    """A nation in which every lawful question was asked, robbed of all its databases."""
    with running_nation(residents=80, nodes=ALONE) as nation:
        asked = asyncio.run(ask_everything(nation))
        yield Robbed(nation, asked, asyncio.run(dumps(nation)))


async def ask_everything(nation: Nation, people: int = 2) -> list[Asked]:
    """Every question the law lets any institution ask any other, each about some people they share."""
    cast, told = load_cast(nation.places), []
    for inquirer in sorted(cast):
        office = nation.office(inquirer)
        for provider in sorted(cast.keys() - {inquirer}):
            both = sorted(cast[inquirer].keys() & cast[provider].keys())
            for one in load_settings(nation.places.runtime(provider)).provides:
                try:
                    case = find_case(nation, inquirer, provider, one.information)
                except SelfCheckError:
                    continue
                for index in both[:: max(1, len(both) // people)]:
                    answer = await _patiently(office, case, provider, cast[inquirer][index])
                    told.append(Asked(answer["tx"], inquirer, provider, answer["items"] or {}))
        await office.close()
    return told


async def _patiently(office: Office, case: Case, provider: str, subject: str) -> Mapping[str, Any]:
    """The answer, also on a machine so busy that a desk is away for a while."""
    async with asyncio.timeout(60):
        while isinstance(answer := await ask_one(office, case, provider, subject), Problem):
            assert answer.type is ErrorType.PROVIDER_UNAVAILABLE, answer
    return answer


async def dumps(nation: Nation) -> dict[str, list[Table]]:
    """Every table of every institution's database, as whoever steals it reads it."""
    return {name: await _dump(nation, name) for name in institution_ids()}


async def _dump(nation: Nation, institution: str) -> list[Table]:
    conn = await asyncpg.connect(nation.server.owner_of(institution))
    try:
        names = await conn.fetch(
            "SELECT schemaname || '.' || tablename FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1"
        )
        tables = []
        for (name,) in names:
            statement = await conn.prepare(f"SELECT * FROM {name}")
            columns = tuple(column.name for column in statement.get_attributes())
            tables.append(Table(name, columns, [tuple(row) for row in await statement.fetch()]))
        return tables
    finally:
        await conn.close()


def leaves(value: object) -> Iterator[object]:
    """All scalar values inside a JSON value."""
    if isinstance(value, Mapping):
        for part in value.values():
            yield from leaves(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from leaves(part)
    elif value is not None and not isinstance(value, bool):
        yield value


def spread(value: object) -> Iterator[bytes]:
    """A stored value as bytes; if others are packed in it (JSON, log bundles, base64), each of these."""
    if isinstance(value, bytes):
        yield from list(_packed(value)) or [value]
    elif isinstance(value, str):
        yield from list(_packed(value.encode())) if value[:1] in {"{", "["} else [value.encode()]
        if re.fullmatch(r"[A-Za-z0-9+/_-]{22,}={0,2}", value):
            yield from _base64(value)
    elif isinstance(value, datetime):
        yield value.isoformat().encode()
    else:
        yield str(value).encode()


def _packed(data: bytes) -> Iterator[bytes]:
    if data[:1] in {b"{", b"["}:
        yield from _json(data)
        return
    try:
        for entry in decode_bundle(data):
            yield from _json(entry)
    except BundleError:
        return


def _json(data: bytes) -> Iterator[bytes]:
    try:
        document = msgspec.json.decode(data)
    except msgspec.DecodeError:
        return
    for leaf in leaves(document):
        yield from spread(leaf)


def _base64(text: str) -> Iterator[bytes]:
    plain = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        decoded = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except binascii.Error:
        return
    yield from spread(decoded)
