"""The logs of all compared: each kind of difference is found, and names who has to answer and no person."""

import asyncio
import hashlib
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from oversight_logs import (
    ALL,
    CITY,
    EVERYBODY,
    LEDGER,
    ONE,
    PENSION,
    PORTAL,
    ROW,
    START,
    TWO,
    CommissionOffice,
    commit_of,
    entry,
)

from kumihimo.oversight import alarms_store


async def test_exchanges_in_all_their_logs_are_settled_and_counted_and_nothing_of_them_stays(
    office: CommissionOffice,
):
    for number in range(250):
        office.logs.exchange(number)
    office.logs.exchange(900, PORTAL, ONE, TWO, inquirer=PORTAL, provider=LEDGER, row="act/a6-3")
    office.logs.exchange(901, ONE, TWO, PENSION, settled=False, kind="acquire", inquirer="numbering")
    found = await office.settled()
    assert (found.complete, found.raised, found.waiting, found.away) == (252, 0, 0, ())
    assert await office.tally() == {"complete": 252, "abandoned": 0, "unstamped": 0}
    assert await office.waiting_lines() == 0
    assert await office.alarms() == []


async def test_what_is_younger_than_five_minutes_is_not_missing_yet(office: CommissionOffice):
    office.logs.exchange(1, CITY, ONE, TWO, settled=False)
    assert (await office.compare()).waiting == 1
    office.logs.exchange(1, PENSION)
    office.logs.epoch(0)
    office.later(minutes=4)
    assert (await office.compare()).waiting == 1
    office.later(minutes=2)
    assert (await office.compare()).complete == 1
    assert await office.alarms() == []


@pytest.mark.parametrize("stops", [1, 2, 3])
async def test_an_exchange_may_end_anywhere_on_its_way(office: CommissionOffice, stops: int):
    office.logs.exchange(1, *EVERYBODY[:stops], settled=False)
    found = await office.settled()
    assert (found.unstamped, found.abandoned) == ((1, 0) if stops == 1 else (0, 1))
    assert await office.alarms() == []
    assert await office.waiting_lines() == 0


async def test_recorded_by_the_ledger_and_never_answered_is_lawful(office: CommissionOffice):
    office.logs.exchange(1, CITY, ONE, TWO)
    assert (await office.settled()).abandoned == 1
    assert await office.alarms() == []


async def test_withheld_by_law_counts_as_recorded(office: CommissionOffice):
    office.logs.exchange(1, settled=False)
    office.logs.epoch(deferred=({"index": 0, "commit": commit_of(1).hex(), "until": "2027-01-01"},))
    assert (await office.settled()).complete == 1


@pytest.mark.parametrize("log", [CITY, ONE, TWO])
async def test_a_line_missing_in_the_middle_is_asked_of_whoever_lacks_it(office: CommissionOffice, log: str):
    office.logs.exchange(1, *(one for one in EVERYBODY if one != log), settled=False)
    if log != ONE:
        office.logs.epoch(0)
    await office.settled()
    owners = {log} if log != ONE else {ONE, LEDGER}
    assert await office.found() == {("missing", owner) for owner in owners}
    alarm = (await office.alarms())[0]
    assert alarm.alarm.permission == ROW
    assert PENSION in alarm.alarm.holders
    assert (alarm.due - START.date()).days == 7


async def test_an_answer_that_the_ledger_never_counted_is_asked_of_the_ledger(office: CommissionOffice):
    office.logs.exchange(1, settled=False)
    office.logs.epoch()
    await office.settled()
    assert await office.found() == {("missing", LEDGER)}


@pytest.mark.parametrize("log", [ONE, TWO, PENSION])
async def test_a_line_that_one_log_alone_has_is_extra_there(office: CommissionOffice, log: str):
    office.logs.exchange(1, log, settled=False)
    await office.settled()
    assert await office.found() == {("extra", log)}


async def test_a_line_written_twice_is_extra(office: CommissionOffice):
    office.logs.exchange(1)
    office.logs.exchange(1, TWO, settled=False)
    await office.settled()
    assert await office.found() == {("extra", TWO)}


