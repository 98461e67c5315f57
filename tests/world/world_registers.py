"""Fills registers in real databases and asks them as the exchange does."""

import asyncio
import json
import secrets
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from importlib import resources
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from kumihimo.exchange.registers import query_text
from kumihimo.node import migrate
from kumihimo.world.fill import INSTITUTIONS, holders, tables_for
from kumihimo.world.founding import REGISTERS
from kumihimo.world.residents import Population


@dataclass(frozen=True)
class Registry:
    """The databases of one nation: where they are, and by which number each institution knows each person."""

    server: str
    population: Population
    subjects: Mapping[str, Mapping[int, str]]

    def dsn(self, institution):
        return database(self.server, named(institution))


def named(institution):
    return f"world_{institution.replace('-', '_')}"


def settings(institution):
    text = resources.files("kumihimo.world") / "institutions" / f"{institution}.toml"
    return tomllib.loads(text.read_text(encoding="utf-8"))


def providers():
    return [institution for institution in INSTITUTIONS if settings(institution).get("provides")]


def provisions():
    """Every (institution, information, query) that the settings promise."""
    return [
        (institution, one["information"], one["query"])
        for institution in providers()
        for one in settings(institution)["provides"]
    ]


def packages(institution):
    rooms = [f"kumihimo.{room}" for room in settings(institution)["rooms"] if room != "exchange"]
    own = REGISTERS.get(institution)
    return [*rooms, f"kumihimo.world.registers.{own}"] if own else rooms


def database(server, name):
    return urlunsplit(urlsplit(server)._replace(path=f"/{name}"))


async def found(server, population):
    subjects = {}
    for institution in providers():
        people = holders(institution, population)
        numbers = set()
        while len(numbers) < len(people):
            numbers.add(f"{secrets.randbelow(10**15):015d}")
        subjects[institution] = {p.index: number for p, number in zip(people, numbers, strict=True)}
    registry = Registry(server, population, subjects)
    admin = await asyncpg.connect(server)
    for institution in providers():
        await admin.execute(f"CREATE DATABASE {named(institution)}")
        await _fill(registry, institution)
    await admin.close()
    return registry


async def _fill(registry, institution):
    conn = await asyncpg.connect(registry.dsn(institution))
    for package in packages(institution):
        await migrate(conn, package)
    tables = tables_for(institution, registry.population, registry.subjects[institution])
    for name, (columns, rows) in tables.items():
        schema, table = name.split(".")
        await conn.copy_records_to_table(table, schema_name=schema, columns=columns, records=rows)
    await conn.close()


@contextmanager
def with_database(registry) -> Iterator[str]:
    """A fresh database that is dropped afterwards."""
    name = f"world_{secrets.token_hex(6)}"
    asyncio.run(_execute(registry.server, f'CREATE DATABASE "{name}"'))
    yield database(registry.server, name)
    asyncio.run(_execute(registry.server, f'DROP DATABASE "{name}" WITH (FORCE)'))


async def _execute(server, statement):
    conn = await asyncpg.connect(server)
    await conn.execute(statement)
    await conn.close()


class Inquiry:
    """One query over one institution's register, asked for many people."""

    def __init__(self, registry, institution, query):
        self.registry, self.institution = registry, institution
        self.sql = f"SELECT to_json(answer)::text FROM ({query_text(query)}) AS answer"

    async def __aenter__(self):
        self.conn = await asyncpg.connect(self.registry.dsn(self.institution))
        return self

    async def __aexit__(self, *_):
        await self.conn.close()

    async def about(self, person, as_of=None, since=None, until=None):
        subject = self.registry.subjects[self.institution].get(person.index, "000000000000000")
        day = as_of or self.registry.population.on
        rows = await self.conn.fetch(self.sql, subject, day, since, until)
        assert len(rows) <= 1
        return json.loads(rows[0][0]) if rows else None


def ask(registry, institution, query, person, as_of: date | None = None, since=None, until=None):
    """Ask one question and close."""

    async def once():
        async with Inquiry(registry, institution, query) as inquiry:
            return await inquiry.about(person, as_of, since, until)

    return asyncio.run(once())
