"""Visits: a desk that is away or busy is visited again for a while; any other refusal is final."""

import asyncio
from types import SimpleNamespace

import pytest
from exchange_parties import CITY, PENSION, network

from kumihimo.base import ErrorType, Problem
from kumihimo.exchange import visit
from kumihimo.node import Answered

TX = bytes(16)


class Client:
    """A client whose desks answer what the test says, in order; the last answer stays."""

    def __init__(self, *answers: object) -> None:
        self.answers, self.nonces = list(answers), []

    async def post(self, to: str, path: str, body: bytes, *, nonce: str, **_: object) -> object:
        self.nonces.append(nonce)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def brought(patience: float, *answers: object) -> tuple[object, int]:
    client = Client(*answers)
    institution = SimpleNamespace(client=client, directory=network().desk(CITY).directory)
    result = asyncio.run(visit(institution, PENSION, "inquire", b"x", TX, patience))
    assert set(client.nonces) == {TX.hex()}, "the same slip is brought under the same name"
    return result, len(client.nonces)


AWAY, BUSY = Problem(ErrorType.PROVIDER_UNAVAILABLE), Problem(ErrorType.BUSY)


def test_a_desk_that_opens_again_is_found_open():
    assert brought(5.0, AWAY, BUSY, Answered(200, b"done")) == (b"done", 3)


@pytest.mark.parametrize("problem", [AWAY, BUSY])
def test_a_desk_that_stays_closed_is_given_up_with_its_reason(problem):
    result, visits = brought(0.2, problem)
    assert isinstance(result, Problem)
    assert result.type is problem.type
    assert "日本年金機構" in result.detail_ja
    assert visits >= 2


@pytest.mark.parametrize(
    "kind", [kind for kind in ErrorType if kind not in {ErrorType.PROVIDER_UNAVAILABLE, ErrorType.BUSY}]
)
def test_any_other_refusal_is_not_argued_with(kind):
    assert brought(5.0, Problem(kind)) == (Problem(kind), 1)


def test_without_patience_a_desk_is_visited_once():
    result, visits = brought(0.0, AWAY)
    assert (result.type, visits) == (ErrorType.PROVIDER_UNAVAILABLE, 1)


@pytest.mark.parametrize("problem", [AWAY, BUSY])
def test_a_closed_desk_is_told_in_plain_words_with_the_next_step(problem):
    told, _ = brought(0.0, problem)
    assert "Japan Pension Service" in told.detail
    assert all((told.title, told.title_ja, told.remedy, told.remedy_ja))
