"""A witness replays the ledger's epochs before it cosigns a checkpoint, and names what is wrong with one."""

import asyncio
from base64 import b64encode
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import asyncpg
import httpx
import msgspec
import pytest
from witness_parties import office, open_scribe, witness, write

from kumihimo.base import ErrorType, Problem
from kumihimo.ledger import decode_record, decode_transition, rehearse_epochs
from kumihimo.node import Reply, Room, find_room, hosting

EPOCHS = list(rehearse_epochs(3, 4, depth=4))
ELSEWHERE = list(rehearse_epochs(3, 4, depth=4))
"""The same again, over another exchange log."""


@pytest.fixture(autouse=True)
def paper_rooms_have_no_tables(monkeypatch):
    from kumihimo.node import institution

    real = institution.migrate

    async def migrate(conn, package):
        return 0 if package in {"kumihimo.scribe", "kumihimo.shown"} else await real(conn, package)

    monkeypatch.setattr(institution, "migrate", migrate)


class Shown:
    """What ledger and operator show to a witness, true or not; None where they do not answer."""

    def __init__(self):
        self.transitions = {number: one.transition for number, one in enumerate(EPOCHS, 1)}
        self.entries = {}
        self.asked, self.go = asyncio.Event(), asyncio.Event()
        self.go.set()

    async def open_room(self, institution):
        name = institution.settings.id

        async def transition(message):
            self.asked.set()
            await self.go.wait()
            found = self.transitions.get(msgspec.json.decode(message.body)["epoch"])
            return Reply.of(Problem(ErrorType.NOT_FOUND)) if found is None else Reply(200, found)

        async def entries(message):
            wanted, shown = msgspec.json.decode(message.body), self.entries[name]
            if shown is None:
                return Reply.of(Problem(ErrorType.PROVIDER_UNAVAILABLE))
            part = [b64encode(one).decode() for one in shown[wanted["start"] : wanted["end"]]]
            return Reply(200, msgspec.json.encode({"start": wanted["start"], "entries": part}))

        told = {"log/entries": entries} if name in self.entries else {}
        return Room("shown", exchange={"transition": transition, **told})


class Play:
    """A ledger, operator 1 and a witness; the ledger's log is written by the test."""

    def __init__(self, institutions, client, shown):
        self.ledger, self.digital, self.univ = institutions
        self.client, self.shown = client, shown

    async def exchange(self, epochs=EPOCHS):
        """Operator 1's log, whole, cosigned."""
        await write(self.digital, *(entry for one in epochs for entry in one.entries))
        await self.digital.witnessing.push()

    async def close(self, *entries):
        """The ledger writes these entries and has its checkpoint brought to the witness."""
        await write(self.ledger, *entries)
        return await self.ledger.witnessing.push(patience=2.0)

    async def told(self):
        return (await self.client.get(f"{self.univ.settings.base_url}/o/witness")).json()

    async def accused(self):
        (alarm,) = (await self.told())["alarms"]
        assert (alarm["institution"], alarm["kind"], alarm["proved"]) == ("ledger", "epoch", True)
        return alarm["detail"]


@asynccontextmanager
async def opened(ground, settings, shown):
    ground.publish(quorum=1)
    rooms = {"scribe": open_scribe, "shown": shown.open_room}
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(httpx.AsyncClient())
        hosted = hosting(settings, rooms=lambda name: rooms.get(name) or find_room(name))
        yield Play(await stack.enter_async_context(hosted), client, shown)


@pytest.fixture
async def settings(ground):
    made = [
        await office(ground, "ledger", services=("ledger",)),
        await office(ground, "digital", services=("operator-1",)),
        await witness(ground, "univ"),
    ]
    return [replace(one, rooms=(*one.rooms, "shown")) if one.id != "univ" else one for one in made]


@pytest.fixture
async def play(ground, settings):
    async with opened(ground, settings, Shown()) as one:
        yield one


async def test_the_epochs_of_an_honest_ledger_are_followed_and_cosigned(play):
    await play.exchange()
    assert await play.close(EPOCHS[0].record)
    assert await play.close(b'{"kind":"other"}', EPOCHS[1].record, b"not even JSON", EPOCHS[2].record)
    told = await play.told()
    assert (told["epochs"], told["logs"], told["alarms"]) == (3, 2, [])


def changed(one, /, **changes):
    """An epoch record with other numbers, in its one byte form."""
    record = decode_record(one.record)
    assert not isinstance(record, Problem)
    return msgspec.json.encode(replace(record, **changes), order="sorted")


def told_otherwise(epoch, change):
    """The epoch with another transition, which its record names."""
    import hashlib

    document = msgspec.json.encode(change(decode_transition(epoch.transition)), order="sorted")
    return changed(epoch, transition=hashlib.sha256(document).hexdigest()), document


def fewer(transition):
    """One record less, though its event stands in operator 1's log."""
    return replace(transition, moved=transition.moved[1:])


