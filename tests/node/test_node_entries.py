"""Entries of a log are handed to those who watch over it, and what anybody may bring is taken in."""

from base64 import b64decode
from dataclasses import replace

import httpx
import msgspec
import pytest

from kumihimo.base import ErrorType, Problem
from kumihimo.node import Answered, Reply, Room, hosting
from kumihimo.node.entries import MOST
from kumihimo.node.http import BODY_LIMIT


async def open_taking(institution):
    """A room that takes a text from anybody, and writes entries into its log."""

    async def apply(batch, log, jobs):
        return [log.stage([job]) for job in jobs]

    write = institution.journal.register("test", apply)

    async def take(message):
        return Reply(200, message.body[::-1], "text/plain")

    async def note(message):
        return Reply(200, str(await write(message.body)).encode())

    return Room("taking", exchange={"note": note}, posts={"take": take})


@pytest.fixture(autouse=True)
def taking_has_no_tables(monkeypatch):
    from kumihimo.node import institution

    real = institution.migrate

    async def migrate(conn, package):
        return 0 if package == "kumihimo.taking" else await real(conn, package)

    monkeypatch.setattr(institution, "migrate", migrate)


@pytest.fixture
async def two(ground):
    settings = [
        await ground.institution("watcher", ("taking",)),
        await ground.institution("other", ("taking",)),
    ]
    ground.entries["watcher"] = replace(ground.entries["watcher"], services=("witness",))
    ground.publish()
    async with hosting(settings, rooms=lambda _: open_taking, near=False) as institutions:
        yield institutions


async def ask(institution, to, path, body):
    return await institution.client.post(to, path, msgspec.json.encode(body), nonce="n" * 22, timeout=10)


async def test_anybody_may_post_where_a_room_takes_posts_and_nowhere_else(two):
    watcher, _ = two
    base = watcher.settings.base_url
    async with httpx.AsyncClient() as client:
        taken = await client.post(f"{base}/o/take", content=b"abc")
        assert (taken.status_code, taken.text) == (200, "cba")
        assert (await client.get(f"{base}/o/take")).status_code == 404
        assert (await client.put(f"{base}/o/take", content=b"abc")).status_code == 404
        assert (await client.post(f"{base}/o/health", content=b"abc")).status_code == 404
        assert (await client.post(f"{base}/o/take", content=bytes(BODY_LIMIT + 1))).status_code == 413


async def test_a_watcher_reads_the_entries_of_another_log(two):
    watcher, _ = two
    for text in (b"one", b"two", b"three"):
        await watcher.client.post("other", "note", text, nonce="n" * 22, timeout=10)
    answer = await ask(watcher, "other", "log/entries", {"start": 1, "end": 9})
    assert isinstance(answer, Answered)
    document = msgspec.json.decode(answer.body)
    assert document["start"] == 1
    assert [b64decode(one) for one in document["entries"]] == [b"two", b"three"]
    empty = await ask(watcher, "other", "log/entries", {"start": 3, "end": 9})
    assert msgspec.json.decode(empty.body) == {"start": 3, "entries": []}


async def test_others_read_no_entries(two):
    _, other = two
    answer = await ask(other, "watcher", "log/entries", {"start": 0, "end": 1})
    assert isinstance(answer, Problem)
    assert answer.type is ErrorType.NOT_PERMITTED


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"start": 0}, ErrorType.MALFORMED),
        ({"start": 2, "end": 1}, ErrorType.MALFORMED),
        ({"start": -1, "end": 1}, ErrorType.MALFORMED),
        ({"start": 0, "end": 1 << 62}, ErrorType.MALFORMED),
        ({"start": 0, "end": MOST + 1}, ErrorType.TOO_LARGE),
        ({"start": 0, "end": 1, "of": "him"}, ErrorType.MALFORMED),
        (["start"], ErrorType.MALFORMED),
    ],
)
async def test_a_range_that_is_none_is_refused(two, body, expected):
    watcher, _ = two
    answer = await ask(watcher, "other", "log/entries", body)
    assert answer.type is expected
