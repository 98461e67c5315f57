"""The portal hands out the file that its own look made, and no other."""

import asyncio
import json
import sys
from base64 import b64encode
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from exchange_desks import answer_envelope
from exchange_parties import Network, network

from kumihimo.base import ErrorType, Problem
from kumihimo.exchange import Given, Question, answer_codec, digest
from kumihimo.portal.service import Portal

sys.path.insert(0, str(Path(__file__).parents[1] / "ledger"))

from ledger_file_maker import START, Maker, records

USER = "100000000000007"


class Inquirer:
    """A gateway's asking side that gives what the test says."""

    def __init__(self, result: object) -> None:
        self.result, self.asked = result, []

    async def inquire(self, question: Question) -> object:
        self.asked.append(question)
        return self.result


@pytest.fixture(scope="module")
def net() -> Network:
    return network()


@pytest.fixture(scope="module")
def ledger() -> Maker:
    return Maker.of(a=records(2), b=records(1)).look("b").close()


def given(net: Network, slip: bytes, file: object) -> Given:
    """The ledger's answer to this slip of the portal."""
    answer = answer_codec.decode(answer_envelope(net, net.ask(), {}).answer.body)
    return Given(tx="00" * 16, answer=replace(answer, slip=digest(slip)), items={"proof": file})


def file(net: Network, result: object) -> bytes | Problem:
    inquirer = Inquirer(result)
    gateway = SimpleNamespace(inquirer=inquirer, institution=net.desk("portal"))
    made = asyncio.run(Portal(gateway).file(USER))
    assert [question.items for question in inquirer.asked] == [("proof",)]
    return made


def test_the_file_of_this_very_look_is_handed_out_as_it_is(net: Network, ledger: Maker):
    own = ledger.looks["a"].evidence.slip.body
    assert file(net, given(net, own, ledger.file().decode())) == ledger.file()


def test_a_file_made_by_another_look_is_refused(net: Network, ledger: Maker):
    """Somebody else's, an earlier one of the same person, and one that an invented slip made."""
    own = ledger.looks["a"].evidence.slip.body
    later = Maker.of(a=records(2)).look(time=START + 6_000_000).close().file().decode()
    invented = json.loads(ledger.file())
    invented["proof"]["label"]["slip"]["body"] = b64encode(own.replace(b"self", b"selv")).decode()
    for other in (ledger.file("b").decode(), later, json.dumps(invented)):
        refused = file(net, given(net, own, other))
        assert isinstance(refused, Problem)
        assert refused.type is ErrorType.PROOF_INVALID
        assert refused.detail == "the ledger's file was not made by this look"
        assert refused.detail_ja


def test_what_is_no_file_is_refused(net: Network, ledger: Maker):
    own = ledger.looks["a"].evidence.slip.body
    for other in ("", "{}", "[" * 100_000):
        refused = file(net, given(net, own, other))
        assert isinstance(refused, Problem)
        assert refused.type is ErrorType.PROOF_INVALID
    refused = file(net, given(net, own, None))
    assert isinstance(refused, Problem)
    assert refused.type is ErrorType.PROVIDER_UNAVAILABLE


def test_a_refusal_of_the_ledger_is_passed_on(net: Network):
    problem = Problem(ErrorType.PROVIDER_UNAVAILABLE)
    assert file(net, problem) == problem
