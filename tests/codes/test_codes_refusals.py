"""A receiver believes nothing that was replaced on the way: every altered value is refused."""

import os
from dataclasses import replace

import pytest

from kumihimo.base import ErrorType, Problem
from kumihimo.codes import Domain, InstitutionCode, InvalidElement
from kumihimo.codes.group import add, multiply, multiply_base, random_scalar

Q = 2**252 + 27742317777372353535851937790883648493
CITY, PENSION = Domain("jp/muni/131016", 2), Domain("jp/nenkin", 5)
NOT_CANONICAL = [k.to_bytes(32, "little") for k in (Q, Q + 1, 2**255 - 1, 2**256 - 1)]
NOT_ELEMENTS = [bytes(32), bytes(31) + b"\x80", b"\xff" * 32, b"\x01" + bytes(31), b"", bytes(31), bytes(33)]


def fresh() -> bytes:
    return multiply_base(random_scalar())


@pytest.fixture
def made(nation):
    codes = nation.acquire([os.urandom(32) for _ in range(2)], CITY)
    return nation.exchange(CITY, PENSION, codes)


def invalid(outcome) -> bool:
    return isinstance(outcome, Problem) and outcome.type is ErrorType.PROOF_INVALID


def test_the_unaltered_exchange_is_received(made):
    assert len(made.received()) == 2


@pytest.mark.parametrize("row", [0, 1])
def test_a_replaced_x0_is_refused(made, row):
    rows = [(r.x0, r.cb) for r in made.asked.rows]
    rows[row] = (fresh(), rows[row][1])
    assert invalid(made.received(rows=rows))


@pytest.mark.parametrize("row", [0, 1])
@pytest.mark.parametrize("step", ["first", "second"])
def test_a_replaced_x1_or_x2_is_refused(made, step, row):
    done = getattr(made, step)
    xs = list(done.xs)
    xs[row] = fresh()
    assert invalid(made.received(**{step: replace(done, xs=tuple(xs))}))


@pytest.mark.parametrize("step", ["first", "second"])
def test_swapped_rows_are_refused(made, step):
    done = getattr(made, step)
    assert invalid(made.received(**{step: replace(done, xs=done.xs[::-1])}))


def test_rows_shifted_against_each_other_so_that_their_sum_stays_are_refused(made):
    delta = fresh()
    x, y = made.second.xs
    xs = (add(x, delta), add(y, multiply_minus(delta)))
    assert invalid(made.received(second=replace(made.second, xs=xs)))


def multiply_minus(p: bytes) -> bytes:
    return multiply((Q - 1).to_bytes(32, "little"), p)


@pytest.mark.parametrize("d", ["d1", "d2"])
def test_a_replaced_d1_or_d2_is_refused(made, d):
    assert invalid(made.received(**{d: fresh()}))


def test_exchanged_operators_are_refused(made):
    assert invalid(made.received(first=made.second, second=made.first))
    assert invalid(made.received(d1=made.asked.d2, d2=made.asked.d1))


@pytest.mark.parametrize("position", [0, 1], ids=["b", "r"])
def test_a_wrong_b_or_r_is_refused(made, position):
    opening = [made.asked.rows[0].b, made.asked.rows[0].r]
    opening[position] = random_scalar()
    assert invalid(made.received(openings=[tuple(opening), (made.asked.rows[1].b, made.asked.rows[1].r)]))


@pytest.mark.parametrize("position", [0, 1], ids=["b", "r"])
@pytest.mark.parametrize(
    "value", [bytes(32), *NOT_CANONICAL, b"", bytes(31), bytes(33)], ids=lambda v: v.hex()[:8]
)
def test_an_opening_that_is_zero_or_not_canonical_is_refused(made, position, value):
    opening = [made.asked.rows[0].b, made.asked.rows[0].r]
    opening[position] = value
    assert invalid(made.received(openings=[tuple(opening), (made.asked.rows[1].b, made.asked.rows[1].r)]))


def test_the_same_scalar_in_a_second_encoding_is_refused(made):
    row = made.asked.rows[0]
    second = (int.from_bytes(row.b, "little") + Q).to_bytes(32, "little")
    assert invalid(made.received(openings=[(second, row.r), (made.asked.rows[1].b, made.asked.rows[1].r)]))


def test_a_replaced_commitment_is_refused(made):
    rows = [(r.x0, r.cb) for r in made.asked.rows]
    assert invalid(made.received(rows=[(rows[0][0], fresh()), rows[1]]))
    assert invalid(made.received(rows=[(rows[0][0], rows[1][1]), (rows[1][0], rows[0][1])]))


