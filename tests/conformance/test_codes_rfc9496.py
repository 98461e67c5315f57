"""RFC 9496 appendix A: the group as libsodium gives it is ristretto255 to the byte."""

import ctypes
import hashlib
import json
from pathlib import Path

import pytest

from kumihimo.codes import GENERATOR, InstitutionCode, InvalidElement, _sodium, is_element
from kumihimo.codes.group import IDENTITY, add, element, from_uniform, multiply, multiply_base

VECTORS = json.loads((Path(__file__).parent / "data/codes/rfc9496-ristretto255.json").read_text())
MULTIPLES = [bytes.fromhex(m) for m in VECTORS["multiples_of_generator"]]
INVALID = [bytes.fromhex(v["encoding"]) for v in VECTORS["invalid_encodings"]]


@pytest.mark.parametrize("n", range(1, 16))
def test_multiples_of_the_generator_are_those_of_the_rfc(n):
    assert multiply_base(n.to_bytes(32, "little")) == MULTIPLES[n]
    assert multiply(n.to_bytes(32, "little"), GENERATOR) == MULTIPLES[n]
    assert add(MULTIPLES[n - 1], GENERATOR) == MULTIPLES[n]


def test_all_29_invalid_encodings_are_listed():
    assert len(INVALID) == 29


# libsodium 1.0.18 reads these as the element without the highest bit; RFC 9496 §4.3.1 refuses them.
HIGH_BIT = [m[:31] + bytes([m[31] | 128]) for m in MULTIPLES]


@pytest.mark.parametrize("encoding", INVALID + HIGH_BIT, ids=lambda e: e.hex()[:12])
def test_invalid_encodings_are_refused_everywhere(encoding):
    assert not is_element(encoding)
    for use in (
        lambda: element(encoding),
        lambda: InstitutionCode.parse(encoding),
        lambda: multiply((2).to_bytes(32, "little"), encoding),
        lambda: add(encoding, GENERATOR),
        lambda: add(GENERATOR, encoding),
    ):
        with pytest.raises(InvalidElement):
            use()


def test_the_identity_is_no_code():
    assert MULTIPLES[0] == IDENTITY
    with pytest.raises(InvalidElement):
        InstitutionCode.parse(IDENTITY)


@pytest.mark.parametrize("vector", VECTORS["hash_to_group"], ids=lambda v: v["label"][:12])
def test_strings_hash_to_the_elements_of_the_rfc(vector):
    digest = hashlib.sha512(vector["label"].encode()).digest()
    assert from_uniform(digest).hex() == vector["element"]


def test_bundled_library_takes_over_where_the_system_has_none_and_computes_the_same(monkeypatch):
    installed = _sodium.load()
    monkeypatch.setattr(_sodium, "_SYSTEM_NAMES", ("libsodium-of-nowhere.so",))
    for bundled in (_sodium.load(), _sodium.load()):
        assert bundled.origin == "rbcl"
        outputs = []
        for sodium in (installed, bundled):
            out = (ctypes.c_char * 32)()
            assert sodium.multiply(out, (7).to_bytes(32, "little"), MULTIPLES[2]) == 0
            outputs.append(out.raw)
        assert outputs == [MULTIPLES[14]] * 2
