"""An independent ristretto255 in plain Python agrees with the product on a whole exchange."""

import json
import os
from pathlib import Path

import pytest
import ristretto_reference as ref
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kumihimo.codes import (
    GENERATOR,
    ROOT,
    Domain,
    OperatorKey,
    convert,
    hash_to_group,
    hash_to_scalar,
    person_element,
    receive,
    request,
)
from kumihimo.codes.group import from_uniform, is_element, multiply, multiply_base, random_scalar

RFC9496 = json.loads((Path(__file__).parent / "data/codes/rfc9496-ristretto255.json").read_text())


def test_the_judge_itself_passes_rfc_9496():
    multiples = RFC9496["multiples_of_generator"]
    assert [ref.encode(ref.times(n, ref.decode(ref.G))).hex() for n in range(16)] == multiples
    assert all(ref.decode(bytes.fromhex(v["encoding"])) is None for v in RFC9496["invalid_encodings"])


@given(st.binary(min_size=64, max_size=64))
@settings(max_examples=40, deadline=None)
def test_uniform_bytes_select_the_same_element(data):
    assert from_uniform(data) == ref.from_uniform(data)


@given(st.binary(max_size=300), st.binary(min_size=1, max_size=200))
@settings(max_examples=40, deadline=None)
def test_hashing_agrees_for_any_data_and_context(data, context):
    assert hash_to_group(data, context) == ref.h2g(data, context)
    assert int.from_bytes(hash_to_scalar(data, context), "little") == ref.h2s(data, context)


@given(st.integers(1, ref.Q - 1), st.integers(1, ref.Q - 1))
@settings(max_examples=30, deadline=None)
def test_multiplication_agrees_for_any_scalar(k, n):
    p = multiply_base(n.to_bytes(32, "little"))
    assert multiply(k.to_bytes(32, "little"), p) == ref.mul(k, p) == ref.mul(k * n, ref.G)


@given(st.binary(min_size=32, max_size=32))
@example(bytes(31) + b"\x80")
@example(b"\x02" + bytes(31))
@settings(max_examples=300, deadline=None)
def test_the_same_encodings_are_accepted(data):
    assert is_element(data) == (ref.decode(data) is not None and data != bytes(32))


def random_exchange(source, target, rows):
    """One exchange by the product, with everything it used."""
    msk = {i: os.urandom(32) for i in (1, 2)}
    operators = {i: OperatorKey(i, msk[i]) for i in (1, 2)}
    pair = {(who, i): os.urandom(32) for who in "AT" for i in (1, 2)}
    rhos, tx = [os.urandom(32) for _ in range(rows)], os.urandom(16)
    scale = [int.from_bytes(operators[i].domain(source).scalar.reveal(), "little") for i in (1, 2)]
    codes = [
        type(m)(multiply((scale[0] * scale[1] % ref.Q).to_bytes(32, "little"), m.element))
        for m in map(person_element, rhos)
    ]
    s1, s2 = (operators[i].domain(source).commitment for i in (1, 2))
    made = request(codes, tx=tx, k1=pair["A", 1], k2=pair["A", 2], s1=s1, s2=s2)
    steps, xs = {}, [row.x0 for row in made.rows]
    for i, d in ((1, made.d1), (2, made.d2)):
        steps[i] = convert(
            number=i,
            tx=tx,
            source=source,
            target=target,
            d=d,
            xs=xs,
            source_key=operators[i].domain(source),
            target_key=operators[i].domain(target),
            k_source=pair["A", i],
            k_target=pair["T", i],
        )
        xs = steps[i].xs
    return msk, operators, pair, rhos, tx, made, steps


@pytest.mark.parametrize(
    ("source", "target", "rows"),
    [
        (Domain("jp/muni/131016", 0), Domain("jp/nenkin", 3), 1),
        (Domain("jp/muni/131016", 7), Domain("jp/ledger", 0), 3),
        (ROOT, Domain("jp/moj", 1), 2),
    ],
)
def test_the_judge_recomputes_a_whole_exchange_and_verifies_its_proofs(source, target, rows):
    msk, operators, pair, rhos, tx, made, steps = random_exchange(source, target, rows)
    names = (source.label, source.epoch), (target.label, target.epoch)
    s = {(i, n): ref.domain_scalar(msk[i], *names[n]) for i in (1, 2) for n in (0, 1)}
    a = {i: ref.blind_scalar(pair["A", i], b"req-op%d" % i, tx) for i in (1, 2)}
    c = {i: ref.blind_scalar(pair["T", i], b"op%d-rcv" % i, tx) for i in (1, 2)}
    before = [row.x0 for row in made.rows]
    persons = [ref.h2g(b"person" + ref.lp(rho)) for rho in rhos]
    b = [int.from_bytes(row.b, "little") for row in made.rows]
    for m, scalar, row in zip(persons, b, made.rows, strict=True):
        assert row.x0 == ref.mul(scalar * pow(a[1] * a[2], -1, ref.Q) * s[1, 0] * s[2, 0], m)
        opened = ref.mul(int.from_bytes(row.r, "little"), ref.h2g(b"pedersen"))
        assert row.cb == ref.plus(ref.mul(scalar, ref.G), opened)
    for i, d in ((1, made.d1), (2, made.d2)):
        assert d == ref.mul(pow(a[i], -1, ref.Q) * s[i, 0], ref.G)
        f = c[i] * a[i] * s[i, 1] * pow(s[i, 0], -1, ref.Q)
        assert list(steps[i].xs) == [ref.mul(f, x) for x in before]
        image = ref.mul(c[i] * s[i, 1], ref.G)
        context = ref.context(i, d, *names, tx)
        assert ref.verify(d, image, before, steps[i].xs, steps[i].proof, context)
        assert not ref.verify(d, image, before, steps[i].xs, steps[i].proof, context + b"x")
        before = list(steps[i].xs)
    expected = [ref.mul(s[1, 1] * s[2, 1], m) for m in persons]
    unblinded = [
        ref.mul(pow(scalar * c[1] * c[2], -1, ref.Q), x) for scalar, x in zip(b, before, strict=True)
    ]
    codes = receive(
        tx=tx,
        source=source,
        target=target,
        d1=made.d1,
        d2=made.d2,
        rows=[(row.x0, row.cb) for row in made.rows],
        openings=[(row.b, row.r) for row in made.rows],
        first=steps[1],
        second=steps[2],
        k1=pair["T", 1],
        k2=pair["T", 2],
        s1=operators[1].domain(target).commitment,
        s2=operators[2].domain(target).commitment,
    )
    assert [code.element for code in codes] == unblinded == expected


def test_random_scalars_are_in_range():
    drawn = [int.from_bytes(random_scalar(), "little") for _ in range(200)]
    assert all(0 < k < ref.Q for k in drawn)
    assert len(set(drawn)) == 200
    assert GENERATOR == ref.G