async def test_a_line_in_a_log_that_has_no_part_in_it_is_extra(office: CommissionOffice):
    office.logs.exchange(1)
    office.logs.exchange(1, PORTAL, settled=False)
    await office.settled()
    assert await office.found() == {("extra", PORTAL)}


@pytest.mark.parametrize(
    "other", [{"row": "o9/1/1@2024-05-27"}, {"provider": "kenpo"}, {"inquirer": "muni-271004"}]
)
async def test_one_who_wrote_something_else_is_asked(office: CommissionOffice, other: dict[str, str]):
    office.logs.exchange(1, CITY, ONE, PENSION)
    office.logs.exchange(1, TWO, settled=False, **other)
    await office.settled()
    assert await office.found() == {("differing", TWO)}


async def test_an_hour_far_from_the_others_is_skewed_and_the_next_one_is_not(office: CommissionOffice):
    hour = int(START.timestamp()) // 3600
    office.logs.exchange(1, CITY, ONE, TWO)
    office.logs.exchange(1, PENSION, hour=hour + 1)
    office.logs.exchange(2, ONE, TWO, PENSION, settled=False)
    office.logs.epoch(1)
    office.logs.exchange(2, CITY, hour=hour - 3)
    await office.settled()
    assert await office.found() == {("skewed", CITY)}


async def test_what_is_added_later_cannot_bear_an_hour_long_over(office: CommissionOffice):
    await office.compare()
    office.later(days=2)
    office.logs.entries_of[PENSION].append(entry(1, START - timedelta(hours=3)))
    await office.compare()
    assert await office.found() == {("skewed", PENSION), ("extra", PENSION)}


async def test_a_ledger_that_counts_what_operator_1_has_not_is_asked(office: CommissionOffice):
    office.logs.exchange(1)
    office.logs.epoch(7)
    await office.settled()
    assert await office.found() == {("extra", LEDGER)}


async def test_a_transition_that_is_not_the_committed_one_is_asked_of_the_ledger(office: CommissionOffice):
    office.logs.exchange(1)
    office.logs.transitions[1] += b" "
    await office.settled()
    assert ("differing", LEDGER) in await office.found()


async def test_an_alarm_is_closed_when_its_cause_is_gone_and_all_are_told_twice(office: CommissionOffice):
    office.logs.exchange(1, CITY, ONE, PENSION)
    await office.settled()
    assert await office.found() == {("missing", TWO)}
    office.logs.exchange(1, TWO, settled=False)
    found = await office.compare()
    assert (found.closed, found.complete) == (1, 1)
    assert await office.alarms() == []
    async with office.db.read() as conn:
        told = await conn.fetch("SELECT key, payload FROM node.outbox ORDER BY id")
    assert {row["key"] for row in told} == {CITY, ONE, TWO, LEDGER, PENSION}
    said = [json.loads(row["payload"])["notices"][0]["closed"] for row in told if row["key"] == TWO]
    assert said == [False, True]


async def test_the_same_fault_found_again_is_the_same_alarm(office: CommissionOffice):
    office.logs.exchange(1, CITY, ONE, PENSION)
    await office.settled()
    before = [one.alarm.id for one in await office.alarms()]
    async with office.db.read() as conn:
        promised = await conn.fetchval("SELECT count(*) FROM node.outbox")
    assert (await office.compare()).raised == 0
    assert [one.alarm.id for one in await office.alarms()] == before
    async with office.db.read() as conn:
        assert await conn.fetchval("SELECT count(*) FROM node.outbox") == promised


async def test_a_log_rewritten_behind_its_signature_is_forked_and_none_of_it_counts(office: CommissionOffice):
    for number in range(5):
        office.logs.exchange(number)
    office.logs.signed[PENSION] = office.logs.note(PENSION)
    office.logs.entries_of[PENSION][2] = entry(77, START)
    found = await office.settled()
    assert await office.found() == {("forked", PENSION)}
    assert found.waiting == 5
    assert PENSION in found.away


