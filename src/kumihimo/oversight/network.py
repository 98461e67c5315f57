"""The logs of the network as the commission reaches them: open checkpoints, signed questions for entries."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from kumihimo.base import ErrorType, Problem
from kumihimo.log import NoteVerifier
from kumihimo.node import Institution, Transport, log_key
from kumihimo.oversight.entries import read_entries

_PATIENCE = 10.0


@dataclass(slots=True)
class NetworkLogs:
    """Every institution of the directory and its log."""

    institution: Institution
    transport: Transport = field(default_factory=Transport)

    def names(self) -> Mapping[str, NoteVerifier]:
        """The logs there are, each with the key its checkpoints are signed with."""
        entries = self.institution.directory.current.entries.values()
        return {entry.id: key for entry in entries if (key := log_key(entry)) is not None}

    async def open_resource(self, institution: str, path: str) -> bytes | Problem:
        """What an institution shows to everybody."""
        entry = self.institution.directory.current.entries.get(institution)
        if entry is None:
            return Problem(ErrorType.INSTITUTION_UNKNOWN, detail=f"{institution} is not in the directory")
        raw = await self.transport.get(f"{entry.base_url}/o/{path}", {}, _PATIENCE)
        if isinstance(raw, Problem):
            return raw
        if raw.status != 200:
            return Problem(ErrorType.PROVIDER_UNAVAILABLE, detail=f"{institution} shows no {path}")
        return raw.body

    async def checkpoint(self, log: str) -> str | Problem:
        """The signed checkpoint a log shows now."""
        body = await self.open_resource(log, "log/checkpoint")
        return body if isinstance(body, Problem) else body.decode("utf-8", "replace")

    async def entries(self, log: str, start: int, end: int) -> list[bytes] | Problem:
        """Entries of a log from `start` on, at most up to `end`."""
        body = await self.ask(log, "log/entries", {"start": start, "end": end})
        return body if isinstance(body, Problem) else read_entries(body, start, end - start)

    async def transition(self, epoch: int) -> bytes | Problem:
        """The transition document of one of the ledger's epochs."""
        ledger = self.institution.directory.current.service("ledger").id
        return await self.ask(ledger, "transition", {"epoch": epoch})

    async def notify(self, institution: str, body: bytes) -> bytes | Problem:
        """Bring notices to an institution."""
        return await self._post(institution, "reconciliation-notice", body)

    async def ask(self, institution: str, path: str, question: Mapping[str, object]) -> bytes | Problem:
        """Ask an institution in the commission's name; the answer or the refusal."""
        return await self._post(institution, path, msgspec.json.encode(question))

    async def _post(self, institution: str, path: str, body: bytes) -> bytes | Problem:
        nonce = secrets.token_hex(16)
        answered = await self.institution.client.post(institution, path, body, nonce=nonce, timeout=_PATIENCE)
        return answered if isinstance(answered, Problem) else answered.body
