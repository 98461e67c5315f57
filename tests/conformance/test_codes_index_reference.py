"""The index proof, checked by a second implementation that knows only docs/protocols/audit.md."""

import hashlib
import os
import sys
from pathlib import Path

import pytest
import ristretto_reference as ref

sys.path.insert(0, str(Path(__file__).parents[1] / "codes"))

from codes_nation import Nation

from kumihimo.codes import Domain, IndexEvent, prove_index, random_scalar
from kumihimo.codes.group import multiply_base

CITY, LEDGER = Domain("jp/muni/131016", 3), Domain("jp/ledger", 1)
MINUS = ref.Q - 1


@pytest.fixture(scope="module")
def shown():
    """An event with its proof, all secrets behind it, and the public keys."""
    nation, secret = Nation(), random_scalar()
    (code,) = nation.acquire([os.urandom(32)], CITY)
    made = nation.exchange(CITY, LEDGER, [code])
    (row,), (own,) = made.asked.rows, made.received()
    event = IndexEvent(
        tx=made.tx,
        source=CITY,
        target=LEDGER,
        d1=made.asked.d1,
        d2=made.asked.d2,
        x0=row.x0,
        cb=row.cb,
        x1=made.first.xs[0],
        proof1=made.first.proof,
        x2=made.second.xs[0],
        proof2=made.second.proof,
    )
    keys = {**nation.keys(LEDGER), **nation.commitments(LEDGER)}
    proof = prove_index(event, b=row.b, r=row.r, secret=secret, **keys)
    return event, proof, keys, secret, row, own


def number(scalar):
    return int.from_bytes(scalar, "little")


def test_what_is_shown_is_what_the_equations_say(shown):
    event, proof, keys, secret, row, own = shown
    b, r, k = number(row.b), number(row.r), number(secret)
    c = {i: ref.blind_scalar(keys[f"k{i}"], b"op%d-rcv" % i, event.tx) for i in (1, 2)}
    assert proof.w == ref.mul(b, ref.G)
    assert ref.plus(proof.w, ref.mul(r, ref.h2g(b"pedersen"))) == event.cb
    assert (proof.v1, proof.v2) == (ref.mul(c[1], proof.w), ref.mul(c[2] * c[1] * b, ref.G))
    assert (proof.c1, proof.c2) == (ref.mul(c[1], keys["s1"]), ref.mul(c[2], keys["s2"]))
    assert proof.index == ref.mul(k, own.element)


def test_the_second_implementation_accepts_the_proof(shown):
    event, proof, keys, secret, _, _ = shown
    key = multiply_base(secret)
    challenge, sr, s1, s2, sz = (number(proof.proof[at : at + 32]) for at in range(0, 160, 32))
    difference = ref.plus(event.cb, ref.mul(MINUS, proof.w))
    equations = (
        (sr, ref.h2g(b"pedersen"), difference),
        (s1, keys["s1"], proof.c1),
        (s1, proof.w, proof.v1),
        (s2, keys["s2"], proof.c2),
        (s2, proof.v1, proof.v2),
        (sz, proof.v2, key),
        (sz, event.x2, proof.index),
    )
    commitments = [ref.plus(ref.mul(s, base), ref.mul(challenge, image)) for s, base, image in equations]
    context = ref.CTX + b"|index|" + hashlib.sha256(
        ref.lp(b"jp/muni/131016") + bytes([0, 0, 0, 3]) + ref.lp(b"jp/ledger") + bytes([0, 0, 0, 1])
        + ref.lp(event.tx)
    ).digest()  # fmt: skip
    statement = (
        event.d1, event.d2, event.x0, event.cb, event.x1, event.x2, keys["s1"], keys["s2"], key,
        proof.w, proof.v1, proof.v2, proof.c1, proof.c2, proof.index,
    )  # fmt: skip
    transcript = b"".join(map(ref.lp, (*statement, *commitments))) + b"Index"
    assert ref.h2s(transcript, context) == challenge


def test_both_operators_proofs_hold_for_what_is_shown(shown):
    event, proof, *_ = shown
    for i, d, c, before, after, given in (
        (1, event.d1, proof.c1, event.x0, event.x1, event.proof1),
        (2, event.d2, proof.c2, event.x1, event.x2, event.proof2),
    ):
        context = ref.context(i, d, (CITY.label, CITY.epoch), (LEDGER.label, LEDGER.epoch), event.tx)
        assert ref.verify(d, c, [before], [after], given, context)
