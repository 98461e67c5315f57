"""Whatever a log holds, the comparison ends, says what cannot be read, and compares the rest."""

import json

import pytest
from oversight_logs import CITY, LEDGER, ONE, PENSION, START, TWO, CommissionOffice, entry

from kumihimo.base import Problem
from kumihimo.node.pages import Lang
from kumihimo.oversight.entries import read_entries, read_transition
from kumihimo.oversight.pages_epochs import balances
from kumihimo.oversight.picture import timeline

DEEP = b"[" * 60_000
COMMIT = "ab" * 32


def transition(**changes: object) -> bytes:
    honest = {"v": 1, "epoch": 1, "moved": [], "settled": [0], "deferred": [], "released": [], "open": []}
    return json.dumps({**honest, "void": [], **changes}).encode()


HOSTILE_TRANSITIONS = {
    "no JSON": b"epoch 1",
    "no text": b'{"epoch":1,"settled":[0],"deferred":[{"index":0,"commit":"\xff"}]}',
    "deep": b'{"epoch":1,"deferred":[],"settled":' + DEEP,
    "deep beside": b'{"epoch":1,"deferred":[],"settled":[],"more":' + DEEP,
    "a commitment that is not hexadecimal": transition(deferred=[{"index": 0, "commit": "z" * 64}]),
    "a commitment that is too short": transition(deferred=[{"index": 0, "commit": "ab"}]),
    "a commitment with spaces": transition(deferred=[{"index": 0, "commit": " " * 64}]),
    "a place before the log": transition(settled=[-1]),
    "a place beyond every log": transition(settled=[10**24]),
    "a place beyond the column": transition(deferred=[{"index": 2**63, "commit": COMMIT}]),
    "an epoch beyond the column": transition(epoch=10**24),
}


@pytest.mark.parametrize("name", HOSTILE_TRANSITIONS)
async def test_a_transition_nobody_can_read_is_malformed_and_the_comparison_ends(
    office: CommissionOffice, name: str
):
    office.logs.exchange(1, settled=False)
    office.logs.epoch(body=HOSTILE_TRANSITIONS[name])
    office.logs.exchange(2)
    found = await office.settled()
    assert ("malformed", LEDGER) in await office.found()
    assert found.complete == 1
    assert found.waiting == 0


@pytest.mark.parametrize(
    "change",
    [
        {"epoch": 10**24},
        {"epoch": -1},
        {"time": 10**16},
        {"time": 10**30},
        {"time": -1},
        {"total": 2**63},
        {"x_size": 10**19},
        {"more": "deep"},
    ],
    ids=str,
)
async def test_an_epoch_record_out_of_bounds_is_malformed_and_the_pages_still_open(
    office: CommissionOffice, change: dict[str, object]
):
    office.logs.exchange(1)
    if "more" in change:
        office.logs.entries_of[LEDGER].append(b'{"kind":"epoch","more":' + DEEP)
    else:
        office.logs.epoch(record=change)
    found = await office.settled()
    assert await office.found() == {("malformed", LEDGER)}
    assert found.complete == 1
    async with office.db.read() as conn:
        shown = await balances(conn, LEDGER, 100)
    assert len(shown) == 1
    assert timeline(shown, Lang.JA)


async def test_an_epoch_at_the_end_of_time_is_still_drawn(office: CommissionOffice):
    office.logs.epoch(record={"time": (1 << 47) - 1})
    await office.compare()
    async with office.db.read() as conn:
        assert timeline(await balances(conn, LEDGER, 100), Lang.EN)


@pytest.mark.parametrize(
    "hostile",
    [
        DEEP,
        b'{"kind":"inquire","more":' + DEEP,
        b'{"kind":"inquire","\xff":1}',
        b"\xff\xfe",
        b"",
        entry(9, START, hour=10**30),
    ],
    ids=["deep", "deep beside", "no text inside", "no text", "empty", "huge hour"],
)
@pytest.mark.parametrize("log", [CITY, ONE, TWO, LEDGER])
async def test_an_entry_nobody_can_read_stops_no_other(office: CommissionOffice, log: str, hostile: bytes):
    office.logs.entries_of[log].append(hostile)
    office.logs.exchange(1)
    found = await office.settled()
    assert await office.found() == {("malformed", log)}
    assert found.complete == 1


async def test_an_epoch_that_covers_more_than_operator_1_ever_had_is_asked_of_the_ledger(
    office: CommissionOffice,
):
    office.logs.exchange(1)
    office.logs.epoch(record={"x_size": 1 << 50})
    office.logs.exchange(2)
    found = await office.settled()
    assert await office.found() == {("extra", LEDGER)}
    assert found.complete == 2


async def test_while_operator_1_is_away_epochs_wait_without_an_alarm(office: CommissionOffice):
    office.logs.down.add(ONE)
    office.logs.exchange(1)
    await office.compare()
    assert await office.found() == set()
    office.logs.down.clear()
    assert (await office.settled()).complete == 1


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b'{"start":0,"entries":["!"]}', b'{"start":0,"entries":' + DEEP, b'{"\xff":0}'],
    ids=["empty", "list", "no base64", "deep", "no text"],
)
def test_an_answer_that_holds_no_entries_is_refused(body: bytes):
    assert isinstance(read_entries(body, 0, 10), Problem)
    assert isinstance(read_transition(body), Problem)


async def test_the_same_place_claimed_many_times_is_one_line(office: CommissionOffice):
    office.logs.exchange(1, settled=False)
    office.logs.epoch(*[0] * 1000)
    found = await office.settled()
    assert (found.complete, found.raised) == (1, 0)
    assert PENSION not in {one.alarm.owner for one in await office.alarms()}
