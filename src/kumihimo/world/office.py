"""Speaks to an institution's office API as one of its own systems would."""

from pathlib import Path
from typing import Any

import msgspec

from kumihimo.base import Problem
from kumihimo.node import Raw, Transport

TIMEOUT = 120.0
"""Seconds: longer than an inquiry is ever patient."""


class Office:
    """One institution's office API, with its key; ConnectionError when nobody answers there."""

    def __init__(self, base_url: str, key: str) -> None:
        self._base = base_url
        self._headers = {"authorization": f"Bearer {key}"}
        self._transport = Transport()

    @classmethod
    def of(cls, base_url: str, keys: Path) -> "Office":
        """The office API of an institution whose key folder can be read."""
        return cls(base_url, (keys / "office.key").read_text(encoding="ascii").strip())

    async def post(self, path: str, body: object) -> dict[str, Any] | Problem:
        """POST JSON; a refusal comes back as its problem."""
        headers = {**self._headers, "content-type": "application/json"}
        written = msgspec.json.encode(body)
        return _read(await self._transport.post(f"{self._base}/api/{path}", headers, written, TIMEOUT))

    async def get(self, path: str) -> Any | Problem:
        """GET JSON; a refusal comes back as its problem."""
        return _read(await self._transport.get(f"{self._base}/api/{path}", self._headers, TIMEOUT))

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.close()


def _read(raw: Raw | Problem) -> Any | Problem:
    if isinstance(raw, Problem):
        raise ConnectionError(raw.detail)
    document = msgspec.json.decode(raw.body)
    return document if raw.status < 300 else Problem.from_document(document)
