"""The node processes of the nation: started, watched, started again when one dies, stopped in good order."""

import asyncio
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kumihimo.base import Secret

STOP_SECONDS = 15.0
READY_SECONDS = 60.0
START_TRIES = 3
_PAUSE, _LOOK = 0.2, 0.05


class NodeFailedError(Exception):
    """A node process did not become healthy; the message names its log file."""


@dataclass(slots=True)
class Node:
    """One node process and the institutions it hosts."""

    name: str
    settings: tuple[Path, ...]
    log: Path
    process: asyncio.subprocess.Process | None = None
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    restarts: int = 0
    last_words: str = ""

    @property
    def pid(self) -> int | None:
        """The process now running, if one is."""
        return self.process.pid if self.process and self.process.returncode is None else None


class Processes:
    """All node processes of one nation."""

    def __init__(self, nodes: Sequence[Node], told: Callable[[str], None]) -> None:
        self.nodes = tuple(nodes)
        self._told = told
        self._watchers: list[asyncio.Task[None]] = []
        self._stopping = False

    async def start(self) -> None:
        """Start all; return when each says it is ready, else raise `NodeFailedError`."""
        self._watchers = [
            asyncio.create_task(self._watch(node), name=f"node {node.name}") for node in self.nodes
        ]
        for node in self.nodes:
            await self._until_ready(node)

    async def stop(self) -> None:
        """Stop all gracefully; what does not stop in time is killed."""
        self._stopping = True
        for node in self.nodes:
            if node.process and node.process.returncode is None:
                node.process.terminate()
        for node in self.nodes:
            await self._end(node)
        for watcher in self._watchers:
            watcher.cancel()
        await asyncio.gather(*self._watchers, return_exceptions=True)

    def pids(self) -> Mapping[str, int]:
        """The running processes by node name."""
        return {node.name: node.pid for node in self.nodes if node.pid is not None}

    async def _until_ready(self, node: Node) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not node.ready.is_set():
            if node.restarts >= START_TRIES or time.monotonic() > deadline:
                raise NodeFailedError(f"node {node.name} does not start: {node.last_words}; see {node.log}")
            await asyncio.sleep(_LOOK)

    async def _end(self, node: Node) -> None:
        if node.process is None or node.process.returncode is not None:
            return
        try:
            await asyncio.wait_for(node.process.wait(), STOP_SECONDS)
        except TimeoutError:
            self._told(f"node {node.name} does not stop; killing it")
            node.process.kill()
            await node.process.wait()

    async def _watch(self, node: Node) -> None:
        while not self._stopping:
            await self._run(node)
            if not self._stopping:
                node.restarts += 1
                self._told(f"node {node.name} ended; starting it again")
                await asyncio.sleep(_PAUSE)

    async def _run(self, node: Node) -> None:
        node.ready.clear()
        node.process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "kumihimo.node",
            "--settings",
            *map(str, node.settings),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C reaches the supervisor only, which stops all in order
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        assert node.process.stderr is not None
        with node.log.open("ab") as log:
            async for line in node.process.stderr:
                if line.startswith(b'{"ready"'):
                    node.ready.set()
                node.last_words = line.decode(errors="replace").strip()
                log.write(line)
                log.flush()
        await node.process.wait()


def secret_file(path: Path, secret: Secret) -> None:
    """Write a secret that only its owner may read, in hex."""
    with os.fdopen(
        os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii"
    ) as file:
        file.write(secret.reveal().hex() + "\n")
