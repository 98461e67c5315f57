"""What a lawful conversion gives: the target's own code, exactly, and nothing that repeats."""

import os

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kumihimo.base import ErrorType, Problem
from kumihimo.codes import MAX_ROWS, ROOT, Domain, convert, person_element
from kumihimo.codes.group import multiply, scalar_multiply

CITY, PENSION, LEDGER = (Domain(label, 0) for label in ("jp/muni/131016", "jp/nenkin", "jp/ledger"))

persons = st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=4)
reuse_nation = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def own_code(nation, domain, rho):
    """P_D,u by definition, which no party can compute alone."""
    s = [nation.operators[i].domain(domain).scalar.reveal() for i in (1, 2)]
    return multiply(scalar_multiply(*s), person_element(rho).element)


@reuse_nation
@given(rhos=persons)
def test_a_code_of_a_becomes_exactly_the_code_of_b_and_of_the_ledger(nation, rhos):
    codes = nation.acquire(rhos, CITY)
    for target in (PENSION, LEDGER):
        received = nation.exchange(CITY, target, codes).received()
        assert [code.element for code in received] == [own_code(nation, target, rho) for rho in rhos]


@reuse_nation
@given(rhos=persons)
def test_acquisition_gives_the_code_by_definition(nation, rhos):
    acquired = nation.acquire(rhos, CITY)
    assert [code.element for code in acquired] == [own_code(nation, CITY, rho) for rho in rhos]


def test_one_slip_serves_provider_and_ledger_in_one_visit_to_each_operator(nation):
    rho, tx = os.urandom(32), os.urandom(16)
    asked = nation.ask(CITY, nation.acquire([rho], CITY), tx)
    x0 = [row.x0 for row in asked.rows]
    first = nation.step(1, CITY, [PENSION, LEDGER], asked.d1, [x0, x0], tx)
    second = nation.step(2, CITY, [PENSION, LEDGER], asked.d2, [c.xs for c in first], tx)
    for target, one, two in zip((PENSION, LEDGER), first, second, strict=True):
        (code,) = nation.at(target, CITY, tx, asked, one, two).received()
        assert code.element == own_code(nation, target, rho)


def test_a_batch_keeps_the_order_of_its_rows(nation):
    rhos = [os.urandom(32) for _ in range(25)]
    codes = nation.acquire(rhos, CITY)
    received = nation.exchange(CITY, PENSION, codes).received()
    assert [code.element for code in received] == [own_code(nation, PENSION, rho) for rho in rhos]


def test_nothing_an_operator_sees_repeats_when_the_same_person_is_asked_about_twice(nation):
    codes = nation.acquire([os.urandom(32)], CITY) * 2
    seen = []
    for _ in range(2):
        made = nation.exchange(CITY, PENSION, codes)
        for row, x1, x2 in zip(made.asked.rows, made.first.xs, made.second.xs, strict=True):
            seen += [row.x0, row.cb, x1, x2]
        seen += [made.asked.d1, made.asked.d2]
    assert len(set(seen)) == len(seen)
    assert not {code.element for code in codes} & set(seen)


def test_epochs_of_source_and_target_may_differ(nation):
    rho = os.urandom(32)
    old, new = Domain("jp/nenkin", 4), Domain("jp/ledger", 9)
    (code,) = nation.exchange(old, new, nation.acquire([rho], old)).received()
    assert code.element == own_code(nation, new, rho)


def refused(nation, target=PENSION, **other):
    operator = nation.operators[1]
    asked = nation.ask(CITY, nation.acquire([os.urandom(32)], CITY), b"t" * 16)
    values = {
        "number": 1,
        "tx": b"t" * 16,
        "source": CITY,
        "target": target,
        "d": asked.d1,
        "xs": [asked.rows[0].x0],
        "source_key": operator.domain(CITY),
        "target_key": operator.domain(target),
        "k_source": bytes(32),
        "k_target": bytes(32),
    }
    return convert(**{**values, **other})


def test_no_operator_converts_toward_the_root_domain(nation):
    problem = refused(nation, target=ROOT)
    assert isinstance(problem, Problem)
    assert problem.type is ErrorType.NOT_PERMITTED


def test_an_operator_refuses_elements_that_are_none(nation):
    for other in (
        {"d": bytes(32)},
        {"d": b"\xff" * 32},
        {"d": b"short"},
        {"xs": [bytes(32)]},
        {"xs": [b"\x01" * 31]},
        {"xs": []},
    ):
        problem = refused(nation, **other)
        assert isinstance(problem, Problem)
        assert problem.type is ErrorType.MALFORMED


def test_an_operator_refuses_more_rows_than_a_slip_may_carry(nation):
    problem = refused(nation, xs=[b"\x01" * 32] * (MAX_ROWS + 1))
    assert isinstance(problem, Problem)
    assert problem.type is ErrorType.TOO_LARGE
