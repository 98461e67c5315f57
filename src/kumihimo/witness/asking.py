"""What a witness asks of the keepers of logs: bounded in number, in time and in bytes for each checkpoint."""

import asyncio
import secrets
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from kumihimo.base import ErrorType, Problem
from kumihimo.log import Tile, consistency_proof, reader_over
from kumihimo.node import Institution, Transport

PAGE = 1000
"""Entries asked for at once."""
QUESTIONS = 200
"""Questions that one brought checkpoint may cause; the next one goes on from where they ended."""
SECONDS = 10.0
"""For all questions of one checkpoint together; who brings it waits for twice as long."""
_TILE = 256


class _Page(msgspec.Struct, frozen=True):
    start: int
    entries: list[str]


_page = msgspec.json.Decoder(_Page)


@dataclass(slots=True)
class Asking:
    """The questions that are left, and until when (time of the loop) they may be asked."""

    institution: Institution
    transport: Transport
    until: float
    left: int = QUESTIONS

    async def ask(self, institution: str, path: str, question: object) -> bytes | Problem:
        """The signed answer of an institution; whatever kept it from answering is `provider-unavailable`."""
        seconds = self._spend()
        if isinstance(seconds, Problem):
            return seconds
        body, nonce = msgspec.json.encode(question), secrets.token_urlsafe(16)
        answer = await self.institution.client.post(institution, path, body, nonce=nonce, timeout=seconds)
        return unavailable(institution, answer.type.value) if isinstance(answer, Problem) else answer.body

    async def page(self, institution: str, start: int, end: int) -> list[bytes] | Problem:
        """Entries of a log from `start` on, not beyond `end`, at least one; as many as one answer holds."""
        wanted = {"start": start, "end": min(start + PAGE, end)}
        body = await self.ask(institution, "log/entries", wanted)
        if isinstance(body, Problem):
            return body
        try:
            found = [b64decode(text, validate=True) for text in _page.decode(body).entries]
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return unavailable(institution, "unreadable")
        return found[: end - start] or unavailable(institution, "its entries end before its checkpoint")

    async def proof(self, institution: str, old: int, new: int) -> Sequence[bytes] | Problem:
        """A consistency proof over an institution's log, from the tiles it serves to everybody."""
        wanted: dict[tuple[int, int], Sequence[bytes]] = {}

        def note(level: int, n: int) -> Sequence[bytes]:
            return wanted.setdefault((level, n), [bytes(32)] * _TILE)

        consistency_proof(reader_over(note), old, new)
        for level, n in wanted:
            width = min(_TILE, (new >> 8 * level) - n * _TILE)
            tile = await self._tile(institution, Tile(level, n, width))
            if isinstance(tile, Problem):
                return tile
            wanted[level, n] = tile
        return consistency_proof(reader_over(lambda level, n: wanted[level, n]), old, new)

    async def _tile(self, institution: str, tile: Tile) -> Sequence[bytes] | Problem:
        entry = self.institution.directory.current.entries.get(institution)
        seconds = self._spend()
        if isinstance(seconds, Problem):
            return seconds
        if entry is None:
            return unavailable(institution, "not in the directory")
        raw = await self.transport.get(f"{entry.base_url}/o/log/{tile.path}", {}, seconds)
        if isinstance(raw, Problem) or raw.status != 200 or len(raw.body) != 32 * tile.width:
            return unavailable(institution, "its tiles are not to be had")
        return [raw.body[at : at + 32] for at in range(0, len(raw.body), 32)]

    def _spend(self) -> float | Problem:
        """The seconds there are for one more question."""
        seconds = self.until - asyncio.get_running_loop().time()
        if seconds <= 0 or not self.left:
            return more_to_read()
        self.left -= 1
        return seconds


def unavailable(institution: str, why: str) -> Problem:
    """It cannot be told now, because an institution does not show what it takes to tell."""
    return Problem(
        ErrorType.PROVIDER_UNAVAILABLE,
        detail=f"{institution} does not show what is needed to check its log ({why})",
        detail_ja=f"記録の確認に必要なものを{institution}が示しません",
    )


def more_to_read() -> Problem:
    """It cannot be told yet: the next checkpoint that is brought goes on from here."""
    return Problem(
        ErrorType.PROVIDER_UNAVAILABLE,
        detail="more to read than for one checkpoint at once; the next one goes on from here",
        detail_ja="一度に確認できる量を超えています。次の検査点で続きから確認します",
    )
