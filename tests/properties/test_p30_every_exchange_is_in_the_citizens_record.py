"""P-30, P-31, P-33: what happened is in the person's record or counted as withheld; nobody else reads it."""

import asyncio
from base64 import b64encode
from datetime import timedelta
from types import SimpleNamespace

import asyncpg
import pytest
from exchange_client import Stage, today, until
from exchange_parties import CITY, PENSION

from kumihimo.base import Problem, system_clock
from kumihimo.ledger import Kind, lines
from kumihimo.ledger.app import open_room
from kumihimo.ledger.store import Book
from kumihimo.messages import Vault

pytestmark = pytest.mark.nation


async def commits(stage: Stage, institution: str) -> list[str]:
    return [str(one["commit"]) for one in await stage.log_of(institution) if one["kind"] == "inquire"]


async def test_answered_questions_stand_in_all_logs_and_in_the_persons_record(stage: Stage):
    person = stage.someone(CITY, PENSION)
    provided = await stage.ask(person)
    refused = await stage.ask(person, as_of="2026-13-01")
    unfinished = await stage.slip(person)
    await stage.ready(unfinished)
    for given in (provided, refused):
        line = await stage.line(person, given["tx"])
        commit = line["asked"]["commit"]
        for institution in (CITY, "digital", "jlis", PENSION):
            written = [one.encode() for one in await commits(stage, institution)]
            assert written.count(b64encode(bytes.fromhex(commit))) == 1, institution
    # A question that was recorded and never brought to its provider is a look all the same.
    label = (
        await stage.nation.rows("ledger", "SELECT label FROM ledger.event WHERE tx = $1", unfinished.slip.tx)
    )[0]["label"]
    entries, withheld = await opened(stage, bytes(label))
    later = system_clock() + timedelta(seconds=61)
    assert unfinished.slip.tx.hex() in {line.asked.tx for line in lines(entries, withheld, later)}


async def opened(stage: Stage, label: bytes):
    conn = await asyncpg.connect(stage.nation.server.owner_of("ledger"))
    try:
        return await Book(stage.keys["ledger"].vault).person_entries(conn, label)
    finally:
        await conn.close()


async def test_no_answer_is_anywhere_that_the_ledger_and_both_operators_do_not_know(stage: Stage):
    await stage.ask(stage.someone(CITY, PENSION))
    first, second = set(await commits(stage, "digital")), set(await commits(stage, "jlis"))
    gave = set(await commits(stage, PENSION))
    assert gave <= second <= first
    assert gave
    assert len(await commits(stage, "digital")) == len(first), "an exchange is logged once"
    recorded = await stage.nation.rows("ledger", "SELECT tx FROM ledger.event")
    known = await stage.nation.rows(PENSION, "SELECT tx FROM exchange.answer")
    assert {bytes(row["tx"]) for row in known} <= {bytes(row["tx"]) for row in recorded}


async def test_what_is_hidden_is_exactly_what_is_counted_as_withheld(stage: Stage):
    person = stage.someone(CITY, PENSION)
    day = (today() + timedelta(days=9)).isoformat()
    hidden = await stage.ask(person, withhold_ground="番号法23条2項", withhold_until=day)
    assert not isinstance(hidden, Problem)

    async def balanced() -> bool:
        counted = (await stage.counts())["withheld"]
        labels = await stage.nation.rows("ledger", "SELECT label FROM ledger.person")
        later, missing = system_clock() + timedelta(seconds=61), 0
        for row in labels:
            entries, withheld = await opened(stage, bytes(row["label"]))
            looks = [one for one in entries if one.kind is not Kind.OUTCOME]
            missing += len(looks) - len(lines(entries, withheld, later))
        return counted == missing > 0

    assert await until(balanced)


class Journal:
    def register(self, kind: str, apply: object):
        async def write(job: object) -> object:
            return job

        return write


def test_the_ledger_has_no_desk_but_recording_outcomes_and_the_persons_own_look(tmp_path):
    (tmp_path / "ledger.key").write_text("01" * 32)
    institution = SimpleNamespace(
        keys=SimpleNamespace(vault=Vault(bytes(32))),
        settings=SimpleNamespace(id="ledger", runtime=SimpleNamespace(keys=tmp_path)),
        journal=Journal(),
    )
    room = asyncio.run(open_room(institution))
    assert set(room.exchange) == {"record", "outcome", "inquire"}
    assert set(room.open) == {"counts"}
    assert room.pages is None
