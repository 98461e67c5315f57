"""A witness replays the ledger's epochs before it cosigns a checkpoint, and names what is wrong with one."""

import asyncio
import time
from base64 import b64encode
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import asyncpg
import httpx
import msgspec
import pytest
from witness_parties import PaperLog, office, open_scribe, witness, write

from kumihimo.base import ErrorType, Problem
from kumihimo.ledger import decode_record, decode_transition, rehearse_epochs
from kumihimo.log import Checkpoint, sign_note
from kumihimo.node import Reply, Room, find_room, hosting, load_keys
from kumihimo.witness import asking, epochs

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

    async def close(self, *entries, behind=0):
        """The ledger writes these epochs, dated so many seconds ago, and has its checkpoint brought."""
        await write(self.ledger, *(dated(entry, behind) for entry in entries))
        return await self.ledger.witnessing.push(patience=2.0)

    async def told(self):
        return (await self.client.get(f"{self.univ.settings.base_url}/o/witness")).json()

    async def accused(self):
        (alarm,) = (await self.told())["alarms"]
        assert (alarm["institution"], alarm["kind"], alarm["proved"]) == ("ledger", "epoch", True)
        return alarm["detail"]


def dated(entry, behind=0):
    """An epoch record of now, or of so many seconds ago; any other entry as it is."""
    record = decode_record(entry)
    if isinstance(record, Problem):
        return entry
    moment = int((time.time() - behind) * 1000)
    return msgspec.json.encode(replace(record, time=moment), order="sorted")


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


def elsewhere():
    """A ledger's account of another exchange log, which operator 1 shows as its own."""
    shown = Shown()
    shown.transitions = {number: one.transition for number, one in enumerate(ELSEWHERE, 1)}
    shown.entries["digital"] = [entry for one in ELSEWHERE for entry in one.entries]
    return shown


async def named(play):
    """Who is accused, of what, and whether that is proved."""
    return [(one["institution"], one["kind"], one["proved"]) for one in (await play.told())["alarms"]]


@pytest.mark.parametrize("ahead", [0, 1, 2])
async def test_epochs_over_another_exchange_log_than_the_cosigned_one_name_the_operator(
    ground, settings, ahead
):
    """Whether operator 1's checkpoint, cosigned here, ends where the epoch ends or far beyond."""
    async with opened(ground, settings, elsewhere()) as play:
        await play.exchange(EPOCHS[: 1 + ahead])
        assert not await play.close(ELSEWHERE[0].record)
        assert await named(play) == [("digital", "inconsistent", False)]
        assert (await play.told())["logs"] == 1


async def test_an_operator_that_stays_behind_with_its_own_log_does_not_hide_another(ground, settings):
    async with opened(ground, settings, elsewhere()) as play:
        assert await play.close(ELSEWHERE[0].record)
        await write(play.digital, EPOCHS[0].entries[0])
        assert await play.digital.witnessing.push()
        assert not await play.close(ELSEWHERE[1].record)
        assert await named(play) == []
        await play.exchange()
        assert not await play.close(b"{}")
        assert await named(play) == [("digital", "inconsistent", False)]


async def test_an_operator_that_shows_too_little_is_no_fault_of_the_ledger(ground, settings):
    shown = Shown()
    shown.entries["digital"] = list(EPOCHS[0].entries[:-1])
    async with opened(ground, settings, shown) as play:
        await play.exchange()
        assert not await play.close(EPOCHS[0].record)
        assert (await play.told())["alarms"] == []
        shown.entries["digital"] = [entry for one in EPOCHS for entry in one.entries]
        assert await play.ledger.witnessing.push(patience=2.0)


async def test_what_the_operator_has_not_signed_is_not_held_against_the_ledger(ground, settings):
    shown = Shown()
    shown.entries["digital"] = [entry for one in ELSEWHERE for entry in one.entries]
    async with opened(ground, settings, shown) as play:
        assert not await play.close(EPOCHS[0].record)
        assert (await play.told())["alarms"] == []
        shown.entries["digital"] = [entry for one in EPOCHS for entry in one.entries]
        assert await play.ledger.witnessing.push(patience=2.0)


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
        first = dated(EPOCHS[0].record, 1)
        await write(play.ledger, first)
        assert not await play.ledger.witnessing.push(patience=2.0)
        assert (await play.told())["alarms"] == []
        truth = {"ledger": [first], "digital": [e for one in EPOCHS for e in one.entries]}
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


def forked(play, *entries):
    """The ledger's log as its keeper could write it anew, with its own key."""
    return PaperLog(load_keys(play.ledger.settings.runtime.keys, "ledger").note, entries)


