"""Keys: what follows from a master key, who holds a commitment, what never shows, how codes rotate."""

import os

import pytest

from kumihimo.base import ErrorType, Problem, Secret
from kumihimo.codes import (
    GENERATOR,
    ROOT,
    Domain,
    InstitutionCode,
    OperatorKey,
    RequestRow,
    pair_blind,
    person_element,
    rotate,
    verify_possession,
)
from kumihimo.codes.group import (
    InvalidScalar,
    add,
    multiply,
    multiply_base,
    random_scalar,
    scalar,
    scalar_invert,
    scalar_invert_all,
    scalar_multiply,
)

CITY = Domain("jp/muni/131016", 0)


def test_a_commitment_with_its_possession_is_accepted():
    key = OperatorKey(1, os.urandom(32)).domain(CITY)
    assert verify_possession(1, CITY, key.commitment, key.possession)


def test_possession_is_bound_to_operator_label_epoch_and_commitment():
    key = OperatorKey(1, os.urandom(32)).domain(CITY)
    other = OperatorKey(1, os.urandom(32)).domain(CITY)
    assert not verify_possession(2, CITY, key.commitment, key.possession)
    assert not verify_possession(1, Domain(CITY.label, 1), key.commitment, key.possession)
    assert not verify_possession(1, Domain("jp/nenkin", 0), key.commitment, key.possession)
    assert not verify_possession(1, CITY, other.commitment, key.possession)
    assert not verify_possession(1, CITY, key.commitment, other.possession)


def test_a_commitment_made_out_of_anothers_cannot_be_claimed():
    honest, rogue = (OperatorKey(1, os.urandom(32)).domain(CITY) for _ in range(2))
    crafted = add(honest.commitment, rogue.commitment)
    assert not verify_possession(1, CITY, crafted, honest.possession)
    assert not verify_possession(1, CITY, crafted, rogue.possession)


@pytest.mark.parametrize("proof", [b"", bytes(64), b"\xff" * 64, bytes(63)])
def test_a_malformed_possession_is_refused(proof):
    key = OperatorKey(1, os.urandom(32)).domain(CITY)
    assert not verify_possession(1, CITY, key.commitment, proof)


def test_the_root_domain_has_key_one_and_one_epoch():
    operator = OperatorKey(2, os.urandom(32))
    assert operator.domain(ROOT).commitment == GENERATOR
    with pytest.raises(ValueError, match="one epoch"):
        operator.domain(Domain("root", 1))


def test_domain_keys_differ_by_operator_key_label_and_epoch():
    domains = [Domain(label, e) for label in ("jp/muni/131016", "jp/nenkin") for e in (0, 1)]
    operators = [OperatorKey(1, os.urandom(32)), OperatorKey(1, os.urandom(32))]
    assert len({o.domain(d).commitment for o in operators for d in domains}) == 8


def test_pair_blinds_differ_by_key_role_and_transaction():
    blinds = {
        pair_blind(k, role, tx)
        for k in (bytes(32), b"\x01" * 32)
        for role in ("req-op1", "op1-rcv", "req-op2", "op2-rcv")
        for tx in (b"a" * 16, b"b" * 16)
    }
    assert len(blinds) == 16


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_master_key_or_rho_of_another_length_is_refused(length):
    with pytest.raises(ValueError, match="32 bytes"):
        OperatorKey(1, bytes(length))
    with pytest.raises(ValueError, match="32 bytes"):
        person_element(bytes(length))


@pytest.mark.parametrize(
    ("label", "epoch"), [("", 0), ("日本", 0), ("x" * 256, 0), ("jp/moj", -1), ("jp/moj", 2**32)]
)
def test_a_domain_that_cannot_be_encoded_is_refused(label, epoch):
    with pytest.raises(ValueError, match=r"label|epoch"):
        Domain(label, epoch)


def test_no_secret_shows_when_printed():
    msk, code = os.urandom(32), person_element(os.urandom(32))
    operator = OperatorKey(1, msk)
    key, b, r = operator.domain(CITY), random_scalar(), random_scalar()
    shown = " ".join(
        repr(shown)
        for shown in (
            operator,
            key,
            code,
            [code],
            f"{code}",
            str(operator),
            RequestRow(GENERATOR, GENERATOR, b, r),
        )
    )
    for secret in (msk, code.element, key.scalar.reveal(), key.inverse.reveal(), b, r):
        assert secret.hex() not in shown
        assert repr(secret) not in shown


def test_a_master_key_may_come_masked():
    msk = os.urandom(32)
    assert OperatorKey(1, Secret(msk)).domain(CITY).commitment == OperatorKey(1, msk).domain(CITY).commitment


def test_codes_are_equal_exactly_if_their_elements_are():
    code = person_element(bytes(32))
    assert code == InstitutionCode.parse(code.element)
    assert {code: 1}[InstitutionCode(code.element)] == 1
    assert code != person_element(b"\x01" * 32)
    assert code != code.element


def test_inverting_many_is_inverting_each():
    scalars = [random_scalar() for _ in range(7)]
    assert scalar_invert_all(scalars) == [scalar_invert(a) for a in scalars]


def test_zero_has_no_inverse_and_is_no_scalar():
    for use in (lambda: scalar_invert(bytes(32)), lambda: scalar_invert_all([random_scalar(), bytes(32)])):
        with pytest.raises(InvalidScalar):
            use()
    with pytest.raises(InvalidScalar):
        scalar(bytes(32))


def rotation(operators, label="jp/muni/131016"):
    old, new = ([o.domain(Domain(label, e)).commitment for o in operators] for e in (0, 1))
    return [o.rotation(label, 0) for o in operators], tuple(old), tuple(new)


def test_rotation_gives_the_code_of_the_next_epoch():
    operators = [OperatorKey(i, os.urandom(32)) for i in (1, 2)]
    person = person_element(os.urandom(32))

    def code(epoch):
        s = [o.domain(Domain(CITY.label, epoch)).scalar.reveal() for o in operators]
        return InstitutionCode(multiply(scalar_multiply(*s), person.element))

    (rho1, rho2), old, new = rotation(operators)
    assert rotate([code(0)], rho1, rho2, old, new) == (code(1),)


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("wrong", [bytes(32), b"\xff" * 32, b"", (1).to_bytes(32, "little")], ids=len)
def test_a_rotation_that_misses_the_published_commitment_is_refused(which, wrong):
    operators = [OperatorKey(i, os.urandom(32)) for i in (1, 2)]
    rhos, old, new = rotation(operators)
    rhos[which] = wrong
    problem = rotate([person_element(bytes(32))], *rhos, old, new)
    assert isinstance(problem, Problem)
    assert problem.type is ErrorType.PROOF_INVALID
    assert problem.detail.startswith(f"operator {which + 1}")


def test_rotations_of_the_two_operators_are_not_interchangeable():
    rhos, old, new = rotation([OperatorKey(i, os.urandom(32)) for i in (1, 2)])
    assert isinstance(rotate([person_element(bytes(32))], rhos[1], rhos[0], old, new), Problem)


def test_the_base_point_path_equals_the_general_one():
    k = random_scalar()
    assert multiply_base(k) == multiply(k, GENERATOR)
