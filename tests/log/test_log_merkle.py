"""Roots and proofs against a naive reading of RFC 6962's recursive definitions."""

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kumihimo.log import (
    EMPTY_ROOT,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)

ENTRIES = [b"entry %d" % number for number in range(700)]


def cut(count: int) -> int:
    k = 1
    while k * 2 < count:
        k *= 2
    return k


def mth(entries: list[bytes]) -> bytes:
    """RFC 6962 §2.1, word for word."""
    if not entries:
        return sha256(b"").digest()
    if len(entries) == 1:
        return sha256(b"\x00" + entries[0]).digest()
    k = cut(len(entries))
    return sha256(b"\x01" + mth(entries[:k]) + mth(entries[k:])).digest()


def path(m: int, entries: list[bytes]) -> list[bytes]:
    """RFC 6962 §2.1.1, word for word."""
    if len(entries) == 1:
        return []
    k = cut(len(entries))
    if m < k:
        return [*path(m, entries[:k]), mth(entries[k:])]
    return [*path(m - k, entries[k:]), mth(entries[:k])]


def subproof(m: int, entries: list[bytes], whole: bool) -> list[bytes]:
    """RFC 6962 §2.1.2, word for word."""
    if m == len(entries):
        return [] if whole else [mth(entries)]
    k = cut(len(entries))
    if m <= k:
        return [*subproof(m, entries[:k], whole), mth(entries[k:])]
    return [*subproof(m - k, entries[k:], False), mth(entries[:k])]


def read(level: int, index: int) -> bytes:
    assert (index + 1) << level <= len(ENTRIES), "only complete subtrees are asked for"
    return mth(ENTRIES[index << level : (index + 1) << level])


sizes = st.integers(1, len(ENTRIES))


def test_every_small_tree_has_the_naive_root() -> None:
    assert [root_of(ENTRIES[:size]) for size in range(70)] == [mth(ENTRIES[:size]) for size in range(70)]


@pytest.mark.parametrize("size", range(1, 34))
def test_every_proof_of_a_small_tree_is_the_naive_one_and_verifies(size: int) -> None:
    root = mth(ENTRIES[:size])
    for index in range(size):
        proof = inclusion_proof(read, index, size)
        assert list(proof) == path(index, ENTRIES[:size])
        assert verify_inclusion(leaf_hash(ENTRIES[index]), index, size, root, proof)
    for old in range(1, size + 1):
        proof = consistency_proof(read, old, size)
        assert list(proof) == subproof(old, ENTRIES[:size], True)
        assert verify_consistency(old, size, mth(ENTRIES[:old]), root, proof)


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_a_proof_shows_one_entry_at_one_place_only(data: st.DataObject) -> None:
    size = data.draw(sizes)
    index, other = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size - 1))
    root, proof = mth(ENTRIES[:size]), inclusion_proof(read, index, size)
    leaf = leaf_hash(ENTRIES[index])
    assert verify_inclusion(leaf, index, size, root, proof)
    assert verify_inclusion(leaf, other, size, root, proof) is (other == index)
    assert not verify_inclusion(leaf_hash(b"never logged"), index, size, root, proof)
    assert not verify_inclusion(leaf, index, size, leaf, proof) or size == 1
    assert not verify_inclusion(leaf, index, size, root, [*proof, bytes(32)])
    assert not proof or not verify_inclusion(leaf, index, size, root, proof[:-1])
    assert not verify_inclusion(leaf, size, size, root, proof)
    assert not verify_inclusion(leaf, -1, size, root, proof)


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_a_consistency_proof_fails_when_history_was_changed(data: st.DataObject) -> None:
    new = data.draw(st.integers(2, len(ENTRIES)))
    old = data.draw(st.integers(1, new - 1))
    forged = data.draw(st.integers(0, old - 1))
    history = [b"forged" if at == forged else entry for at, entry in enumerate(ENTRIES[:new])]
    old_root, new_root, proof = mth(ENTRIES[:old]), mth(ENTRIES[:new]), consistency_proof(read, old, new)
    assert verify_consistency(old, new, old_root, new_root, proof)
    assert not verify_consistency(old, new, old_root, mth(history), proof)
    assert not verify_consistency(old, new, mth(history[:old]), new_root, proof)
    assert not verify_consistency(old, new, old_root, new_root, proof[:-1])
    assert not verify_consistency(old, new, old_root, new_root, [*proof, bytes(32)])
    assert not verify_consistency(new, old, new_root, old_root, proof)


def test_the_empty_log_is_extended_by_every_log_and_proves_nothing_else() -> None:
    root = mth(ENTRIES[:5])
    assert verify_consistency(0, 5, EMPTY_ROOT, root, [])
    assert verify_consistency(0, 0, EMPTY_ROOT, EMPTY_ROOT, [])
    assert not verify_consistency(0, 0, EMPTY_ROOT, root, [])
    assert not verify_consistency(0, 5, root, root, [])
    assert not verify_consistency(5, 5, root, EMPTY_ROOT, [])


@pytest.mark.parametrize(("index", "size"), [(0, 0), (3, 3), (-1, 3)])
def test_no_proof_is_made_for_an_entry_that_is_not_there(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="is not in a tree"):
        inclusion_proof(read, index, size)


def test_no_proof_is_made_that_a_log_shrank() -> None:
    with pytest.raises(ValueError, match="cannot extend"):
        consistency_proof(read, 5, 4)
