"""P-30: a run of questions about many people stands on the record of each of them, marked as a run."""

import asyncio

import pytest
from exchange_client import Stage
from exchange_parties import CITY, PENSION

from kumihimo.base import Problem
from kumihimo.exchange import Slip, slip_codec

pytestmark = pytest.mark.nation
PEOPLE = 20


def people(stage: Stage) -> list[int]:
    known = set(stage.cast[CITY]) & set(stage.cast[PENSION]) & set(stage.cast["portal"])
    plain = [one for one in sorted(known) if not stage.is_flagged(CITY, one)]
    return [one for one in plain if not stage.is_flagged(PENSION, one)][:PEOPLE]


async def test_each_person_of_a_run_has_a_record_of_their_own_with_the_mark(stage: Stage):
    asked = people(stage)
    assert len(asked) == PEOPLE
    given = await asyncio.gather(*(stage.ask(person, bulk=True, case="run-7") for person in asked))
    assert not [one for one in given if isinstance(one, Problem)]
    assert len({one["tx"] for one in given}) == PEOPLE
    shown = await asyncio.gather(
        *(stage.line(person, one["tx"]) for person, one in zip(asked, given, strict=True))
    )
    assert [line["asked"].get("bulk") for line in shown] == [True] * PEOPLE
    assert len({line["asked"]["commit"] for line in shown}) == PEOPLE
    run = {one["tx"] for one in given}
    for person, one in zip(asked, given, strict=True):
        seen = {line["asked"]["tx"] for line in await stage.records(person)}
        assert seen & run == {one["tx"]}, "nobody sees that another person was asked about"


async def test_a_single_question_bears_no_mark_and_has_the_bytes_it_always_had(stage: Stage):
    person = stage.someone(CITY, PENSION)
    given = await stage.ask(person)
    line = await stage.line(person, given["tx"])
    assert "bulk" not in line["asked"]
    papers = await stage.slip(person)
    assert b"bulk" not in papers.signed.body


async def test_a_mark_that_says_no_is_no_slip(stage: Stage):
    papers = await stage.slip(stage.someone(CITY, PENSION), bulk=False)
    assert isinstance(slip_codec.decode(papers.signed.body), Slip)
    refused = await stage.stamped(papers, 1)
    assert isinstance(refused, Problem)
    assert refused.type.value == "malformed"
