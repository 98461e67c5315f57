"""The ledger's list of what is withheld is held against what its proved epochs commit to."""

import json
from collections.abc import Sequence

import pytest
from oversight_logs import LEDGER, ROW, CommissionOffice, commit_of

from kumihimo.base import ErrorType, Problem
from kumihimo.ledger import deferral_leaf, deferral_root
from kumihimo.oversight.withheld import Check, Listed, list_withheld

UNTIL, GROUND, BY = "2027-01-01", "番号法23条2項2号", "nenkin"


def line(number: int, **changes: object) -> dict[str, object]:
    return {
        "commit": commit_of(number).hex(),
        "inquirer": "muni-131016",
        "permission": ROW,
        "ground": GROUND,
        "until": UNTIL,
        "due": UNTIL,
        "by": BY,
        "approval": "none",
        "salt": f"{number:032x}",
        "counted": True,
        "released": False,
        **changes,
    }


def committed(numbers: Sequence[int]) -> dict[str, object]:
    """What an epoch's record says of these withholdings."""
    leaves = [
        deferral_leaf(
            bytes.fromhex(f"{n:032x}"), commit=commit_of(n).hex(), until=UNTIL, ground=GROUND, by=BY
        )
        for n in numbers
    ]
    return {"deferred": len(leaves), "deferred_root": deferral_root(leaves).hex()}


async def listed(office: CommissionOffice, epoch: object, *lines: dict[str, object]) -> Listed:
    async def ask() -> bytes:
        return json.dumps({"epoch": epoch, "withheld": lines}).encode()

    found = await list_withheld(office.collector(), ask)
    assert isinstance(found, Listed)
    return found


async def test_a_list_that_gives_the_committed_root_matches_whatever_its_order(office: CommissionOffice):
    office.logs.epoch(record=committed([1, 2, 3]))
    found = await listed(office, 1, line(3), line(1), line(2))
    assert (found.check, len(found.found)) == (Check.MATCHES, 3)
    assert await office.alarms() == []


async def test_what_enters_with_the_next_epoch_is_shown_and_what_leaves_with_it_is_counted(
    office: CommissionOffice,
):
    office.logs.epoch(record=committed([1, 2]))
    found = await listed(office, 1, line(1), line(2, released=True), line(3, counted=False))
    assert found.check is Check.MATCHES
    assert [one.commit for one in found.found] == [commit_of(1).hex(), commit_of(3).hex()]


@pytest.mark.parametrize(
    "lines",
    [
        [line(1)],
        [line(1), line(2), line(3)],
        [line(1), line(2, until="2026-09-01")],
        [line(1), line(2, ground="別の根拠")],
        [line(1), line(2, by="kenpo")],
        [line(1), line(2, counted=False)],
        [line(1), line(2, salt="00" * 16)],
        [line(1), line(1)],
    ],
    ids=[
        "one less",
        "one more",
        "another day",
        "another ground",
        "another holder",
        "uncounted",
        "salt",
        "twice",
    ],
)
async def test_a_list_that_is_not_the_committed_one_is_an_alarm(
    office: CommissionOffice, lines: list[dict[str, object]]
):
    office.logs.epoch(record=committed([1, 2]))
    assert (await listed(office, 1, *lines)).check is Check.DIFFERS
    assert await office.found() == {("differing", LEDGER)}
    await listed(office, 1, *lines)
    assert len(await office.alarms()) == 1


async def test_a_list_of_an_older_epoch_than_is_proved_does_not_match(office: CommissionOffice):
    office.logs.epoch(record=committed([]))
    office.logs.epoch(record=committed([1]))
    assert (await listed(office, 1)).check is Check.DIFFERS


async def test_an_epoch_that_the_ledgers_log_does_not_hold_proves_nothing(office: CommissionOffice):
    office.logs.epoch(record=committed([1]))
    assert (await listed(office, 2, line(1))).check is Check.UNCHECKED
    office.logs.down.add(LEDGER)
    office.logs.epoch(record=committed([1]))
    assert (await listed(office, 2, line(1))).check is Check.UNCHECKED
    assert await office.alarms() == []


async def test_before_the_first_epoch_nothing_is_counted(office: CommissionOffice):
    assert (await listed(office, 0, line(1, counted=False))).check is Check.MATCHES
    assert (await listed(office, 0, line(1))).check is Check.DIFFERS


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 60_000,
        b'{"epoch":0,"withheld":[{"commit":"\xff"}]}',
        json.dumps({"epoch": 10**24, "withheld": []}).encode(),
        json.dumps({"epoch": 1, "withheld": [line(1, salt="zz")]}).encode(),
        json.dumps({"epoch": 1, "withheld": [line(1, until="9999-99-99")]}).encode(),
    ],
    ids=["deep", "no text", "huge epoch", "salt", "day"],
)
async def test_a_list_nobody_can_read_is_refused(office: CommissionOffice, body: bytes):
    async def ask() -> bytes:
        return body

    found = await list_withheld(office.collector(), ask)
    assert isinstance(found, Problem)
    assert found.type is ErrorType.MALFORMED
