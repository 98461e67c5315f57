"""Mynaportal as disclosure system: it asks the ledger about its own user, and shows what it gets."""

import asyncio
from dataclasses import replace
from types import SimpleNamespace

import msgspec
import pytest
from exchange_desks import answer_envelope
from exchange_parties import Network, network

from kumihimo.base import ErrorType, Problem
from kumihimo.exchange import (
    DISCLOSE_RIGHT,
    OWN_RECORDS,
    Answer,
    Given,
    Outcome,
    Question,
    answer_codec,
)
from kumihimo.ledger import Entry, Kind, Line
from kumihimo.portal.service import Portal

USER = "100000000000007"


class Inquirer:
    """A gateway's asking side that gives what the test says and keeps what it was asked."""

    def __init__(self, result: object) -> None:
        self.result, self.asked = result, []

    async def inquire(self, question: Question) -> object:
        self.asked.append(question)
        return self.result


@pytest.fixture(scope="module")
def net() -> Network:
    return network()


def records(net: Network, result: object):
    inquirer = Inquirer(result)
    gateway = SimpleNamespace(inquirer=inquirer, institution=net.desk("portal"))
    return asyncio.run(Portal(gateway).records(USER)), inquirer.asked


def answer(net: Network, **changes: object) -> Answer:
    return replace(answer_codec.decode(answer_envelope(net, net.ask(), {}).answer.body), **changes)


def test_the_portal_asks_the_ledger_under_the_persons_own_right(net):
    given = Given(tx="00" * 16, answer=answer(net), items={"records": [], "corrections": []})
    shown, asked = records(net, given)
    assert (shown.tx, list(shown.lines), list(shown.corrections)) == ("00" * 16, [], [])
    question = asked[0]
    assert (question.subject, question.to, question.permission) == (USER, "ledger", DISCLOSE_RIGHT)
    assert (question.information, question.items) == (OWN_RECORDS, ("records", "corrections"))


def test_the_lines_are_shown_as_the_ledger_gave_them(net):
    line = Line(Entry(v=1, kind=Kind.ASKED, tx="aa", time=1, inquirer="muni-131016"), None)
    items = msgspec.json.decode(msgspec.json.encode({"records": [line]}))
    shown, _ = records(net, Given(tx="00" * 16, answer=answer(net), items=items))
    assert tuple(shown.lines) == (line,)


def test_a_refusal_is_passed_on_and_not_shown_as_an_empty_record(net):
    problem = Problem(ErrorType.PROVIDER_UNAVAILABLE)
    shown, _ = records(net, problem)
    assert shown == problem


def test_an_answer_that_is_no_provision_is_a_refusal_and_not_an_empty_record(net):
    refused = answer(net, outcome=Outcome.REFUSED, problem="busy")
    shown, _ = records(net, Given(tx="00" * 16, answer=refused, items=None))
    assert isinstance(shown, Problem)
    assert shown.type is ErrorType.BUSY
