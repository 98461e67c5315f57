"""Speaks to an institution's office API as one of its own systems would."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
from pyreqwest.client import Client, ClientBuilder

from kumihimo.base import Problem


class Office:
    """One institution's office API, with its key."""

    def __init__(self, base_url: str, key: str) -> None:
        self._base, self._key = base_url, key
        self._client: Client = ClientBuilder().timeout(timedelta(seconds=120)).http1_only().build()

    @classmethod
    def of(cls, base_url: str, keys: Path) -> "Office":
        """The office API of an institution whose key folder can be read."""
        return cls(base_url, (keys / "office.key").read_text(encoding="ascii").strip())

    async def post(self, path: str, body: object) -> dict[str, Any] | Problem:
        """POST JSON; a refusal comes back as its problem."""
        request = self._client.post(f"{self._base}/api/{path}").bearer_auth(self._key)
        request = request.headers({"content-type": "application/json"})
        response = await request.body_bytes(msgspec.json.encode(body)).build().send()
        return _read(response.status, bytes(await response.bytes()))

    async def get(self, path: str) -> Any | Problem:
        """GET JSON; a refusal comes back as its problem."""
        response = await self._client.get(f"{self._base}/api/{path}").bearer_auth(self._key).build().send()
        return _read(response.status, bytes(await response.bytes()))

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()


def _read(status: int, body: bytes) -> Any | Problem:
    document = msgspec.json.decode(body)
    return document if status < 300 else Problem.from_document(document)
