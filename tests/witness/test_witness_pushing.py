"""Institutions have their logs cosigned: a quorum is enough; a witness that is away or lies does no harm."""

import asyncio
import secrets
import time
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace

import httpx
import pytest
from node_parties import free_port
from witness_parties import office, open_scribe, witness, write

from kumihimo.base import Secret
from kumihimo.log import (
    Algorithm,
    Checkpoint,
    CosignatureVerifier,
    Cosigned,
    Cosigner,
    NoteVerifier,
    Policy,
    open_cosigned,
)
from kumihimo.node import Reply, Room, find_room, hosting, witness_name

WITNESSES = ("ppc", "univ", "bar")
DEAD = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def scribes_have_no_tables(monkeypatch):
    from kumihimo.node import institution

    real = institution.migrate

    async def migrate(conn, package):
        missing = package in {"kumihimo.scribe", "kumihimo.liar"}
        return 0 if missing else await real(conn, package)

    monkeypatch.setattr(institution, "migrate", migrate)


@dataclass
class Town:
    """An office and its witnesses."""

    ground: object
    institutions: dict
    client: httpx.AsyncClient

    @property
    def office(self):
        return self.institutions["office"]

    async def cosigned(self, *algorithms):
        """The office's cosigned checkpoint by the witnesses' keys of these kinds; None if there is none."""
        answer = await self.client.get(f"{self.office.settings.base_url}/o/cosigned")
        if answer.status_code == 404:
            return None
        keys = [
            CosignatureVerifier.parse(text)
            for name in WITNESSES
            for text in self.ground.entries[name].witness_keys
        ]
        wanted = tuple(key for key in keys if key.algorithm in (algorithms or (4,)))
        log = NoteVerifier.parse(self.ground.entries["office"].log_key)
        opened = open_cosigned(answer.text, Policy(log, wanted, 2))
        assert isinstance(opened, Cosigned), opened
        return opened

    async def move(self, **urls):
        """Publish other addresses of witnesses, and wait until the office uses them."""
        for name, url in urls.items():
            self.ground.entries[name] = replace(self.ground.entries[name], base_url=url)
        serial = self.ground.publish().serial
        async with asyncio.timeout(5):
            while self.office.directory.current.serial < serial:  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    async def alarms(self, name):
        url = f"{self.institutions[name].settings.base_url}/o/witness"
        return (await self.client.get(url)).json()["alarms"]


def rooms(liar=None):
    own = {"scribe": open_scribe, "liar": liar}
    return lambda name: own.get(name) or find_room(name)


@asynccontextmanager
async def opened(ground, settings, **liars):
    ground.publish()
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(httpx.AsyncClient())
        hosted = await stack.enter_async_context(hosting(settings, rooms=rooms(**liars)))
        yield Town(ground, {one.settings.id: one for one in hosted}, client)


@pytest.fixture
async def settings(ground):
    made = [await witness(ground, name) for name in WITNESSES]
    return [await office(ground, "office"), *made]


@pytest.fixture
async def town(ground, settings):
    async with opened(ground, settings) as one:
        yield one


async def test_an_empty_log_is_not_brought_to_anybody(town):
    assert await town.office.witnessing.push() is False
    assert await town.cosigned() is None


async def test_three_witnesses_cosign_with_both_keys_and_the_note_is_served(town):
    await write(town.office, b"one", b"two")
    assert await town.office.witnessing.push()
    async with asyncio.timeout(5):
        while len((await town.cosigned()).times) < 3:  # noqa: ASYNC110 the third comes after the quorum
            await asyncio.sleep(0.01)
    assert (await town.cosigned()).checkpoint.size == 2
    assert (await town.cosigned(6)).checkpoint.size == 2
    assert (await town.cosigned(4, 6)).checkpoint.size == 2
    assert abs(next(iter((await town.cosigned()).times.values())) - time.time()) < 30


