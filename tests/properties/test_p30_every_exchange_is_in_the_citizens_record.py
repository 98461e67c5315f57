"""P-30, P-31: what happened is in the person's record or counted as withheld; nobody else reads it."""

from base64 import b64encode
from datetime import timedelta

import pytest
from exchange_client import Stage, today, until
from exchange_parties import CITY, PENSION

from kumihimo.base import Problem

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
    # A question that was recorded and never brought to its provider is a look all the same, after a minute.
    tx = unfinished.slip.tx
    await stage.write("ledger", "UPDATE ledger.event SET at = at - interval '61 s' WHERE tx = $1", tx)
    line = await stage.line(person, tx.hex())
    assert line["outcome"] is None


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
        rows = await stage.nation.rows(
            "ledger",
            "SELECT (SELECT count(*) FROM ledger.event WHERE state IN ('open', 'deferred')) AS waiting,"
            " (SELECT count(*) FROM ledger.deferred WHERE NOT released) AS held,"
            " (SELECT count(*) FROM ledger.event) - (SELECT sum(counted) FROM ledger.person) AS missing",
        )
        return counted == rows[0]["held"] == rows[0]["waiting"] == rows[0]["missing"] > 0

    assert await until(balanced, 90.0)
