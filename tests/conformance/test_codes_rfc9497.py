"""RFC 9497 appendix A.1: hashing, blinding, evaluation and proofs are those of ristretto255-SHA512."""

import json
from pathlib import Path

import pytest

from kumihimo.codes import generate_proof, verify_proof
from kumihimo.codes.group import GENERATOR, multiply, scalar_invert, scalar_multiply
from kumihimo.codes.oprf import Mode, blind, derive_key_pair, finalize
from kumihimo.codes.proofs import generate_proof_at

VECTORS = json.loads((Path(__file__).parent / "data/codes/rfc9497-ristretto255-sha512.json").read_text())
CASES = [(mode, i) for mode in Mode for i in range(len(VECTORS[mode.name]["vectors"]))]


def unhex(value):
    return [bytes.fromhex(v) for v in value] if isinstance(value, list) else bytes.fromhex(value)


@pytest.fixture(params=CASES, ids=lambda c: f"{c[0].name}-{c[1]}")
def case(request):
    mode, i = request.param
    return mode, {name: unhex(value) for name, value in VECTORS[mode.name]["vectors"][i].items()}


@pytest.mark.parametrize("mode", Mode)
def test_key_pair_is_derived_as_published(mode):
    secret, public = derive_key_pair(unhex(VECTORS["seed"]), unhex(VECTORS["key_info"]), mode.context)
    assert secret.hex() == VECTORS[mode.name]["skSm"]
    if mode is Mode.VOPRF:
        assert public.hex() == VECTORS[mode.name]["pkSm"]


def test_blinding_evaluation_and_output_are_as_published(case):
    mode, vector = case
    key = unhex(VECTORS[mode.name]["skSm"])
    for data, b, blinded, evaluated, output in zip(
        *(vector[name] for name in ("input", "blind", "blinded", "evaluated", "output")), strict=True
    ):
        assert blind(data, mode.context, b) == (b, blinded)
        assert multiply(key, blinded) == evaluated
        assert finalize(data, b, evaluated) == output


def voprf_cases():
    key, public = unhex(VECTORS["VOPRF"]["skSm"]), unhex(VECTORS["VOPRF"]["pkSm"])
    for vector in VECTORS["VOPRF"]["vectors"]:
        yield pytest.param(
            key, public, {n: unhex(v) for n, v in vector.items()}, id=f"batch-{len(vector['input'])}"
        )


@pytest.mark.parametrize(("key", "public", "vector"), list(voprf_cases()))
def test_proofs_are_as_published_and_verify(key, public, vector):
    context = Mode.VOPRF.context
    rows = (vector["blinded"], vector["evaluated"])
    made = generate_proof(key, GENERATOR, public, *rows, context=context, nonce=vector["nonce"])
    assert made == vector["proof"]
    assert verify_proof(GENERATOR, public, *rows, made, context=context)


@pytest.mark.parametrize(("key", "public", "vector"), list(voprf_cases()))
def test_a_prover_who_knows_the_base_makes_the_very_same_proof(key, public, vector):
    context, base_log = Mode.VOPRF.context, (12345).to_bytes(32, "little")
    base = multiply(base_log, GENERATOR)
    rows = (vector["blinded"], vector["evaluated"])
    image = multiply(key, base)
    plain = generate_proof(key, base, image, *rows, context=context, nonce=vector["nonce"])
    known = generate_proof_at(
        key,
        scalar_invert(base_log),
        image,
        *rows,
        context=context,
        nonce=scalar_multiply(vector["nonce"], base_log),
    )
    assert known == plain
    assert verify_proof(base, image, *rows, known, context=context)


@pytest.mark.parametrize(("key", "public", "vector"), list(voprf_cases()))
def test_proofs_fail_for_another_context_key_row_or_bit(key, public, vector):
    context, rows, proof = Mode.VOPRF.context, (vector["blinded"], vector["evaluated"]), vector["proof"]
    other = multiply((3).to_bytes(32, "little"), public)
    wrong_rows = ([other, *rows[0][1:]], rows[1]), (rows[0], [*rows[1][:-1], other]), (rows[1], rows[0])
    assert not verify_proof(GENERATOR, public, *rows, proof, context=Mode.OPRF.context)
    assert not verify_proof(GENERATOR, other, *rows, proof, context=context)
    assert not verify_proof(other, public, *rows, proof, context=context)
    for wrong in wrong_rows:
        assert not verify_proof(GENERATOR, public, *wrong, proof, context=context)
    for uneven in ((rows[0], []), ([], []), (rows[0], [*rows[1], other])):
        assert not verify_proof(GENERATOR, public, *uneven, proof, context=context)
    for bit in range(0, 512, 37):
        flipped = (int.from_bytes(proof) ^ 1 << bit).to_bytes(64)
        assert not verify_proof(GENERATOR, public, *rows, flipped, context=context)