async def test_what_grows_is_cosigned_again_and_what_does_not_is_not_brought_again(town):
    for size in (1, 2, 300):
        await write(town.office, *(b"entry %d" % number for number in range(size)))
        assert await town.office.witnessing.push()
    assert (await town.cosigned()).checkpoint.size == 303
    seen = [one.metrics.text() for one in town.institutions.values()]
    for _ in range(5):
        assert await town.office.witnessing.push()
    assert [one.metrics.text().count(b'plane="o"') for one in town.institutions.values()] == [
        text.count(b'plane="o"') for text in seen
    ]


async def test_it_happens_by_itself_within_the_seconds_of_the_settings(ground, settings):
    quick = replace(settings[0], options={"node": {"witness_seconds": 1}})
    async with opened(ground, [quick, *settings[1:]]) as town:
        await write(town.office, b"one")
        async with asyncio.timeout(10):
            while await town.cosigned() is None:  # noqa: ASYNC110
                await asyncio.sleep(0.05)


async def test_one_witness_away_leaves_a_quorum_and_two_away_leave_none_until_one_is_back(town):
    homes = {name: town.ground.entries[name].base_url for name in WITNESSES}
    await town.move(ppc=DEAD)
    await write(town.office, b"one")
    assert await town.office.witnessing.push()
    assert set((await town.cosigned()).times) == {witness_name("univ"), witness_name("bar")}
    await town.move(univ=DEAD)
    await write(town.office, b"two")
    assert await town.office.witnessing.push(patience=1.0) is False
    assert (await town.cosigned()).checkpoint.size == 1
    await town.move(ppc=homes["ppc"])
    assert await town.office.witnessing.push()
    assert set((await town.cosigned()).times) == {witness_name("ppc"), witness_name("bar")}
    assert (await town.cosigned()).checkpoint.size == 2


def signed_by(cosigner, text, at):
    checkpoint = Checkpoint.parse(text)
    assert isinstance(checkpoint, Checkpoint)
    return cosigner.cosign(checkpoint, text, at).line


def lies(town):
    """What a lying witness may answer, by what is wrong with it."""
    name, algorithm = witness_name("ppc"), Algorithm.COSIGNATURE_ED25519
    stranger = Cosigner(name, algorithm, Secret(secrets.token_bytes(32)))
    text = "kumihimo.example/office\n1\n" + "A" * 43 + "=\n"
    return {
        "nothing": lambda body: "",
        "garbage": lambda body: "— 嘘\n" * 100,
        "no lines": lambda body: "true",
        "another key": lambda body: signed_by(stranger, body, int(time.time())),
        "another checkpoint": lambda body: signed_by(stranger, text, int(time.time())),
    }


@pytest.mark.parametrize("lie", ["nothing", "garbage", "no lines", "another key", "another checkpoint"])
async def test_a_witness_that_lies_is_not_counted_and_harms_nobody(ground, settings, lie):
    async def open_liar(institution):
        async def answer(message):
            body = message.body.decode().partition("\n\n")[2].rpartition("\n\n")[0] + "\n"
            return Reply(200, lies(None)[lie](body).encode(), "text/plain")

        return Room("liar", posts={"add-checkpoint": answer})

    false = [replace(one, rooms=("liar",)) if one.id == "ppc" else one for one in settings]
    async with opened(ground, false, liar=open_liar) as town:
        await write(town.office, b"one")
        assert await town.office.witnessing.push()
        assert set((await town.cosigned()).times) == {witness_name("univ"), witness_name("bar")}


@pytest.mark.parametrize("hours", [-24, 24])
async def test_a_true_signature_of_another_time_is_not_counted(ground, settings, hours):
    from kumihimo.witness import load_cosigners

    keys = next(one.runtime.keys for one in settings if one.id == "ppc")

    async def open_liar(institution):
        async def answer(message):
            body = message.body.decode().partition("\n\n")[2].rpartition("\n\n")[0] + "\n"
            at = int(time.time()) + hours * 3600
            lines = [signed_by(one, body, at) for one in load_cosigners(keys, "ppc")]
            return Reply(200, "".join(lines).encode(), "text/plain")

        return Room("liar", posts={"add-checkpoint": answer})

    false = [replace(one, rooms=("liar",)) if one.id == "ppc" else one for one in settings]
    async with opened(ground, false, liar=open_liar) as town:
        await write(town.office, b"one")
        assert await town.office.witnessing.push()
        assert witness_name("ppc") not in (await town.cosigned()).times


