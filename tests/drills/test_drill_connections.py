"""Connections that are cut in the middle or dribble for ever take nothing from anybody else."""

import asyncio
import time
from urllib.parse import urlsplit

import pytest
from drill_nation import Lawful, ask

from kumihimo.base import Problem
from kumihimo.node import load_settings
from kumihimo.world import Nation

pytestmark = [pytest.mark.drill, pytest.mark.nation]

MANY = 200
PATIENCE = 5.0  # seconds for one answer, most of it for a machine that does other things as well
type Socket = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def dial(nation: Nation, institution: str, start: bytes) -> Socket:
    """A connection to an institution's node on which a message was begun."""
    parts = urlsplit(load_settings(nation.places.runtime(institution)).base_url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(start)
    await writer.drain()
    return reader, writer


def begun(institution: str) -> bytes:
    """Headers that promise a long body, and its first bytes."""
    return (
        f"POST /{institution}/x/inquire HTTP/1.1\r\nhost: node\r\ncontent-type: application/json\r\n"
        'content-length: 900000\r\n\r\n{"slip":'
    ).encode()


async def slowest(nation: Nation, question: Lawful, times: int = 10) -> float:
    """Ask some times; the longest anybody waited, in seconds."""
    longest = 0.0
    for _ in range(times):
        started = time.monotonic()
        assert not isinstance(await ask(nation, question), Problem)
        longest = max(longest, time.monotonic() - started)
    return longest


def faults(nation: Nation) -> int:
    """Unexpected faults in the log of the providers' node."""
    return (nation.places.root / "logs" / "bodies.log").read_bytes().count(b'"fault"')


async def test_bodies_and_headers_that_dribble_keep_nobody_waiting_and_are_ended(
    nation: Nation, question: Lawful
) -> None:
    heads = b"POST /nenkin/x/inquire HTTP/1.1\r\nhost: no"
    dribbling = await asyncio.gather(
        *(dial(nation, "nenkin", begun("nenkin") if n % 2 else heads) for n in range(MANY))
    )
    assert await slowest(nation, question) < PATIENCE
    async with asyncio.timeout(40):
        ends = await asyncio.gather(*(reader.read() for reader, _ in dribbling))
    for n, said in enumerate(ends):
        assert b"urn:kumihimo:error:malformed" in said if n % 2 else said == b""
    for _, writer in dribbling:
        writer.close()


async def test_connections_cut_in_the_middle_of_a_body_are_forgotten(
    nation: Nation, question: Lawful
) -> None:
    before = faults(nation)
    for _ in range(MANY):
        _, writer = await dial(nation, "nenkin", begun("nenkin"))
        writer.transport.abort()
    assert await slowest(nation, question) < PATIENCE
    assert faults(nation) == before
