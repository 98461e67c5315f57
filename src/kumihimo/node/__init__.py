"""Node: what every running institution shares. Keys, database, journal, outbox, directory, HTTP, health."""

from kumihimo.node.batch import Batch
from kumihimo.node.client import Answered, SignedClient
from kumihimo.node.database import STORE_AWAY, AnyConnection, Connection, Database, MigrationError, migrate
from kumihimo.node.directory import (
    EMPTY,
    Assessment,
    Commitment,
    Directory,
    DirectoryIncompleteError,
    Entry,
    Oversight,
    Roots,
    assemble,
    directory_statement,
    oversight_statement,
    parse_directory,
    sign_directory,
)
from kumihimo.node.directory_view import DirectoryView
from kumihimo.node.handlers import AsgiApp, Handler, Message, Receive, Reply, Room, Scope, Send
from kumihimo.node.health import health, healthy
from kumihimo.node.host import find_room, hosting, run
from kumihimo.node.http import read_body
from kumihimo.node.institution import Institution, open_institution
from kumihimo.node.journal import Apply, Journal, JournalBusy, JournalUnavailable, SecondWriterError, Write
from kumihimo.node.keys import (
    Keys,
    create_keys,
    load_keys,
    load_seed,
    log_origin,
    save_pair,
    save_peers,
    witness_name,
)
from kumihimo.node.known_logs import Witness, log_key, log_keys, watches, witnesses
from kumihimo.node.outbox import Outbox, OutboxHandler, OutboxRow
from kumihimo.node.settings import InstitutionSettings, Provides, Runtime, SettingsError, load_settings
from kumihimo.node.telemetry import Logger, Metrics, configure_logging, logger_of
from kumihimo.node.transport import Raw, Transport

__all__ = [
    "EMPTY",
    "STORE_AWAY",
    "Answered",
    "AnyConnection",
    "Apply",
    "AsgiApp",
    "Assessment",
    "Batch",
    "Commitment",
    "Connection",
    "Database",
    "Directory",
    "DirectoryIncompleteError",
    "DirectoryView",
    "Entry",
    "Handler",
    "Institution",
    "InstitutionSettings",
    "Journal",
    "JournalBusy",
    "JournalUnavailable",
    "Keys",
    "Logger",
    "Message",
    "Metrics",
    "MigrationError",
    "Outbox",
    "OutboxHandler",
    "OutboxRow",
    "Oversight",
    "Provides",
    "Raw",
    "Receive",
    "Reply",
    "Room",
    "Roots",
    "Runtime",
    "Scope",
    "SecondWriterError",
    "Send",
    "SettingsError",
    "SignedClient",
    "Transport",
    "Witness",
    "Write",
    "assemble",
    "configure_logging",
    "create_keys",
    "directory_statement",
    "find_room",
    "health",
    "healthy",
    "hosting",
    "load_keys",
    "load_seed",
    "load_settings",
    "log_key",
    "log_keys",
    "log_origin",
    "logger_of",
    "migrate",
    "open_institution",
    "oversight_statement",
    "pages",
    "parse_directory",
    "read_body",
    "run",
    "save_pair",
    "save_peers",
    "sign_directory",
    "watches",
    "witness_name",
    "witnesses",
]
