"""I-8: mass inquiries failed because codes had not been acquired, and repeats made duplicates."""

import pytest
from exchange_client import Stage, today
from exchange_parties import CITY, PENSION

from kumihimo.base import ErrorType, Problem
from kumihimo.exchange import party
from kumihimo.law import law

pytestmark = pytest.mark.nation


async def test_a_missing_code_is_typed_acquired_and_then_the_question_is_answered(stage: Stage):
    strangers = set(stage.cast[PENSION]) - set(stage.cast[CITY])
    person = next(one for one in stage.population().persons if one.index in strangers)
    subject = "888888888888888"
    question = stage.case(CITY, PENSION)
    body = {
        "subject": subject,
        "to": PENSION,
        "permission": question.permission,
        "information": question.information,
        "items": question.items,
        "piece": question.piece,
    }
    affair = law().may_hold(party(stage.directory.entries[CITY]), today())[0].id
    wanted = {
        "recipient": CITY,
        "affair": affair,
        "rows": [{"number": person.number.reveal(), "reference": subject}],
    }
    try:
        async with stage.office(CITY) as office:
            refused = await office.post("inquiries", body)
            assert isinstance(refused, Problem)
            assert (refused.type, refused.status) == (ErrorType.CODE_NOT_ACQUIRED, 409)
            assert await office.post("acquisitions", wanted) == {"codes": 1, "refused": []}
            assert await office.post("acquisitions", wanted) == {"codes": 0, "refused": []}
            given = await office.post("inquiries", body)
        assert not isinstance(given, Problem), given
        query = "SELECT count(*) AS n FROM exchange.person_code WHERE subject = $1"
        assert (await stage.nation.rows(CITY, query, subject))[0]["n"] == 1
    finally:
        await stage.write(CITY, "DELETE FROM exchange.person_code WHERE subject = $1", subject)


async def test_an_inquiry_brought_again_is_one_exchange(stage: Stage):
    papers = await stage.slip(stage.someone(CITY, PENSION))
    answers = [await stage.answered(await stage.ready(papers)) for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    tx = papers.slip.tx
    for institution, table in (("digital", "stamp"), ("jlis", "stamp"), (PENSION, "answer")):
        query = f"SELECT count(*) AS n FROM exchange.{table} WHERE tx = $1"
        assert (await stage.nation.rows(institution, query, tx))[0]["n"] == 1
    row = (await stage.nation.rows("ledger", "SELECT count(*) AS n FROM ledger.event WHERE tx = $1", tx))[0]
    assert row["n"] == 1
