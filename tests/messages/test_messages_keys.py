"""Signature keys: one signature for one message, one text for one key, nothing else accepted."""

import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from messages_parties import CITY_KEY, PENSION_KEY

from kumihimo.messages import SigningKey, VerifyKey

ORDER = 2**252 + 27742317777372353535851937790883648493
SMALL_ORDER = [
    "00" * 32,
    "01" + "00" * 31,
    "ec" + "ff" * 30 + "7f",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
]


def test_what_was_signed_verifies_and_nothing_else_does():
    signature = CITY_KEY.sign(b"slip")
    assert CITY_KEY.verify_key.verify(signature, b"slip")
    assert not CITY_KEY.verify_key.verify(signature, b"slop")
    assert not PENSION_KEY.verify_key.verify(signature, b"slip")


def test_a_key_comes_back_from_its_seed():
    key = SigningKey.generate()
    assert SigningKey.from_seed(key.seed.reveal()).verify_key == key.verify_key


def test_a_second_spelling_of_a_signature_is_refused():
    signature = CITY_KEY.sign(b"slip")
    again = (int.from_bytes(signature[32:], "little") + ORDER).to_bytes(32, "little")
    assert not CITY_KEY.verify_key.verify(signature[:32] + again, b"slip")


@pytest.mark.parametrize("point", SMALL_ORDER)
def test_a_key_of_small_order_verifies_nothing(point):
    forged = bytes.fromhex(point) + bytes(32)
    assert not any(VerifyKey(bytes.fromhex(point)).verify(forged, bytes([n])) for n in range(64))


@settings(deadline=None)
@given(st.binary(max_size=130), st.binary(max_size=40))
def test_any_signature_bytes_are_false(signature, message):
    assert CITY_KEY.verify_key.verify(signature, message) is False


def test_the_text_of_a_key_is_read_back():
    assert VerifyKey.parse(CITY_KEY.verify_key.text) == CITY_KEY.verify_key
    assert len(CITY_KEY.verify_key.text) == 43


@settings(deadline=None)
@given(st.text(max_size=50))
def test_any_other_text_is_a_value_error(text):
    with pytest.raises(ValueError, match="public signature key"):
        VerifyKey.parse(text)


def test_a_second_spelling_of_a_key_text_is_refused():
    last = CITY_KEY.verify_key.text[-1]
    for letter in set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=") - {last}:
        with_other_tail = CITY_KEY.verify_key.text[:-1] + letter
        try:
            assert VerifyKey.parse(with_other_tail) != CITY_KEY.verify_key
        except ValueError:
            continue


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_keys_have_thirty_two_bytes(length):
    with pytest.raises(ValueError, match="32 bytes"):
        VerifyKey(bytes(length))
    with pytest.raises(ValueError, match="32 bytes"):
        SigningKey.from_seed(bytes(length))


def test_a_signing_key_shows_its_public_half_only():
    key = SigningKey.from_seed(b"\x07" * 32)
    seed = key.seed.reveal()
    for shown in (repr(key), str(key), f"{key}", repr([key]), repr(key.seed)):
        assert seed.hex() not in shown
        assert repr(seed)[2:-1] not in shown
        assert "_pair" not in shown
    with pytest.raises(TypeError):
        pickle.dumps(key)
