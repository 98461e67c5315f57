"""Records at rest open with the vault's key in their own place, and nowhere else."""

import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kumihimo.base import ErrorType, Problem
from kumihimo.messages import Vault

VAULT = Vault(bytes(range(32)))
SEALED = VAULT.seal(b"record", b"table/row")


def refused(opened: bytes | Problem) -> bool:
    return isinstance(opened, Problem) and opened.type is ErrorType.UNKNOWN


@settings(deadline=None)
@given(st.binary(max_size=100), st.binary(max_size=20))
def test_a_record_opens_in_its_place(plaintext, context):
    sealed = VAULT.seal(plaintext, context)
    assert VAULT.open(sealed, context) == plaintext
    assert len(sealed) == len(plaintext) + 28


def test_a_record_in_another_place_or_vault_does_not_open():
    assert refused(VAULT.open(SEALED, b"table/other"))
    assert refused(VAULT.open(SEALED, b""))
    assert refused(Vault(bytes(32)).open(SEALED, b"table/row"))


def test_the_same_record_sealed_twice_looks_different():
    assert VAULT.seal(b"record", b"table/row") != SEALED


@pytest.mark.parametrize("place", range(len(SEALED)))
def test_a_changed_or_truncated_record_does_not_open(place):
    changed = bytearray(SEALED)
    changed[place] ^= 1
    assert refused(VAULT.open(bytes(changed), b"table/row"))
    assert refused(VAULT.open(SEALED[:place], b"table/row"))


@settings(deadline=None)
@given(st.binary(max_size=80))
def test_any_bytes_are_refused_as_a_value(sealed):
    assert refused(VAULT.open(sealed, b"table/row"))


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_vault_key_has_thirty_two_bytes(length):
    with pytest.raises(ValueError, match="32 bytes"):
        Vault(bytes(length))


def test_a_vault_shows_nothing():
    assert repr(VAULT) == str(VAULT) == f"{VAULT}" == "Vault(****)"
    with pytest.raises(TypeError):
        pickle.dumps(VAULT)
