"""The directory as one institution sees it: fetched, verified, never going back."""

import asyncio
from pathlib import Path

from kumihimo.base import Clock, ErrorType, Problem
from kumihimo.messages import VerifyKey
from kumihimo.node.directory import EMPTY, Directory, Roots, fingerprint, parse_directory
from kumihimo.node.settings import Runtime, SettingsError
from kumihimo.node.telemetry import Logger, Metrics
from kumihimo.node.transport import Transport

_TIMEOUT = 5.0
_UNTIL_FIRST = 0.1  # seconds between looks while there is no directory at all


class DirectoryView:
    """Keeps the last good directory; a new one must be signed, in date, and not older than the one in use."""

    def __init__(
        self, runtime: Runtime, transport: Transport, *, clock: Clock, metrics: Metrics, logger: Logger
    ) -> None:
        self.current: Directory = EMPTY
        self.document = b""
        self._runtime, self._transport, self._clock = runtime, transport, clock
        self._metrics, self._logger = metrics, logger
        self._roots = _roots(runtime)
        self._fingerprint = b""
        self._file_seen: tuple[int, int] | None = None
        self._last_problem: Problem | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def fresh(self) -> bool:
        """Whether there is a directory in use that has not expired."""
        return self.current.expires > self._clock()

    @property
    def etag(self) -> str:
        """Names the document in use by its serials, for If-None-Match."""
        return f'"{self.current.serial}.{self.current.oversight.serial}"'

    def set(self, directory: Directory) -> None:
        """Use this directory unconditionally (tests)."""
        self.current = directory
        self._metrics.directory_serial.set(directory.serial)

    def offer(self, document: bytes) -> Problem | None:
        """Take a new document into use, or say why not; the one in use stays then."""
        offered = parse_directory(document, self._roots, self._clock())
        if isinstance(offered, Problem):
            return offered
        serials = (offered.serial, offered.oversight.serial)
        current = (self.current.serial, self.current.oversight.serial)
        if serials[0] < current[0] or serials[1] < current[1]:
            return Problem(ErrorType.REPLAYED, detail=f"directory {serials} is older than {current} in use")
        mark = fingerprint(offered)
        if serials == current and self._fingerprint and mark != self._fingerprint:
            return Problem(ErrorType.SIGNATURE_INVALID, detail=f"two directories bear the serials {serials}")
        self._fingerprint, self.document = mark, document
        self.set(offered)
        return None

    async def open(self) -> None:
        """Look once, then keep looking."""
        await self._look()
        self._task = asyncio.create_task(self._run(), name="directory")

    async def close(self) -> None:
        """Stop looking."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            known = self.current is not EMPTY
            await asyncio.sleep(self._runtime.directory_seconds if known else _UNTIL_FIRST)
            await self._look()

    async def _look(self) -> None:
        file = self._runtime.directory_file
        document = await self._fetch() if file is None else self._reread(file)
        problem = self.offer(document) if isinstance(document, bytes) else document
        if problem is not None and problem != self._last_problem:
            self._logger.warning("directory refused", type=problem.type.value, detail=problem.detail)
        self._last_problem = problem

    def _reread(self, file: Path) -> bytes | Problem | None:
        """The file if it changed since it was last read."""
        try:
            stat = file.stat()
            seen = (stat.st_mtime_ns, stat.st_ino)
            if seen == self._file_seen:
                return None
            document = file.read_bytes()
        except OSError as fault:
            return Problem(ErrorType.PROVIDER_UNAVAILABLE, detail=f"directory file: {fault.strerror}")
        self._file_seen = seen
        return document

    async def _fetch(self) -> bytes | Problem | None:
        """The document if it is a newer one than ours; the first address that answers counts."""
        answer: bytes | Problem | None = None
        for url in self._runtime.directory:
            raw = await self._transport.get(url, {"if-none-match": self.etag}, _TIMEOUT)
            if not isinstance(raw, Problem) and raw.status == 200:
                return raw.body
            if not isinstance(raw, Problem) and raw.status == 304:
                return None
            answer = raw if isinstance(raw, Problem) else _unexpected(raw.status)
        return answer


def _unexpected(status: int) -> Problem:
    return Problem(ErrorType.PROVIDER_UNAVAILABLE, detail=f"directory: HTTP {status}")


def _roots(runtime: Runtime) -> Roots:
    try:
        operators = {1: VerifyKey.parse(runtime.root_1), 2: VerifyKey.parse(runtime.root_2)}
        return Roots(operators, VerifyKey.parse(runtime.commission))
    except ValueError as fault:
        raise SettingsError(
            f"root_1, root_2 and commission must be base64url Ed25519 keys: {fault}"
        ) from fault