def rewritten(transition):
    """A chain that does not go on from where it was."""
    first, *rest = transition.moved
    return replace(transition, moved=(replace(first, head="11" * 32), *rest))


@pytest.mark.parametrize(
    "record",
    [
        changed(EPOCHS[1], total=9),
        changed(EPOCHS[1], persons=9),
        changed(EPOCHS[1], map_root="00" * 32),
        changed(EPOCHS[1], transition="00" * 32),
        changed(EPOCHS[1], x_root="00" * 32),
        changed(EPOCHS[1], x_size=4),
        changed(EPOCHS[1], x_size=1 << 40),
        changed(EPOCHS[1], epoch=3),
        changed(EPOCHS[1], deferred=1),
        EPOCHS[0].record,
        EPOCHS[2].record,
        b'{"kind":"epoch"}',
    ],
    ids=[
        "total",
        "persons",
        "map",
        "transition",
        "x root",
        "x unchanged",
        "x too long",
        "number",
        "deferred",
        "twice",
        "gap",
        "garbage",
    ],
)
async def test_a_wrong_epoch_is_not_cosigned_and_the_ledger_is_named(play, record):
    await play.exchange()
    assert await play.close(EPOCHS[0].record)
    assert not await play.close(record)
    assert await play.accused()
    assert (await play.told())["epochs"] == 1
    assert not await play.close(EPOCHS[1].record)


@pytest.mark.parametrize("change", [fewer, rewritten])
async def test_a_record_left_out_or_rewritten_is_found_by_replay(play, change):
    await play.exchange()
    assert await play.close(EPOCHS[0].record)
    record, play.shown.transitions[2] = told_otherwise(EPOCHS[1], change)
    assert not await play.close(record)
    assert "epoch 2" in await play.accused()


async def test_epochs_over_another_exchange_log_than_the_cosigned_one_are_refused(ground, settings):
    shown = Shown()
    shown.transitions = {number: one.transition for number, one in enumerate(ELSEWHERE, 1)}
    shown.entries["digital"] = [entry for one in ELSEWHERE for entry in one.entries]
    async with opened(ground, settings, shown) as play:
        await write(play.digital, *EPOCHS[0].entries)
        assert await play.digital.witnessing.push()
        assert not await play.close(ELSEWHERE[0].record)
        assert "checkpoint that was seen" in await play.accused()


async def test_a_ledger_that_shows_other_entries_than_it_signed_is_refused(ground, settings):
    shown = Shown()
    shown.entries["ledger"] = [EPOCHS[0].record]
    async with opened(ground, settings, shown) as play:
        await play.exchange()
        assert not await play.close(changed(EPOCHS[0], total=9))
        assert "do not lead to the checkpoint" in await play.accused()


@pytest.mark.parametrize("silent", ["ledger", "digital"])
async def test_where_nothing_is_shown_nothing_is_cosigned_and_nobody_accused(ground, settings, silent):
    shown = Shown()
    shown.entries[silent] = None
    async with opened(ground, settings, shown) as play:
        await play.exchange()
        assert not await play.close(EPOCHS[0].record)
        assert (await play.told())["alarms"] == []
        truth = {"ledger": [EPOCHS[0].record], "digital": [e for one in EPOCHS for e in one.entries]}
        shown.entries[silent] = truth[silent]
        assert await play.ledger.witnessing.push(patience=2.0)
        assert (await play.told())["epochs"] == 1


async def test_a_witness_that_was_stopped_goes_on_where_it_was(ground, settings):
    async with opened(ground, settings, Shown()) as play:
        await play.exchange()
        assert await play.close(EPOCHS[0].record, EPOCHS[1].record)
    conn = await asyncpg.connect(settings[2].runtime.database)
    assert await conn.fetchval("SELECT epoch FROM witness.follower") == 2
    shown = Shown()
    shown.transitions = {3: EPOCHS[2].transition}
    async with opened(ground, settings, shown) as play:
        assert await play.close(EPOCHS[2].record)
        assert (await play.told())["epochs"] == 3
    await conn.execute("DELETE FROM witness.follower")
    await conn.close()
    async with opened(ground, settings, Shown()) as play:
        assert await play.close(b"one more")
        assert (await play.told())["epochs"] == 3


async def test_a_replay_goes_on_when_whoever_asked_has_given_up(play):
    await play.exchange()
    await write(play.ledger, *(one.record for one in EPOCHS))
    play.shown.go.clear()
    asking = asyncio.create_task(play.ledger.witnessing.push())
    await play.shown.asked.wait()
    for task in list(play.ledger.witnessing._asking.values()):
        task.cancel()
    asking.cancel()
    play.shown.go.set()
    async with asyncio.timeout(5):
        while (await play.told())["epochs"] < 3:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert await play.ledger.witnessing.push()


async def test_many_pushes_at_once_follow_each_epoch_once(play):
    await play.exchange()
    await write(play.ledger, *(one.record for one in EPOCHS))
    assert all(await asyncio.gather(*(play.ledger.witnessing.push() for _ in range(10))))
    assert (await play.told())["epochs"] == 3
