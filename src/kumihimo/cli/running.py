"""A running nation as the command line reaches it: by its folder, its offices' addresses and its databases.

Only whoever holds the nation's folder can do this: it has every institution's settings and keys. No
institution has it.
"""

import asyncio
import urllib.request
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import asyncpg
import msgspec

from kumihimo.base import JST, system_clock
from kumihimo.exchange import layouts
from kumihimo.law import law
from kumihimo.log import LogConnection
from kumihimo.node import Entry, InstitutionSettings, Keys, Oversight, SettingsError, load_keys, load_settings
from kumihimo.world import (
    Case,
    NodeFailedError,
    Office,
    Places,
    SelfCheckError,
    SettlementError,
    cases,
    current_directory,
    institution_ids,
    load_cast,
    publish,
    served_directory,
)

OPENING_FAULTS = (NodeFailedError, SettlementError, SelfCheckError, SettingsError, OSError)
"""Why a nation may not open; each carries a message for a person."""

_PROBE_SECONDS = 2.0
_OBEYED_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Health:
    """What an institution says of itself to everybody."""

    ok: bool = False
    directory_serial: int = 0


class NotObeyedError(Exception):
    """The institutions did not take a new directory into use in time."""


@dataclass(frozen=True)
class Running:
    """A nation whose institutions answer."""

    places: Places

    @cached_property
    def directory(self) -> Mapping[str, Entry]:
        """The institutions as they stand in the directory."""
        return current_directory(self.places)

    @property
    def settled(self) -> bool:
        """Whether its residents are in and their codes acquired; before that nobody can be asked about."""
        return (self.places.root / "cast.json").exists()

    @cached_property
    def cast(self) -> Mapping[str, Mapping[int, str]]:
        """Who is who on the stage: each institution's addressee numbers by place in the population."""
        return load_cast(self.places)

    def settings(self, institution: str) -> InstitutionSettings:
        """What an institution is and where it runs."""
        return load_settings(self.places.runtime(institution))

    def keys(self, institution: str) -> Keys:
        """The keys of an institution."""
        return load_keys(self.places.keys(institution), institution)

    def office(self, institution: str) -> Office:
        """The office API of an institution."""
        return Office.of(self.settings(institution).base_url, self.places.keys(institution))

    @asynccontextmanager
    async def database(self, institution: str) -> AsyncIterator[LogConnection]:
        """A connection to an institution's own database under its own login."""
        conn = await asyncpg.connect(self.settings(institution).runtime.database)
        try:
            yield conn
        finally:
            await conn.close()

    async def rows(self, institution: str, query: str, *arguments: object) -> list[asyncpg.Record]:
        """Read an institution's own database."""
        async with self.database(institution) as conn:
            return list(await conn.fetch(query, *arguments))

    def questions(
        self, inquirer: str, provider: str, information: str, item: str | None = None
    ) -> Iterator[Case]:
        """What the law lets one institution ask another about an information type today."""
        asking, giving = self.directory[inquirer], self.directory[provider]
        return cases(law(), layouts(), asking, giving, information, today(), item)

    async def decree(self, oversight: Oversight) -> int:
        """Publish the commission's statement in a new directory; return when every institution obeys it."""
        serial = served_directory(self.places)[0] + 1
        publish(self.places, serial, oversight)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _OBEYED_SECONDS
        for institution in institution_ids():
            while (await self.health(institution)).directory_serial < serial:
                if loop.time() > deadline:
                    raise NotObeyedError(f"{institution} does not use directory {serial}")
                await asyncio.sleep(0.1)
        return serial

    async def health(self, institution: str) -> Health:
        """What an institution says of its own health; not ok when it does not answer."""
        body = await self.open_resource(institution, "health")
        return msgspec.json.decode(body, type=Health) if body else Health()

    async def open_resource(self, institution: str, path: str) -> bytes:
        """What an institution shows to everybody at this path; empty when it does not answer."""
        return await asyncio.to_thread(_open_resource, self.settings(institution).base_url, path)


def find_running(places: Places) -> Running | None:
    """The nation of this folder, if its processes are alive; None if there is none or it is not open.

    Another nation may sit at the same ports: it is this one only if the directory it serves names the same
    signing key for its first operator.
    """
    try:
        own = places.directory.read_bytes()
        base = load_settings(places.runtime("digital")).base_url
    except (OSError, SettingsError):
        return None
    served = _open_resource(base, "directory")
    return Running(places) if served and _operator_key(served) == _operator_key(own) else None


def today() -> date:
    """The day in Japan; the law of that day decides."""
    return system_clock().astimezone(JST).date()


def _operator_key(document: bytes) -> object:
    return msgspec.json.decode(document)["directory"]["entries"]["digital"]["sign_key"]


def _open_resource(base_url: str, path: str) -> bytes:
    """What an institution shows to everybody; empty when it does not answer."""
    try:
        with urllib.request.urlopen(f"{base_url}/o/{path}", timeout=_PROBE_SECONDS) as answer:  # noqa: S310
            return bytes(answer.read())
    except OSError:
        return b""
