"""Every intermediate value of the published exchange (fugo-vectors.json) is reproduced."""

import hmac
import json
from pathlib import Path

import pytest

from kumihimo.codes import (
    Conversion,
    Domain,
    InstitutionCode,
    Leg,
    OperatorKey,
    convert_each,
    hash_to_group,
    hash_to_scalar,
    person_element,
    receive,
    rotate,
)
from kumihimo.codes.conversion import conversion_context, request_with
from kumihimo.codes.group import scalar_invert, scalar_multiply
from kumihimo.codes.keys import receive_blind, request_blind

VECTORS = json.loads((Path(__file__).parent / "data/codes/fugo-vectors.json").read_text())
IN, REQUEST = VECTORS["inputs"], VECTORS["request"]
TX = bytes.fromhex(IN["tx"])
A, B, L = (Domain(IN[name], IN["epoch"]) for name in "ABL")
OPERATORS = {1: OperatorKey(1, bytes.fromhex(IN["msk1"])), 2: OperatorKey(2, bytes.fromhex(IN["msk2"]))}
PAIR = {(name, i): bytes.fromhex(IN[f"k_{name}{i}"]) for name in "ABL" for i in (1, 2)}


def scalar_named(expression: str) -> bytes:
    """The scalar an expression such as H2S('test-b') stands for."""
    return hash_to_scalar(expression.removeprefix("H2S('").removesuffix("')").encode())


def commitments(domain: Domain) -> tuple[bytes, bytes]:
    return OPERATORS[1].domain(domain).commitment, OPERATORS[2].domain(domain).commitment


def made_request():
    s1, s2 = commitments(A)
    code = InstitutionCode.parse(bytes.fromhex(REQUEST["P_A"]))
    scalars = [(scalar_named(IN["b"]), scalar_named(IN["r"]))]
    return request_with([code], scalars, tx=TX, k1=PAIR["A", 1], k2=PAIR["A", 2], s1=s1, s2=s2)


def converted(number: int, d: bytes, xs: dict[str, tuple[bytes, ...]]) -> tuple[Conversion, ...]:
    key = OPERATORS[number]
    # The vectors fix RFC 9497's nonce r; the operator draws r relative to its base D = base_log · G.
    a = request_blind(PAIR["A", number], number, TX)
    base_log = scalar_multiply(scalar_invert(a), key.domain(A).scalar.reveal())
    nonces = [scalar_multiply(scalar_named(IN[f"nonce_op{number}_{t}"]), base_log) for t in "BL"]
    return convert_each(
        number=number,
        tx=TX,
        source=A,
        d=d,
        source_key=key.domain(A),
        k_source=PAIR["A", number],
        legs=[Leg(T, key.domain(T), PAIR[t, number], xs[t]) for t, T in (("B", B), ("L", L))],
        nonces=nonces,
    )


def test_person_element_is_the_published_one():
    assert person_element(bytes.fromhex(IN["rho"])).element.hex() == REQUEST["M"]


def test_pedersen_base_is_the_published_one():
    assert hash_to_group(b"pedersen").hex() == REQUEST["H_pedersen"]


@pytest.mark.parametrize("domain", [A, B, L], ids=lambda d: d.label)
def test_domain_keys_commitments_and_codes_are_the_published_ones(domain):
    expected = VECTORS["domains"][domain.label]
    one, two = OPERATORS[1].domain(domain), OPERATORS[2].domain(domain)
    assert (one.scalar.reveal().hex(), two.scalar.reveal().hex()) == (expected["s1"], expected["s2"])
    assert (one.commitment.hex(), two.commitment.hex()) == (expected["S1"], expected["S2"])


def test_request_is_the_published_one():
    made = made_request()
    (row,) = made.rows
    values = {"X0": row.x0, "Cb": row.cb, "D1": made.d1, "D2": made.d2, "b": row.b, "r": row.r}
    values |= {"a1": request_blind(PAIR["A", 1], 1, TX), "a2": request_blind(PAIR["A", 2], 2, TX)}
    assert {name: value.hex() for name, value in values.items()} == {name: REQUEST[name] for name in values}


def test_both_conversions_with_their_proofs_and_the_received_codes_are_the_published_ones():
    made = made_request()
    (row,) = made.rows
    first = dict(zip("BL", converted(1, made.d1, {"B": (row.x0,), "L": (row.x0,)}), strict=True))
    second = dict(zip("BL", converted(2, made.d2, {t: first[t].xs for t in "BL"}), strict=True))
    for t, target in (("B", B), ("L", L)):
        expected = VECTORS[f"convert_{t}"]
        assert receive_blind(PAIR[t, 1], 1, TX).hex() == expected["c1"]
        assert receive_blind(PAIR[t, 2], 2, TX).hex() == expected["c2"]
        assert conversion_context(1, made.d1, A, target, TX).hex() == expected["ctx1"]
        assert conversion_context(2, made.d2, A, target, TX).hex() == expected["ctx2"]
        assert (first[t].xs[0].hex(), first[t].proof.hex()) == (expected["X1"], expected["pi1"])
        assert (second[t].xs[0].hex(), second[t].proof.hex()) == (expected["X2"], expected["pi2"])
        s1, s2 = commitments(target)
        (code,) = receive(
            tx=TX,
            source=A,
            target=target,
            d1=made.d1,
            d2=made.d2,
            rows=[(row.x0, row.cb)],
            openings=[(row.b, row.r)],
            first=first[t],
            second=second[t],
            k1=PAIR[t, 1],
            k2=PAIR[t, 2],
            s1=s1,
            s2=s2,
        )
        assert code.element.hex() == expected["P"] == VECTORS["domains"][target.label]["code"]


def test_rotation_is_the_published_one():
    expected = VECTORS["rotation_A_epoch1"]
    rho1, rho2 = OPERATORS[1].rotation(A.label, 0), OPERATORS[2].rotation(A.label, 0)
    assert (rho1.hex(), rho2.hex()) == (expected["rho1"], expected["rho2"])
    old = InstitutionCode.parse(bytes.fromhex(REQUEST["P_A"]))
    (code,) = rotate([old], rho1, rho2, commitments(A), commitments(Domain(A.label, 1)))
    assert hmac.compare_digest(code.element.hex(), expected["code"])