@pytest.mark.parametrize(
    ("status", "kind", "body"),
    [
        (409, "text/x.tlog.size", b"0\n"),
        (409, "text/x.tlog.size", b"999999\n"),
        (409, "text/x.tlog.size", b"-1\n"),
        (409, "text/plain", b"1\n"),
        (500, "text/plain", b""),
        (302, "text/plain", b""),
    ],
)
async def test_sizes_and_statuses_of_a_lying_witness_lead_nowhere(ground, settings, status, kind, body):
    asked = 0

    async def open_liar(institution):
        async def answer(message):
            nonlocal asked
            asked += 1
            return Reply(status, body, kind)

        return Room("liar", posts={"add-checkpoint": answer})

    false = [replace(one, rooms=("liar",)) if one.id == "ppc" else one for one in settings]
    async with opened(ground, false, liar=open_liar) as town:
        await write(town.office, b"one")
        assert await town.office.witnessing.push()
        assert set((await town.cosigned()).times) == {witness_name("univ"), witness_name("bar")}
        assert asked <= 3


async def test_a_witness_that_does_not_answer_keeps_nobody_waiting(ground, settings):
    release = asyncio.Event()

    async def open_liar(institution):
        async def answer(message):
            await release.wait()
            return Reply(200, b"", "text/plain")

        return Room("liar", posts={"add-checkpoint": answer})

    slow = [replace(one, rooms=("liar",)) if one.id == "ppc" else one for one in settings]
    async with opened(ground, slow, liar=open_liar) as town:
        for size in (1, 2, 3):
            await write(town.office, b"entry")
            started = time.monotonic()
            assert await town.office.witnessing.push()
            assert time.monotonic() - started < 3
            assert (await town.cosigned()).checkpoint.size == size
        release.set()


async def test_a_log_put_back_to_an_older_state_is_not_cosigned_and_is_named(ground, settings):
    """The whole database is exchanged for an older one, which the log's own checks cannot see."""
    async with opened(ground, settings) as town:
        await write(town.office, b"one", b"two", b"three")
        assert await town.office.witnessing.push()
        async with asyncio.timeout(5):
            while len((await town.cosigned()).times) < 3:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    older = replace(settings[0].runtime, database=await ground.database())
    async with opened(ground, [replace(settings[0], runtime=older), *settings[1:]]) as town:
        await write(town.office, b"one")
        assert await town.office.witnessing.push(patience=1.0) is False
        await write(town.office, b"two", b"another third")
        assert await town.office.witnessing.push(patience=1.0) is False
        assert await town.cosigned() is None
        for name in WITNESSES:
            found = {one["kind"]: one for one in await town.alarms(name)}
            assert found["fork"]["proved"]
            assert {one["institution"] for one in found.values()} == {"office"}
        await write(town.office, b"four")
        assert await town.office.witnessing.push(patience=1.0) is False


async def test_witnesses_in_a_process_of_their_own_are_reached_by_their_addresses(ground, settings):
    port = free_port()
    away = []
    for one in settings[1:]:
        url = f"http://127.0.0.1:{port}/{one.id}"
        away.append(replace(one, runtime=replace(one.runtime, port=port, base_url=url)))
        ground.entries[one.id] = replace(ground.entries[one.id], base_url=url)
    async with opened(ground, settings[:1]) as town, hosting(away):
        await write(town.office, b"one")
        assert await town.office.witnessing.push()
        assert (await town.cosigned()).checkpoint.size == 1
