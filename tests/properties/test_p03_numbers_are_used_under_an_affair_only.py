"""P-03: no interface takes an individual number outside an affair of table 1."""

import asyncio
import dataclasses
import inspect
import os
from contextlib import asynccontextmanager
from types import SimpleNamespace

import pytest
from exchange_parties import MEMBERS, NOW, Network, network

from kumihimo.base import ErrorType, Problem
from kumihimo.exchange import (
    AcquireRequest,
    Wanted,
    acquire_request,
    envelopes,
    inquirer,
    office,
    party,
    slip,
)
from kumihimo.law import Party, law
from kumihimo.numbering.service import Numbering

DAY = NOW.date()


@pytest.fixture(scope="module")
def net() -> Network:
    return network()


def test_only_an_acquisition_has_a_place_for_a_number():
    for module in (envelopes, slip, inquirer, office):
        for _, one in inspect.getmembers(module, inspect.isclass):
            if dataclasses.is_dataclass(one) and one.__module__ == module.__name__:
                names = {field.name for field in dataclasses.fields(one)}
                assert ("number" in names) == (one is Wanted), one


def numbering(net: Network) -> Numbering:
    class Empty:
        async def fetchrow(self, *_: object) -> None:
            return None

    @asynccontextmanager
    async def read():
        yield Empty()

    institution = net.desk("numbering")
    institution.db = SimpleNamespace(read=read)
    return Numbering(institution=institution, law=law(), index_key=bytes(32), look_write=None)


def verdict(net: Network, institution: str, affair: str) -> ErrorType:
    """What becomes of a request whose box nobody can open: refused by law, or only then as malformed."""
    ask = AcquireRequest(tx=os.urandom(16), recipient=institution, affair=affair, sealed=b"x")
    sender = net.directory.entries[institution]
    result = asyncio.run(numbering(net).acquire(acquire_request.write(ask), sender))
    assert isinstance(result, Problem)
    return result.type


@pytest.mark.parametrize("institution", MEMBERS)
def test_numbering_looks_up_a_number_exactly_under_the_affairs_the_law_gives(net, institution):
    everything = {one.id for one in (*law().table1(DAY), *law().order8(DAY))}
    lawful = {one.id for one in law().may_hold(party(net.directory.entries[institution]), DAY)}
    assert lawful <= everything
    for affair in everything:
        expected = ErrorType.MALFORMED if affair in lawful else ErrorType.NOT_PERMITTED
        assert verdict(net, institution, affair) is expected


def test_a_body_without_a_role_of_the_law_has_no_affair():
    assert law().may_hold(Party(frozenset(), frozenset()), DAY) == ()


def test_an_affair_of_another_day_permits_nothing_today(net):
    old = {one.id for one in law().table1(DAY.replace(year=2024, month=6))}
    gone = old - {one.id for one in law().table1(DAY)}
    for affair in sorted(gone)[:20]:
        assert verdict(net, "muni-131016", affair) is ErrorType.NOT_PERMITTED
