"""Founding a nation: databases, keys, settings and the signed directory of its institutions.

Everything is written below one data folder: `pg/` the databases, `institutions/<id>/` the settings and keys
of each institution (readable by their owner only), `directory.json` the signed directory, `policy.json` whom
a person trusts when checking their records, `nation.json` what was founded. Here one hand holds all keys; in
a real country each institution makes its own.
"""

import secrets
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path

import asyncpg
import msgspec

from kumihimo.base import Secret
from kumihimo.codes import Domain, OperatorKey, random_scalar
from kumihimo.node import (
    Assessment,
    Commitment,
    Directory,
    Entry,
    InstitutionSettings,
    Keys,
    Oversight,
    create_keys,
    load_keys,
    load_settings,
    migrate,
    save_pair,
    save_peers,
    sign_directory,
)
from kumihimo.witness import KEY_FILES, POLICY_FILE, load_cosigners
from kumihimo.world.postgres import EmbeddedPostgres, create_database
from kumihimo.world.processes import secret_file
from kumihimo.world.trust import quorum, records_policy

NODES: Mapping[str, tuple[str, ...]] = {
    "east": (
        "digital",
        "portal",
        "accounts",
        "ppc",
        "nenkin",
        "kenpo",
        "moj",
        "labour",
        "pref-270008",
        "bar",
    ),
    "west": ("jlis", "numbering", "ledger"),
    "south": ("muni-131016", "muni-271004", "muni-473821", "univ"),
}
"""Which process hosts whom: the operators never share one, and no part of an inquiry waits for all others."""
OPERATORS = {1: "digital", 2: "jlis"}
WITNESSES = ("ppc", "univ", "bar")
REGISTERS = {"nenkin": "pension", "kenpo": "health", "moj": "justice", "labour": "labour"}
DIRECTORY_LIFE = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Places:
    """Where the parts of a nation lie in its data folder."""

    root: Path

    @property
    def postgres(self) -> Path:
        """The database server's data."""
        return self.root / "pg"

    @property
    def directory(self) -> Path:
        """The signed directory."""
        return self.root / "directory.json"

    @property
    def policy(self) -> Path:
        """Whom a person trusts when checking their records."""
        return self.root / "policy.json"

    def institution(self, name: str) -> Path:
        """The folder of one institution."""
        return self.root / "institutions" / name

    def runtime(self, name: str) -> Path:
        """The runtime settings of one institution."""
        return self.institution(name) / "runtime.toml"

    def keys(self, name: str) -> Path:
        """The key folder of one institution."""
        return self.institution(name) / "keys"


def institution_ids() -> tuple[str, ...]:
    """All institutions of the miniature nation, by the nodes that host them."""
    return tuple(name for names in NODES.values() for name in names)


async def found(
    places: Places, server: EmbeddedPostgres, nodes: Mapping[str, Sequence[str]], ports: Mapping[str, int]
) -> None:
    """Create keys, databases, settings and the directory of every institution; `nodes`: who hosts whom."""
    ids = institution_ids()
    for name in ids:
        places.institution(name).mkdir(parents=True, exist_ok=True)
        create_keys(places.keys(name), operator=name in OPERATORS.values())
        secret_file(places.keys(name) / "office.key", Secret(secrets.token_bytes(32)))
    secret_file(places.keys("ledger") / "ledger.key", Secret(bytes(random_scalar())))
    secret_file(places.keys("numbering") / "index.key", Secret(secrets.token_bytes(32)))
    for name in WITNESSES:
        for file in KEY_FILES.values():
            secret_file(places.keys(name) / file, Secret(secrets.token_bytes(32)))
    _share_pair_keys(places, ids)
    roots = {number: load_keys(places.keys(name), name) for number, name in OPERATORS.items()}
    commission = load_keys(places.keys("ppc"), "ppc")
    directory_port = next(ports[node] for node, names in nodes.items() if OPERATORS[1] in names)
    owner = await asyncpg.connect(server.owner_dsn)
    try:
        for node, names in nodes.items():
            for name in names:
                dsn = server.dsn(name, await create_database(owner, name))
                _write_settings(places, name, dsn, ports[node], directory_port, roots, commission)
    finally:
        await owner.close()
    for name, register in REGISTERS.items():
        await _migrate_register(load_settings(places.runtime(name)), register)
    policy = records_policy(publish(places, serial=1), places.keys("ledger"))
    for path in (places.policy, places.keys("ppc") / POLICY_FILE):
        path.write_bytes(policy)


def _share_pair_keys(places: Places, ids: Sequence[str]) -> None:
    shared = {number: {name: secrets.token_bytes(32) for name in ids} for number in OPERATORS}
    for name in ids:
        save_pair(places.keys(name), {number: shared[number][name] for number in OPERATORS})
    for number, operator in OPERATORS.items():
        save_peers(places.keys(operator), shared[number])


