"""P-13: to translate a code takes both operators; the key of one, even stolen, gives nobody's code."""

import itertools
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "codes"))

import pytest
from codes_nation import Nation

from kumihimo.base import Problem
from kumihimo.codes import Domain, pair_blind
from kumihimo.codes.group import multiply, scalar_invert, scalar_multiply

CITY, PENSION = Domain("jp/muni/131016", 0), Domain("jp/nenkin", 0)


def ratio(nation: Nation, number: int) -> bytes:
    """s_i,B / s_i,A: all that operator i's key says about the way from A to B."""
    key = nation.operators[number]
    return scalar_multiply(key.domain(PENSION).scalar.reveal(), key.domain(CITY).inverse.reveal())


@pytest.mark.parametrize("number", [1, 2])
def test_p13_one_operators_key_with_both_databases_joins_no_pair_of_codes(number):
    nation, rhos = Nation(), [os.urandom(32) for _ in range(10)]
    city = [code.element for code in nation.acquire(rhos, CITY)]
    pension = {code.element for code in nation.acquire(rhos, PENSION)}
    key = nation.operators[number]
    known = [k.reveal() for d in (CITY, PENSION) for k in (key.domain(d).scalar, key.domain(d).inverse)]
    tried = known + [scalar_multiply(a, b) for a, b in itertools.product(known, repeat=2)]
    assert ratio(nation, number) in tried
    assert not {multiply(k, code) for k in tried for code in city} & pension


def test_p13_both_operators_together_could_which_is_why_there_are_two():
    nation, rhos = Nation(), [os.urandom(32) for _ in range(3)]
    both = scalar_multiply(ratio(nation, 1), ratio(nation, 2))
    city, pension = nation.acquire(rhos, CITY), nation.acquire(rhos, PENSION)
    assert [multiply(both, code.element) for code in city] == [code.element for code in pension]


@pytest.mark.parametrize("number", [1, 2])
def test_p13_a_provider_takes_no_conversion_that_one_operator_made_alone(number):
    nation = Nation()
    made = nation.exchange(CITY, PENSION, nation.acquire([os.urandom(32)], CITY))
    alone = Nation(operators={1: nation.operators[number], 2: nation.operators[number]}, pair=nation.pair)
    forged = alone.at(
        PENSION,
        CITY,
        made.tx,
        made.asked,
        *alone.exchange_steps(CITY, PENSION, made.asked, made.tx),
    )
    outcome = forged.received(**nation.commitments(PENSION))
    assert isinstance(outcome, Problem)
    assert outcome.detail.startswith(f"operator {3 - number}")


def reachable(known: list[bytes], points: list[bytes], code: bytes) -> bool:
    """Whether some product of the known scalars or their inverses leads from a point seen to the code."""
    for signs in itertools.product((-1, 0, 1), repeat=len(known)):
        k = (1).to_bytes(32, "little")
        for sign, factor in zip(signs, known, strict=True):
            if sign:
                k = scalar_multiply(k, factor if sign > 0 else scalar_invert(factor))
        if any(multiply(k, p) == code for p in points):
            return True
    return False


@pytest.mark.parametrize("number", [1, 2])
def test_p13_the_inquirer_with_one_operator_does_not_learn_the_providers_code(number):
    nation, rho = Nation(), os.urandom(32)
    made = nation.exchange(CITY, PENSION, nation.acquire([rho], CITY))
    (target,) = nation.acquire([rho], PENSION)
    key, points = nation.operators[number], [made.first.xs[0], made.second.xs[0]]
    c = {i: pair_blind(nation.pair_key(PENSION.label, i), f"op{i}-rcv", made.tx) for i in (1, 2)}
    known = [made.asked.rows[0].b, c[number], ratio(nation, number), key.domain(PENSION).scalar.reveal()]
    assert not reachable(known, points, target.element)
    assert reachable([*known, c[3 - number]], points, target.element)  # the other's c is what hides it


@pytest.mark.parametrize("number", [1, 2])
def test_p13_the_provider_with_one_operator_does_not_learn_the_inquirers_code(number):
    nation, rho = Nation(), os.urandom(32)
    (held,) = nation.acquire([rho], CITY)
    made = nation.exchange(CITY, PENSION, [held])
    key, points = nation.operators[number], [made.asked.rows[0].x0, made.first.xs[0]]
    a = {i: pair_blind(nation.pair_key(CITY.label, i), f"req-op{i}", made.tx) for i in (1, 2)}
    known = [made.asked.rows[0].b, a[number], ratio(nation, number), key.domain(CITY).scalar.reveal()]
    assert not reachable(known, points, held.element)
    assert reachable([*known, a[3 - number]], points, held.element)  # the other's a is what hides it
