"""How an auditor reaches the network: cosigned checkpoints openly, the rest by signed questions."""

import secrets
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import msgspec

from kumihimo.base import ErrorType, Problem, system_clock
from kumihimo.node import (
    Directory,
    DirectoryView,
    Metrics,
    SignedClient,
    Transport,
    load_keys,
    load_settings,
    logger_of,
)
from kumihimo.world import Places

_PATIENCE = 30.0


class Reach(Protocol):
    """What an audit asks of the network."""

    @property
    def directory(self) -> Directory:
        """The institutions and their keys, as the auditor verified them."""
        ...

    async def open_note(self, institution: str, path: str) -> str | Problem:
        """A signed note that an institution shows to everybody; `not-found` if it shows none."""
        ...

    async def entries(self, institution: str, start: int, end: int) -> list[bytes] | Problem:
        """Entries of an institution's log from `start` on, at most up to `end`."""
        ...

    async def transition(self, epoch: int) -> bytes | Problem:
        """The transition document of one of the ledger's epochs."""
        ...

    async def evidence(self, epoch: int, index: int) -> bytes | Problem:
        """The evidence of an event that the epoch covers."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class _Entries(msgspec.Struct, frozen=True):
    start: int
    entries: tuple[str, ...]


@dataclass(slots=True)
class NationReach:
    """The institutions of a nation's folder, asked in the name of one whose keys lie there."""

    view: DirectoryView
    client: SignedClient
    transport: Transport

    @classmethod
    def of(cls, places: Places, auditor: str) -> "NationReach | Problem":
        """Reach the nation as this institution; the directory's signatures are checked first."""
        settings, keys = load_settings(places.runtime(auditor)), load_keys(places.keys(auditor), auditor)
        transport, logger = Transport(), logger_of(auditor)
        view = DirectoryView(
            settings.runtime, transport, clock=system_clock, metrics=Metrics(), logger=logger
        )
        problem = view.offer(places.directory.read_bytes())
        if problem is not None:
            return problem
        client = SignedClient(transport, view, key=keys.sign, own_id=auditor, clock=system_clock)
        return cls(view, client, transport)

    @property
    def directory(self) -> Directory:
        """The directory of the nation's folder."""
        return self.view.current

    async def open_note(self, institution: str, path: str) -> str | Problem:
        """A note below the institution's open address."""
        url = f"{self.directory.entries[institution].base_url}/o/{path}"
        raw = await self.transport.get(url, {}, _PATIENCE)
        if isinstance(raw, Problem):
            return raw
        if raw.status != 200:
            return Problem(ErrorType.NOT_FOUND, detail=f"{institution} shows no {path}")
        return raw.body.decode("utf-8", "replace")

    async def entries(self, institution: str, start: int, end: int) -> list[bytes] | Problem:
        """Entries by `x/log/entries`."""
        body = await self._ask(institution, "log/entries", {"start": start, "end": end})
        if isinstance(body, Problem):
            return body
        try:
            read = msgspec.json.decode(body, type=_Entries, strict=True)
            found = [b64decode(entry, validate=True) for entry in read.entries]
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return Problem(ErrorType.MALFORMED, detail=f"entries of {institution} cannot be read")
        if read.start != start or len(found) > end - start:
            return Problem(ErrorType.MALFORMED, detail=f"{institution} gave other entries than asked for")
        return found

    async def transition(self, epoch: int) -> bytes | Problem:
        """The document by `x/transition`."""
        return await self._ask(self._ledger, "transition", {"epoch": epoch})

    async def evidence(self, epoch: int, index: int) -> bytes | Problem:
        """The evidence by `x/evidence`."""
        return await self._ask(self._ledger, "evidence", {"epoch": epoch, "index": index})

    async def close(self) -> None:
        """Close the connections."""
        await self.transport.close()

    @property
    def _ledger(self) -> str:
        return self.directory.service("ledger").id

    async def _ask(self, to: str, path: str, question: Mapping[str, object]) -> bytes | Problem:
        body, nonce = msgspec.json.encode(question), secrets.token_hex(16)
        answered = await self.client.post(to, path, body, nonce=nonce, timeout=_PATIENCE)
        return answered if isinstance(answered, Problem) else answered.body
