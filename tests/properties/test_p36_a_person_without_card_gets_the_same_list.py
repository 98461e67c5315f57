"""P-36: at a municipality's counter a person without card or phone gets the list the portal would show."""

import msgspec
import pytest
from exchange_client import Stage
from exchange_parties import CITY, OTHER_CITY, PENSION

from kumihimo.base import ErrorType, Problem, system_clock
from kumihimo.exchange import COUNTER_RIGHT, DISCLOSE_RIGHT, OWN_RECORDS, AnswerEnvelope, digest
from kumihimo.exchange.receiving import ANSWER_BOX
from kumihimo.world import Case

pytestmark = pytest.mark.nation


def kind(result: object) -> ErrorType | None:
    return result.type if isinstance(result, Problem) else None


async def shown(stage: Stage, person: int, by: str, right: str) -> list[dict] | Problem:
    """What an institution is shown of a person's own records under a right; or the refusal."""
    case = Case(right, OWN_RECORDS, None, ("records",))
    code = await stage.code_of(by, person)
    papers = stage.papers(code, case, inquirer=by, to="ledger", at=system_clock())
    first = await stage.stamped(papers, 1, by=by)
    if isinstance(first, Problem):
        return first
    envelope = await stage.answered(await stage.collected(papers, by), by, "ledger")
    if isinstance(envelope, Problem):
        return envelope
    assert isinstance(envelope, AnswerEnvelope)
    opened = stage.keys[by].box.open(envelope.sealed, info=ANSWER_BOX, aad=digest(papers.signed.body))
    return msgspec.json.decode(opened)["records"]


async def test_the_counter_is_shown_what_the_portal_is_shown(stage: Stage):
    person = stage.someone(CITY, PENSION)
    given = await stage.ask(person)
    refused = await stage.ask(person, as_of="2026-02-30")
    for one in (given, refused):
        await stage.line(person, one["tx"])
    at_portal = await shown(stage, person, "portal", DISCLOSE_RIGHT)
    at_counter = await shown(stage, person, CITY, COUNTER_RIGHT)
    assert not isinstance(at_portal, Problem)
    assert not isinstance(at_counter, Problem)
    looked, *rest = at_counter
    assert rest == at_portal
    assert (looked["asked"]["kind"], looked["asked"]["inquirer"]) == ("disclosed", CITY)
    assert {given["tx"], refused["tx"]} <= {one["asked"]["tx"] for one in at_counter}


async def test_every_municipality_has_a_counter_and_nobody_else(stage: Stage):
    person = stage.someone(OTHER_CITY, PENSION)
    assert isinstance(await shown(stage, person, OTHER_CITY, COUNTER_RIGHT), list)
    for curious in (PENSION, "portal"):
        assert kind(await shown(stage, person, curious, COUNTER_RIGHT)) is ErrorType.NOT_PERMITTED
    assert kind(await shown(stage, person, OTHER_CITY, DISCLOSE_RIGHT)) is ErrorType.NOT_PERMITTED
    counters = {one.id for one in stage.directory.entries.values() if "counter" in one.services}
    assert counters == {one.id for one in stage.directory.entries.values() if one.municipality}