async def test_a_log_that_shows_fewer_entries_than_it_signed_is_forked(office: CommissionOffice):
    office.logs.exchange(1)
    office.logs.signed[TWO] = office.logs.note(TWO)
    office.logs.entries_of[TWO].clear()
    await office.settled()
    assert ("forked", TWO) in await office.found()


async def test_a_log_put_back_to_an_older_state_is_forked(office: CommissionOffice):
    for number in range(3):
        office.logs.exchange(number)
    await office.compare()
    office.logs.entries_of[CITY].pop()
    await office.compare()
    assert await office.found() == {("forked", CITY)}


async def test_a_log_that_changed_what_was_read_and_goes_on_is_forked(office: CommissionOffice):
    for number in range(3):
        office.logs.exchange(number)
    await office.settled()
    office.logs.entries_of[ONE][0] = entry(99, START)
    office.logs.exchange(4)
    await office.settled()
    assert ("forked", ONE) in await office.found()


async def test_a_checkpoint_signed_by_somebody_else_is_forked(office: CommissionOffice):
    office.logs.exchange(1)
    office.logs.signed[CITY] = office.logs.note(TWO)
    await office.compare()
    assert ("forked", CITY) in await office.found()


async def test_an_entry_nobody_can_read_is_named_by_its_place(office: CommissionOffice):
    office.logs.entries_of[PENSION] += [b"\xff", b'{"kind":"inquire","v":1}', b'{"kind":"something-else"}']
    await office.compare()
    assert {(one.alarm.kind.value, one.alarm.place) for one in await office.alarms()} == {
        ("malformed", 0),
        ("malformed", 1),
    }


async def test_a_log_that_is_away_is_said_and_its_exchanges_wait_for_it(office: CommissionOffice):
    office.logs.exchange(1)
    office.logs.down.add(PENSION)
    found = await office.settled()
    assert (found.away, found.waiting, found.raised) == ((PENSION,), 1, 0)
    office.logs.down.clear()
    office.later(minutes=6)
    assert (await office.compare()).complete == 1
    assert await office.alarms() == []


async def test_a_log_away_for_a_day_is_an_alarm_until_it_is_back(office: CommissionOffice):
    office.logs.down.add(TWO)
    await office.compare()
    office.later(hours=25)
    await office.compare()
    assert await office.found() == {("unread", TWO)}
    office.logs.down.clear()
    await office.compare()
    assert await office.alarms() == []


async def test_a_comparison_cut_off_goes_on_where_it_was(office: CommissionOffice):
    for number in range(450):
        office.logs.exchange(number)
    office.logs.cut_after = 9
    with pytest.raises(asyncio.CancelledError):
        await office.compare()
    read = list(office.logs.fetched)
    office.logs.cut_after = None
    found = await office.settled()
    assert await office.tally() == {"complete": 450, "abandoned": 0, "unstamped": 0}
    assert found.raised == 0
    again = [log for log, start in office.logs.fetched[len(read) :] if (log, start) in read]
    assert len(again) == len(set(again)), "at most the stretch that was in hand is fetched again"


async def test_events_are_counted_at_any_size_of_operator_1s_log(office: CommissionOffice):
    for number in range(230):
        office.logs.exchange(number, kind="acquire" if number % 3 == 0 else "inquire", settled=False)
    office.logs.epoch()
    await office.compare()
    async with office.db.read() as conn:
        row = await conn.fetchrow("SELECT events FROM oversight.epoch")
    assert row["events"] == 230 - 77


async def test_no_line_of_an_alarm_names_anything_but_institutions_rows_and_hours(office: CommissionOffice):
    office.logs.exchange(1, CITY, ONE, PENSION)
    await office.settled()
    async with office.db.read() as conn:
        (alarm,) = (await alarms_store.open_of(conn, [commit_of(1)]))[commit_of(1)]
    told = replace(alarm.alarm, id=b"", commit=None)
    words = {told.owner, told.inquirer, told.provider, *told.holders}
    assert words <= set(ALL)
    assert hashlib.sha256(b"exchange 1").digest() == alarm.alarm.commit
