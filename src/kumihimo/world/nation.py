"""The nation in miniature: opened from its data folder, founded and settled at the first opening."""

import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import asyncpg
import msgspec

from kumihimo.node import SettingsError, load_settings
from kumihimo.world.founding import NODES, Places, erase, found, institution_ids, publish, served_directory
from kumihimo.world.office import Office
from kumihimo.world.postgres import EmbeddedPostgres
from kumihimo.world.processes import Node, Processes
from kumihimo.world.settlement import Progress, settle

FIRST_PORT = 4701


@dataclass(frozen=True, slots=True, kw_only=True)
class Charter:
    """What was founded: kept in `nation.json`, so that the next opening finds the same nation."""

    residents: int
    seed: int
    ports: Mapping[str, int]
    settled: bool
    nodes: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: NODES)


@dataclass(slots=True)
class Nation:
    """A running nation."""

    places: Places
    charter: Charter
    server: EmbeddedPostgres
    processes: Processes

    def address(self, institution: str) -> str:
        """Where an institution's pages are."""
        return load_settings(self.places.runtime(institution)).base_url + "/"

    def office(self, institution: str) -> Office:
        """The office API of an institution."""
        return Office.of(self.address(institution).rstrip("/"), self.places.keys(institution))

    async def rows(self, institution: str, query: str, *arguments: object) -> list[asyncpg.Record]:
        """Read an institution's database as its owner, for counting and for drills."""
        conn = await asyncpg.connect(self.server.owner_of(institution))
        try:
            return list(await conn.fetch(query, *arguments))
        finally:
            await conn.close()

    async def close(self) -> None:
        """Stop the processes, then the database; data stay."""
        await self.processes.stop()
        self.server.stop()


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on now, for throw-away nations."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


async def open_nation(
    root: Path,
    told: Progress,
    *,
    residents: int = 1000,
    seed: int = 1,
    throwaway: bool = False,
    nodes: Mapping[str, tuple[str, ...]] = NODES,
) -> Nation:
    """Open the nation in this folder; found and settle it first when there is none or it was left unfinished.

    `nodes` says which process hosts whom; like the residents and the seed, it is decided at the founding.
    """
    places = Places(root.resolve())  # noqa: ASYNC240 once, before anything runs
    charter = _charter(places)
    if charter is not None and not charter.settled:
        told("途中で止まった国を作り直します", "founding again what was left unfinished")
        erase(places)
        charter = None
    if charter is not None:
        _refuse_older(places, charter)
    places.root.mkdir(parents=True, exist_ok=True)
    told("データベースを起動しています", "starting the databases")
    server = EmbeddedPostgres(places.postgres)
    processes: Processes | None = None
    try:
        fresh = charter is None
        if charter is None:
            charter = _new_charter(residents, seed, nodes, throwaway=throwaway)
            _write(places, charter)
            told("機関の鍵とデータベースを作っています", "making keys and databases of the institutions")
            await found(places, server, charter.nodes, charter.ports)
        else:
            serial, oversight = served_directory(places)
            publish(places, serial + 1, oversight)
        told("機関を起動しています", f"starting {len(institution_ids())} institutions")
        processes = Processes(_nodes(places, charter.nodes), lambda text: told(text, text))
        await processes.start()
        if fresh:
            await settle(places, server, charter.residents, charter.seed, told)
            charter = replace(charter, settled=True)
            _write(places, charter)
        return Nation(places, charter, server, processes)
    except BaseException:
        if processes is not None:
            await processes.stop()
        with suppress(OSError):
            server.stop()
        raise


def _new_charter(
    residents: int, seed: int, nodes: Mapping[str, tuple[str, ...]], *, throwaway: bool
) -> Charter:
    ports = free_ports(len(nodes)) if throwaway else range(FIRST_PORT, FIRST_PORT + len(nodes))
    listening = dict(zip(nodes, ports, strict=True))
    return Charter(residents=residents, seed=seed, ports=listening, settled=False, nodes=nodes)


def _refuse_older(places: Places, charter: Charter) -> None:
    """A nation founded when there were fewer institutions has no keys and no databases for the new ones."""
    missing = sorted(set(institution_ids()) - {name for names in charter.nodes.values() for name in names})
    if missing:
        names = ", ".join(missing)
        raise SettingsError(
            f"{places.root}: {names} がない頃に作られた国です。フォルダーを消すか、別のフォルダーを指定して"
            f"ください。 This nation was founded before {names} existed: remove the folder, or name another."
        )


def _charter(places: Places) -> Charter | None:
    try:
        return msgspec.json.decode((places.root / "nation.json").read_bytes(), type=Charter)
    except FileNotFoundError:
        return None


def _write(places: Places, charter: Charter) -> None:
    (places.root / "nation.json").write_bytes(msgspec.json.encode(charter))


def _nodes(places: Places, hosted: Mapping[str, tuple[str, ...]]) -> list[Node]:
    logs = places.root / "logs"
    logs.mkdir(exist_ok=True)
    return [
        Node(name, tuple(places.runtime(one) for one in names), logs / f"{name}.log")
        for name, names in hosted.items()
    ]