@pytest.mark.parametrize(
    "other",
    [
        {"source": Domain(CITY.label, CITY.epoch + 1)},
        {"target": Domain(PENSION.label, PENSION.epoch + 1)},
        {"source": Domain("jp/muni/271004", CITY.epoch)},
        {"target": Domain("jp/kenpo", PENSION.epoch)},
        {"source": PENSION, "target": CITY},
        {"tx": bytes(16)},
        {"k1": bytes(32)},
        {"k2": bytes(32)},
    ],
    ids=["source-epoch", "target-epoch", "source-label", "target-label", "reversed", "tx", "k1", "k2"],
)
def test_another_epoch_label_transaction_or_pair_key_is_refused(made, other):
    assert invalid(made.received(**other))


@pytest.mark.parametrize("s", ["s1", "s2"])
def test_another_commitment_of_the_target_is_refused(made, nation, s):
    number = int(s[1])
    other = nation.operators[number].domain(Domain(PENSION.label, PENSION.epoch + 1)).commitment
    assert invalid(made.received(**{s: other}))


def test_conversions_of_another_transaction_of_the_same_parties_are_refused(made, nation):
    again = nation.exchange(CITY, PENSION, nation.acquire([os.urandom(32), os.urandom(32)], CITY))
    assert invalid(made.received(first=again.first))
    assert invalid(made.received(second=again.second))
    assert invalid(made.received(first=again.first, second=again.second))


def test_a_conversion_made_for_the_ledger_is_refused_by_the_provider(made, nation):
    ledger = Domain("jp/ledger", 0)
    xs = [row.x0 for row in made.asked.rows]
    (first,) = nation.step(1, CITY, [ledger], made.asked.d1, [xs], made.tx)
    (second,) = nation.step(2, CITY, [ledger], made.asked.d2, [first.xs], made.tx)
    assert len(nation.at(ledger, CITY, made.tx, made.asked, first, second).received()) == 2
    assert invalid(made.received(first=first, second=second))


@pytest.mark.parametrize("value", NOT_ELEMENTS, ids=lambda v: f"{v.hex()[:4]}-{len(v)}")
def test_the_identity_and_invalid_encodings_are_refused_in_every_place(made, value):
    rows = [(r.x0, r.cb) for r in made.asked.rows]
    assert invalid(made.received(rows=[(value, rows[0][1]), rows[1]]))
    assert invalid(made.received(rows=[(rows[0][0], value), rows[1]]))
    assert invalid(made.received(d1=value))
    assert invalid(made.received(d2=value))
    for step in ("first", "second"):
        done = getattr(made, step)
        assert invalid(made.received(**{step: replace(done, xs=(value, done.xs[1]))}))


@pytest.mark.parametrize("half", [0, 1])
@pytest.mark.parametrize("value", [bytes(32), *NOT_CANONICAL], ids=lambda v: v.hex()[:8])
@pytest.mark.parametrize("step", ["first", "second"])
def test_a_proof_with_a_zero_or_unreduced_scalar_is_refused(made, step, value, half):
    done = getattr(made, step)
    parts = [done.proof[:32], done.proof[32:]]
    parts[half] = value
    assert invalid(made.received(**{step: replace(done, proof=b"".join(parts))}))


@pytest.mark.parametrize("half", [0, 1])
@pytest.mark.parametrize("step", ["first", "second"])
def test_a_good_proof_in_a_second_encoding_is_refused(made, step, half):
    done = getattr(made, step)
    parts = [done.proof[:32], done.proof[32:]]
    parts[half] = (int.from_bytes(parts[half], "little") + Q).to_bytes(32, "little")
    assert invalid(made.received(**{step: replace(done, proof=b"".join(parts))}))


@pytest.mark.parametrize("step", ["first", "second"])
@pytest.mark.parametrize("length", [0, 63, 65, 128])
def test_a_proof_of_another_length_is_refused(made, step, length):
    assert invalid(made.received(**{step: replace(getattr(made, step), proof=bytes(length))}))


def test_a_refusal_names_the_party_to_blame_and_no_value(made):
    first = made.received(first=replace(made.first, proof=bytes(64)))
    second = made.received(second=replace(made.second, proof=bytes(64)))
    sender = made.received(openings=[(random_scalar(), random_scalar())] * 2)
    assert [p.detail.split(":")[0] for p in (first, second, sender)] == [
        "operator 1",
        "operator 2",
        "inquirer",
    ]


def test_missing_or_surplus_rows_are_malformed(made):
    row = (made.asked.rows[0].x0, made.asked.rows[0].cb)
    for other in (
        {"rows": []},
        {"rows": [row]},
        {"openings": []},
        {"first": replace(made.first, xs=made.first.xs[:1])},
        {"second": replace(made.second, xs=(*made.second.xs, fresh()))},
    ):
        outcome = made.received(**other)
        assert isinstance(outcome, Problem)
        assert outcome.type is ErrorType.MALFORMED


def test_a_corrupt_stored_code_never_leaves_the_institution(nation):
    with pytest.raises(InvalidElement):
        nation.ask(CITY, [InstitutionCode(b"\xff" * 32)], bytes(16))
