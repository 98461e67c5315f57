"""Sealed boxes open with the right key for the right exchange, and with nothing else."""

import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kumihimo.base import ErrorType, Problem
from kumihimo.messages import BoxKey, Kem, boxes

KEYS = {kem: BoxKey.from_seed(bytes(range(32)), kem) for kem in Kem}
SEALED = {kem: boxes.seal(key.public, b"15000 yen", info=b"answer", aad=b"tx") for kem, key in KEYS.items()}
each_kem = pytest.mark.parametrize("kem", Kem)


def refused(opened: bytes | Problem) -> bool:
    return isinstance(opened, Problem) and opened.type is ErrorType.MALFORMED


@each_kem
@pytest.mark.parametrize("plaintext", [b"", b"\x00", b"x" * 100_000])
def test_a_box_opens_to_what_was_sealed(kem, plaintext):
    key = BoxKey.generate(kem)
    box = boxes.seal(key.public, plaintext, info=b"i", aad=b"a")
    assert key.open(box, info=b"i", aad=b"a") == plaintext
    assert len(box) - len(plaintext) == (48 if kem is Kem.X25519 else 1136)


@each_kem
def test_a_box_opens_for_its_purpose_and_exchange_only(kem):
    key, box = KEYS[kem], SEALED[kem]
    assert key.open(box, info=b"answer", aad=b"tx") == b"15000 yen"
    assert refused(key.open(box, info=b"answer", aad=b"ty"))
    assert refused(key.open(box, info=b"answer"))
    assert refused(key.open(box, info=b"target", aad=b"tx"))
    assert refused(key.open(box, info=b"answert", aad=b"x"))
    assert refused(key.open(box, info=b"", aad=b"answertx"))


@each_kem
def test_a_box_opens_with_its_key_only(kem):
    other_kem = Kem.X25519 if kem is Kem.ML_KEM_768_X25519 else Kem.ML_KEM_768_X25519
    assert refused(BoxKey.generate(kem).open(SEALED[kem], info=b"answer", aad=b"tx"))
    assert refused(KEYS[other_kem].open(SEALED[kem], info=b"answer", aad=b"tx"))


@each_kem
@settings(deadline=None)
@given(place=st.integers(0), bit=st.integers(0, 7))
def test_a_box_with_one_flipped_bit_does_not_open(kem, place, bit):
    changed = bytearray(SEALED[kem])
    changed[place % len(changed)] ^= 1 << bit
    opened = KEYS[kem].open(bytes(changed), info=b"answer", aad=b"tx")
    # RFC 7748 §5: the top bit of an X25519 value is not looked at, but HPKE hashes it into the key.
    assert refused(opened)


@each_kem
def test_a_truncated_box_does_not_open(kem):
    lengths = range(len(SEALED[kem])) if kem is Kem.X25519 else [0, 1, 1087, 1088, 1119, 1120, 1135, 1144]
    assert all(refused(KEYS[kem].open(SEALED[kem][:length], info=b"answer", aad=b"tx")) for length in lengths)


@each_kem
@settings(deadline=None)
@given(box=st.binary(max_size=1300))
def test_any_bytes_are_refused_as_a_value(kem, box):
    assert refused(KEYS[kem].open(box, info=b"answer", aad=b"tx"))


def test_a_box_to_a_point_of_small_order_does_not_open():
    assert refused(KEYS[Kem.X25519].open(bytes(48), info=b"answer", aad=b"tx"))


@each_kem
def test_two_boxes_of_the_same_text_share_nothing(kem):
    assert boxes.seal(KEYS[kem].public, b"15000 yen", info=b"answer", aad=b"tx")[:32] != SEALED[kem][:32]


@each_kem
def test_a_key_comes_back_from_its_seed(kem):
    key = BoxKey.generate(kem)
    again = BoxKey.from_seed(key.seed.reveal(), kem)
    assert again.public == key.public
    assert again.open(boxes.seal(key.public, b"x", info=b"i"), info=b"i") == b"x"


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_seed_has_thirty_two_bytes(length):
    with pytest.raises(ValueError, match="32 bytes"):
        BoxKey.from_seed(bytes(length))


@each_kem
def test_the_first_byte_of_a_public_key_names_its_kem(kem):
    public = KEYS[kem].public
    assert public[0] == kem
    assert len(public) == (33 if kem is Kem.X25519 else 1217)
    for wrong in (b"", public[:-1], public + b"\x00", b"\x00" + public[1:], b"\x03" + public[1:], public[1:]):
        with pytest.raises(ValueError, match="box key"):
            boxes.seal(wrong, b"x", info=b"i")


@each_kem
def test_a_box_key_shows_no_secret(kem):
    key = BoxKey.from_seed(b"\x07" * 32, kem)
    assert repr(key) == str(key) == f"{key}" == f"BoxKey({kem.name}, ****)"
    with pytest.raises(TypeError):
        pickle.dumps(key)