async def test_a_checkpoint_that_is_refused_moves_nothing_and_no_fork_passes_behind_it(ground, settings):
    """The longer branch comes with a wrong old size; then another, shorter one, with a false epoch."""
    shown = Shown()
    shown.entries["ledger"] = []
    async with opened(ground, settings, shown) as play:
        await play.exchange()
        start = [dated(EPOCHS[0].record), b"one", b"two", b"three"]
        shown.entries["ledger"] = start
        bring = f"{play.univ.settings.base_url}/o/add-checkpoint"
        first = await play.client.post(bring, content=forked(play, *start).request(0, 4))
        assert first.status_code == 200
        branch = [*start, dated(EPOCHS[1].record), b"four", b"five", b"six"]
        shown.entries["ledger"] = branch
        stale = await play.client.post(bring, content=forked(play, *branch).request(3, 8))
        assert (stale.status_code, stale.text) == (409, "4\n")
        assert (await play.told())["epochs"] == 1
        false = [*start, changed(EPOCHS[1], total=9), b"other"]
        other = await play.client.post(bring, content=forked(play, *false).request(4, 6))
        assert other.status_code == 403
        assert "do not lead to the checkpoint" in await play.accused()
        shown.entries["ledger"] = false
        other = await play.client.post(bring, content=forked(play, *false).request(4, 6))
        assert other.status_code == 403
        shown.entries["ledger"] = branch
        true = await play.client.post(bring, content=forked(play, *branch).request(4, 8))
        assert true.status_code == 200
        assert (await play.told())["epochs"] == 2


async def accused_of_the_clock(play):
    assert await named(play) == [("ledger", "clock", False)]
    return (await play.told())["alarms"][0]["detail"]


async def test_an_epoch_dated_long_before_the_last_cosignature_is_refused_until_the_clock_is_right(play):
    await play.exchange()
    assert await play.close(EPOCHS[0].record, behind=300)
    assert not await play.close(EPOCHS[1].record, behind=290)
    assert "before the last cosignature" in await accused_of_the_clock(play)
    assert await play.close(EPOCHS[2].record)


async def test_an_epoch_dated_in_the_future_is_refused(play):
    await play.exchange()
    assert await play.close(EPOCHS[0].record, behind=-30)
    assert not await play.close(EPOCHS[1].record, behind=-200)
    assert "after the witness's own time" in await accused_of_the_clock(play)
    assert (await play.told())["epochs"] == 1


@pytest.mark.parametrize("moment", [10**16, 10**30, -1, -(10**30)])
async def test_a_time_no_clock_shows_is_refused(play, moment):
    await play.exchange()
    await write(play.ledger, changed(EPOCHS[0], time=moment))
    assert not await play.ledger.witnessing.push(patience=2.0)
    assert len((await play.told())["alarms"]) == 1


async def test_what_was_missed_is_caught_up_on_with_its_old_times(play):
    await play.exchange()
    await write(play.ledger, dated(EPOCHS[0].record, 7200), dated(EPOCHS[1].record, 3600))
    assert await play.close(EPOCHS[2].record, behind=1800)
    assert (await play.told())["epochs"] == 3


async def test_a_witness_catches_up_over_several_checkpoints(play, monkeypatch):
    monkeypatch.setattr(epochs, "_PAGES", 1)
    monkeypatch.setattr(asking, "PAGE", 2)
    monkeypatch.setattr(asking, "QUESTIONS", 4)
    await play.exchange()
    await write(play.ledger, b"a", b"b", *(dated(one.record) for one in EPOCHS), b"c")
    told = []
    for _ in range(12):
        if await play.ledger.witnessing.push(patience=0.5):
            break
        told.append((await play.told())["epochs"])
    final = await play.told()
    assert (final["epochs"], final["logs"], final["alarms"]) == (3, 2, [])
    assert told[0] < told[-1]


DEEP = b'{"kind":' + b"[" * 50_000 + b"]" * 50_000 + b"}"


@pytest.mark.parametrize(
    "entry",
    [
        DEEP[:60_000],
        b'{"a":' + b"[" * 30_000 + b"]" * 30_000 + b',"kind":"epoch"}',
        b'{"kind":"\xff\xfe"}',
        b"\xff" * 100,
        b'{"kind":' + b"9" * 5000 + b"}",
        b'{"kind":"other","n":' + b"9" * 5000 + b"}",
        b'{"kind":1e999999}',
        b"",
    ],
)
async def test_hostile_entries_are_no_epochs_and_stop_nothing(play, entry):
    await play.exchange()
    assert await play.close(entry, EPOCHS[0].record, entry)
    assert ((await play.told())["epochs"], await named(play)) == (1, [])


@pytest.mark.parametrize(
    "change", [{"epoch": 10**24}, {"x_size": -(10**24)}, {"total": 10**30}, {"v": 10**30}]
)
async def test_numbers_beyond_all_measure_are_refused_in_words(play, change):
    await play.exchange()
    assert not await play.close(dated_with(change))
    assert await play.accused()


def dated_with(change):
    return changed(EPOCHS[0], time=int(time.time() * 1000), **change)


async def test_a_size_that_cannot_be_stored_is_a_bad_request(play):
    bring = f"{play.univ.settings.base_url}/o/add-checkpoint"
    signer = load_keys(play.ledger.settings.runtime.keys, "ledger").note
    for size in (2**63, 10**19 - 1):
        note = sign_note(Checkpoint(signer.name, size, bytes(32)).text, signer)
        answer = await play.client.post(bring, content=f"old 0\n\n{note}".encode())
        assert answer.status_code == 400
    note = sign_note(Checkpoint(signer.name, 2**63 - 1, bytes(32)).text, signer)
    answer = await play.client.post(bring, content=f"old 0\n\n{note}".encode())
    assert (answer.status_code, await named(play)) == (502, [])