def _write_settings(
    places: Places,
    name: str,
    dsn: str,
    port: int,
    directory_port: int,
    roots: Mapping[int, Keys],
    commission: Keys,
) -> None:
    source = resources.files("kumihimo.world") / "institutions" / f"{name}.toml"
    folder = places.institution(name)
    folder.joinpath("institution.toml").write_bytes(source.read_bytes())
    where = (
        f'directory_file = "{places.directory}"'
        if name == OPERATORS[1]
        else f'directory = ["http://127.0.0.1:{directory_port}/{OPERATORS[1]}/o/directory"]'
    )
    lines = [
        'institution = "institution.toml"',
        f'base_url = "http://127.0.0.1:{port}/{name}"',
        f'database = "{dsn}"',
        'keys = "keys"',
        f'root_1 = "{roots[1].sign.verify_key.text}"',
        f'root_2 = "{roots[2].sign.verify_key.text}"',
        f'commission = "{commission.sign.verify_key.text}"',
        where,
        f"port = {port}",
    ]
    runtime = places.runtime(name)
    runtime.touch(mode=0o600)
    runtime.write_text("\n".join(lines) + "\n", encoding="utf-8")


async def _migrate_register(settings: InstitutionSettings, register: str) -> None:
    conn = await asyncpg.connect(settings.runtime.database)
    try:
        await migrate(conn, f"kumihimo.world.registers.{register}")
    finally:
        await conn.close()


def publish(places: Places, serial: int, oversight: Oversight | None = None) -> Directory:
    """Sign a new directory over all institutions and put it where the first operator serves it."""
    now = datetime.now(UTC)
    settings = [load_settings(places.runtime(name)) for name in institution_ids()]
    masters = {n: load_keys(places.keys(name), name) for n, name in OPERATORS.items()}
    commission = load_keys(places.keys("ppc"), "ppc")
    day = now.date()
    standing = oversight or Oversight(
        serial=1,
        issued=now,
        assessments={
            one.id: Assessment(published=day - timedelta(days=180), valid_until=day + timedelta(days=900))
            for one in settings
        },
    )
    directory = Directory(
        serial=serial,
        issued=now,
        expires=now + DIRECTORY_LIFE,
        entries={one.id: _entry(one, places, masters) for one in settings},
        oversight=standing,
        quorum=quorum(),
    )
    document = sign_directory(directory, {n: keys.sign for n, keys in masters.items()}, commission.sign)
    fresh = places.directory.with_suffix(".new")
    fresh.write_bytes(document)
    fresh.rename(places.directory)
    return directory


def _entry(settings: InstitutionSettings, places: Places, masters: Mapping[int, Keys]) -> Entry:
    keys = load_keys(places.keys(settings.id), settings.id)
    commitments = {}
    for number, master in masters.items():
        assert master.operator is not None
        domain = OperatorKey(1 if number == 1 else 2, master.operator).domain(Domain(settings.domain, 0))
        commitments[number] = (Commitment(0, domain.commitment, domain.possession),)
    return Entry(
        id=settings.id,
        name=settings.name,
        name_en=settings.name_en,
        number=settings.number,
        domain=settings.domain,
        epoch=0,
        body=settings.body,
        base_url=settings.base_url,
        sign_key=keys.sign.verify_key,
        box_public=keys.box.public,
        roles=settings.roles,
        qualifications=settings.qualifications,
        municipality=settings.municipality,
        commitments=commitments,
        provides=tuple(one.information for one in settings.provides),
        services=settings.services,
        codes_from=settings.codes_from,
        log_key=keys.note.verifier.text,
        witness_keys=_witness_keys(settings, places),
    )


def _witness_keys(settings: InstitutionSettings, places: Places) -> tuple[str, ...]:
    if "witness" not in settings.services:
        return ()
    return tuple(one.verifier.text for one in load_cosigners(places.keys(settings.id), settings.id))


def served_directory(places: Places) -> tuple[int, Oversight]:
    """The serial and the commission's statement of the directory that is served now."""
    document = msgspec.json.decode(places.directory.read_bytes())
    oversight = msgspec.convert(document["oversight"], Oversight)
    return int(document["directory"]["serial"]), oversight


def current_directory(places: Places) -> Mapping[str, Entry]:
    """The institutions of the nation as they stand in its directory."""
    masters = {number: load_keys(places.keys(name), name) for number, name in OPERATORS.items()}
    return {name: _entry(load_settings(places.runtime(name)), places, masters) for name in institution_ids()}


def erase(places: Places) -> None:
    """Remove a nation's data folder."""
    shutil.rmtree(places.root, ignore_errors=True)
