"""The file with proof out of a running nation, and the epochs that witnesses and auditors follow there."""

import asyncio
import time
from datetime import timedelta

import asyncpg
import msgspec
import pytest
from exchange_client import Stage, today, until
from exchange_parties import CITY, PENSION

from kumihimo.base import ErrorType, Problem
from kumihimo.ledger import Auditor, EpochRecord, RecordsPolicy, decode_record, read_policy, verify_file
from kumihimo.log import LogReader
from kumihimo.node.transport import Raw

pytestmark = pytest.mark.nation


def policy_of(stage: Stage) -> RecordsPolicy:
    policy = read_policy(stage.nation.places.policy.read_bytes())
    assert isinstance(policy, RecordsPolicy)
    return policy


async def file_of(stage: Stage, person: int) -> bytes:
    """The person's file, as the disclosure system gets it."""
    return str((await stage.disclosed(person, "proof", "records"))["proof"]).encode()


async def ask_ledger(stage: Stage, by: str, path: str, **question: object) -> object:
    answered = await stage.post(by, "ledger", path, msgspec.json.encode(question))
    return answered if isinstance(answered, Problem) else msgspec.json.decode(answered)


async def test_a_persons_file_is_complete_and_holds_what_was_answered_just_now(stage: Stage):
    person = stage.someone(CITY, PENSION)
    given = await stage.ask(person)
    await stage.line(person, given["tx"])
    file = await file_of(stage, person)
    verdict = verify_file(file, policy_of(stage))
    assert verdict.finding == "COMPLETE", verdict
    assert given["tx"] in file.decode()
    shown = {one["asked"]["tx"] for one in await stage.records(person)}
    assert all(tx in shown for tx in [given["tx"]])


async def test_a_later_file_goes_on_from_an_earlier_one(stage: Stage):
    person = stage.someone(CITY, PENSION)
    first = await file_of(stage, person)
    await stage.ask(person)
    second = await file_of(stage, person)
    policy = policy_of(stage)
    assert verify_file(second, policy, last=first).finding == "COMPLETE"
    assert verify_file(first, policy, last=second).finding == "OLDER"


async def test_a_withheld_event_is_neither_in_the_file_nor_missing_from_it(stage: Stage):
    person = stage.someone(CITY, PENSION)
    day = (today() + timedelta(days=30)).isoformat()
    given = await stage.ask(person, withhold_ground="番号法23条2項", withhold_until=day)
    tx = bytes.fromhex(given["tx"])

    async def deferred() -> bool:
        rows = await stage.nation.rows("ledger", "SELECT state FROM ledger.event WHERE tx = $1", tx)
        return rows[0]["state"] == "deferred"

    assert await until(deferred)
    file = await file_of(stage, person)
    assert verify_file(file, policy_of(stage)).finding == "COMPLETE"
    assert given["tx"] not in file.decode()
    listed = (await ask_ledger(stage, "ppc", "deferrals"))["withheld"]
    (row,) = await stage.nation.rows("ledger", "SELECT commit FROM ledger.event WHERE tx = $1", tx)
    (one,) = [one for one in listed if one["commit"] == bytes(row["commit"]).hex()]
    assert (one["inquirer"], one["ground"], one["until"]) == (CITY, "番号法23条2項", day)
    assert set(one) == {
        *("commit", "inquirer", "permission", "ground", "until", "due", "by", "approval"),
        *("salt", "counted", "released"),
    }
    decision = {"commit": one["commit"], "decision": "release"}
    assert await ask_ledger(stage, "ppc", "deferral-decision", **decision) == {"approval": "refused"}

    async def shown() -> bool:
        return given["tx"] in (await file_of(stage, person)).decode()

    assert await until(shown, 40.0)


async def test_an_auditor_follows_every_epoch_of_the_running_ledger(stage: Stage):
    await stage.ask(stage.someone(CITY, PENSION))
    newest = await stage.transport.get(stage.directory.entries["ledger"].base_url + "/o/epoch", {}, 5.0)
    assert isinstance(newest, Raw)
    last = decode_record(newest.body)
    assert isinstance(last, EpochRecord)
    auditor = Auditor()
    for record in await entries(stage, "ledger", 0, last.epoch):
        question = msgspec.json.encode({"epoch": auditor.epoch + 1})
        transition = await stage.post("univ", "ledger", "transition", question)
        size = decode_record(record).x_size
        news = await entries(stage, "digital", auditor.x_size, size)
        assert auditor.take(record, transition, news) == ()
    assert (auditor.epoch, auditor.total) == (last.epoch, last.total)
    assert auditor.total > 0


async def entries(stage: Stage, institution: str, start: int, end: int) -> list[bytes]:
    """Entries of an institution's log, out of its own database."""
    conn = await asyncpg.connect(stage.nation.server.owner_of(institution))
    try:
        return await LogReader.entries(conn, start, end)
    finally:
        await conn.close()


async def test_the_ledgers_oversight_is_for_those_who_watch_it(stage: Stage):
    for curious in (CITY, PENSION, "digital", "portal"):
        for path in ("transition", "deferrals", "deferral-decision", "evidence"):
            refused = await ask_ledger(stage, curious, path, epoch=1)
            assert isinstance(refused, Problem)
            assert refused.type is ErrorType.NOT_PERMITTED
    for path in ("deferrals", "deferral-decision"):
        refused = await ask_ledger(stage, "univ", path)
        assert isinstance(refused, Problem)
        assert refused.type is ErrorType.NOT_PERMITTED


@pytest.mark.parametrize(
    ("path", "question"),
    [
        ("transition", {"epoch": "1"}),
        ("transition", {"epoch": 1 << 70}),
        ("deferral-decision", {"commit": "zz", "decision": "release"}),
        ("deferral-decision", {"commit": "00", "decision": "forget"}),
    ],
)
async def test_what_cannot_be_read_is_malformed(stage: Stage, path: str, question: dict[str, object]):
    refused = await ask_ledger(stage, "ppc", path, **question)
    assert isinstance(refused, Problem)
    assert refused.type is ErrorType.MALFORMED


async def test_many_looks_with_proof_share_their_epochs(stage: Stage):
    people = [stage.someone(CITY, PENSION) for _ in range(4)]
    started = time.monotonic()
    files = await asyncio.gather(*(file_of(stage, person) for person in people))
    policy = policy_of(stage)
    assert {verify_file(file, policy).finding for file in files} == {"COMPLETE"}
    print(f"{len(files)} files at once in {time.monotonic() - started:.1f} s")
