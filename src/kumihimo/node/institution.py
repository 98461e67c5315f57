"""One running institution: settings, keys, database, journal, outbox, directory, client, opened together."""

from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from kumihimo.base import Clock, system_clock
from kumihimo.log import LogAppender
from kumihimo.messages import Vault
from kumihimo.node.client import SignedClient
from kumihimo.node.database import Connection, Database, migrate
from kumihimo.node.directory_view import DirectoryView
from kumihimo.node.journal import Journal
from kumihimo.node.keys import Keys, load_keys, log_origin
from kumihimo.node.outbox import Outbox
from kumihimo.node.settings import InstitutionSettings
from kumihimo.node.telemetry import Logger, Metrics, logger_of
from kumihimo.node.transport import Transport
from kumihimo.node.witnessing import Witnessing

_WITNESS_SECONDS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Institution:
    """What every room of an institution is given to work with; it never sees another institution's."""

    settings: InstitutionSettings
    keys: Keys
    db: Database
    journal: Journal
    outbox: Outbox
    directory: DirectoryView
    client: SignedClient
    witnessing: Witnessing
    clock: Clock
    metrics: Metrics
    logger: Logger
    _open: AsyncExitStack = field(repr=False)

    @property
    def vault(self) -> Vault:
        """Seals what the institution keeps at rest."""
        return self.keys.vault

    async def close(self) -> None:
        """Finish what was acknowledged, then give everything back."""
        await self._open.aclose()


async def open_institution(settings: InstitutionSettings, *, clock: Clock = system_clock) -> Institution:
    """Open an institution: migrate its rooms' tables, take the writer's lock, start its workers.

    Raises SettingsError, MigrationError, SecondWriterError, or the driver's error if the database is away.
    """
    name, runtime = f"kumihimo {settings.id}", settings.runtime
    keys = load_keys(runtime.keys, settings.id)
    metrics, logger = Metrics(), logger_of(settings.id)
    async with AsyncExitStack() as stack:
        transport = Transport()
        stack.push_async_callback(transport.close)
        db = await Database.open(runtime.database, name=name)
        stack.push_async_callback(db.close)
        async with db.pool.acquire() as conn:
            for package in ("node", "log", *settings.rooms):
                await migrate(conn, f"kumihimo.{package}")

        async def open_log(conn: Connection) -> LogAppender:
            return await LogAppender.open(conn, log_origin(settings.id), keys.note, clock)

        journal = Journal(runtime.database, open_log, name=name, metrics=metrics, logger=logger)
        await journal.open()
        stack.push_async_callback(journal.close)
        outbox = Outbox(runtime.database, journal, name=name, metrics=metrics, logger=logger)
        await outbox.open()
        stack.push_async_callback(outbox.close)
        directory = DirectoryView(runtime, transport, clock=clock, metrics=metrics, logger=logger)
        await directory.open()
        stack.push_async_callback(directory.close)
        witnessing = Witnessing(
            db,
            journal,
            directory,
            transport,
            seconds=int(settings.option("node", "witness_seconds", _WITNESS_SECONDS)),
            clock=clock,
            logger=logger,
        )
        await witnessing.open()
        stack.push_async_callback(witnessing.close)
        client = SignedClient(transport, directory, key=keys.sign, own_id=settings.id, clock=clock)
        return Institution(
            settings=settings,
            keys=keys,
            db=db,
            journal=journal,
            outbox=outbox,
            directory=directory,
            client=client,
            witnessing=witnessing,
            clock=clock,
            metrics=metrics,
            logger=logger,
            _open=stack.pop_all(),
        )
