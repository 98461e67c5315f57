"""The map of all persons: what its roots commit to, and what no path can pretend."""

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kumihimo.ledger.treemap import (
    EMPTY,
    MAX_STEPS,
    Bucket,
    Leaf,
    Side,
    Top,
    bucket_of,
    bucket_root,
    climb,
    find,
    hash_of,
    put,
    sum_of,
    verify,
)
from kumihimo.ledger.wholemap import WholeMap

DEPTHS = st.integers(0, 6)
# Labels that crowd into few buckets, and share long beginnings within them.
labels = st.builds(
    lambda first, rest: bytes([first]) + bytes(30) + bytes([rest]),
    st.sampled_from([0, 1, 0x7F, 0x80, 0xFF]),
    st.integers(0, 255),
)
leaves = st.builds(Leaf, labels, st.integers(0, 1 << 40), st.binary(min_size=32, max_size=32))
people = st.lists(leaves, max_size=40, unique_by=lambda leaf: leaf.label)


# The specification read naively: (hash, sum) pairs, one function a line of it.
def h(data):
    return sha256(data).digest()


def naive_leaf(leaf):
    return h(b"\x02" + leaf.label + leaf.n.to_bytes(8, "big") + leaf.head), leaf.n


def naive_node(left, right):
    (hl, sl), (hr, sr) = left, right
    return h(b"\x03" + hl + sl.to_bytes(8, "big") + hr + sr.to_bytes(8, "big")), sl + sr


def naive_bucket(members):
    if not members:
        return bytes(32), 0
    if len(members) == 1:
        return naive_leaf(members[0])
    split = 1
    while split * 2 < len(members):
        split *= 2
    return naive_node(naive_bucket(members[:split]), naive_bucket(members[split:]))


def naive_map(depth, everyone, prefix=""):
    if len(prefix) == depth:
        inside = [leaf for leaf in everyone if f"{int.from_bytes(leaf.label):0256b}".startswith(prefix)]
        return naive_bucket(sorted(inside, key=lambda leaf: leaf.label))
    return naive_node(naive_map(depth, everyone, prefix + "0"), naive_map(depth, everyone, prefix + "1"))


def pair(node):
    return hash_of(node), sum_of(node)


@given(people, DEPTHS)
def test_the_root_is_what_the_specification_read_naively_gives(everyone, depth):
    whole = WholeMap(depth, everyone)
    assert pair(whole.root) == naive_map(depth, everyone)
    assert whole.persons == len(everyone)


@given(people, st.lists(leaves, max_size=20), DEPTHS)
def test_a_map_moved_step_by_step_is_the_map_built_at_once(everyone, later, depth):
    whole = WholeMap(depth, everyone)
    for leaf in later:
        whole.update([leaf])
    at_once = WholeMap(depth, everyone)
    at_once.update(later)
    final = {leaf.label: leaf for leaf in [*everyone, *later]}
    assert whole.root == at_once.root == WholeMap(depth, final.values()).root
    assert sum_of(whole.root) == sum(leaf.n for leaf in final.values())


@given(people, leaves, DEPTHS)
def test_nothing_moves_before_a_change_is_settled(everyone, leaf, depth):
    whole = WholeMap(depth, everyone)
    before = whole.root
    change = whole.moved([leaf])
    assert whole.root == before
    whole.settle(change)
    assert whole.root == change.root


@given(people, DEPTHS)
def test_every_leaf_has_a_path_that_verifies_and_no_other_label_has_one(everyone, depth):
    whole = WholeMap(depth, everyone)
    root, total = pair(whole.root)
    for leaf in everyone:
        proved = whole.prove(leaf.label)
        assert proved is not None
        assert proved[0] == leaf
        assert verify(*proved, depth, root=root, total=total)
    assert whole.prove(bytes([9] * 32)) is None


@st.composite
def proofs(draw):
    everyone, depth = draw(people.filter(bool)), draw(DEPTHS)
    whole = WholeMap(depth, everyone)
    leaf, path = whole.prove(draw(st.sampled_from(everyone)).label)
    return leaf, list(path), depth, hash_of(whole.root), sum_of(whole.root)


def refused(leaf, path, depth, root, total):
    return not verify(leaf, path, depth, root=root, total=total)


@given(proofs(), st.integers(0, (1 << 64) - 1), st.binary(min_size=32, max_size=32))
def test_another_count_head_label_root_or_total_fails(proof, number, value):
    leaf, path, depth, root, total = proof
    if number != leaf.n:
        assert refused(Leaf(leaf.label, number, leaf.head), path, depth, root, total)
    if value != leaf.head:
        assert refused(Leaf(leaf.label, leaf.n, value), path, depth, root, total)
    if value != leaf.label:
        assert refused(Leaf(value, leaf.n, leaf.head), path, depth, root, total)
    if value != root:
        assert refused(leaf, path, depth, value, total)
    if number != total:
        assert refused(leaf, path, depth, root, number)


@given(proofs(), st.data())
def test_another_side_sum_or_hash_at_any_step_fails(proof, data):
    leaf, path, depth, root, total = proof
    if not path:
        return
    at = data.draw(st.integers(0, len(path) - 1))
    side, node = path[at]
    other = Side.LEFT if side is Side.RIGHT else Side.RIGHT
    byte = data.draw(st.integers(0, 39))
    changed = bytearray(node)
    changed[byte] ^= data.draw(st.integers(1, 255))
    for step in ((other, node), (side, bytes(changed))):
        assert refused(leaf, [*path[:at], step, *path[at + 1 :]], depth, root, total)
    assert refused(leaf, [*path[:at], *path[at + 1 :]], depth, root, total)
    assert refused(leaf, [*path[:at], path[at], *path[at:]], depth, root, total)


@given(proofs(), st.data())
def test_a_sum_cannot_be_moved_between_siblings(proof, data):
    leaf, path, depth, root, total = proof
    rich = [at for at, (_, node) in enumerate(path) if sum_of(node)]
    if not rich:
        return
    at = data.draw(st.sampled_from(rich))
    side, node = path[at]
    moved = data.draw(st.integers(1, sum_of(node)))
    poorer = (side, hash_of(node) + (sum_of(node) - moved).to_bytes(8))
    assert refused(
        Leaf(leaf.label, leaf.n + moved, leaf.head), [*path[:at], poorer, *path[at + 1 :]], depth, root, total
    )
    for other in range(len(path)):
        if other != at:
            path_of_both = list(path)
            path_of_both[at] = poorer
            there = path[other]
            path_of_both[other] = (there[0], hash_of(there[1]) + (sum_of(there[1]) + moved).to_bytes(8))
            assert refused(leaf, path_of_both, depth, root, total)


def test_a_leaf_stands_only_in_the_bucket_of_its_label():
    label = bytes([0b1010_0000]) + bytes(31)
    whole = WholeMap(4, [Leaf(label, 1, bytes(32))])
    proved = whole.prove(label)
    assert proved is not None
    assert [side for side, _ in proved[1]] == [Side.RIGHT, Side.LEFT, Side.RIGHT, Side.LEFT]
    assert bucket_of(label, 4) == 0b1010
    # The same leaf, committed to by a dishonest ledger in the bucket beside its own.
    nodes = Top(4, [(0b1011, bucket_root(proved[0].record))])
    assert climb(proved[0], nodes.path(0b1011), 4) is None


def test_paths_that_no_map_has_are_refused():
    leaf = Leaf(bytes(32), 1, bytes(32))
    step = (Side.RIGHT, bytes(31) + b"\1" + bytes(8))
    assert climb(leaf, [step] * 3, 4) is None
    assert climb(leaf, [step] * (MAX_STEPS + 1), 0) is None
    assert climb(leaf, [(Side.RIGHT, bytes(39))], 0) is None
    assert climb(leaf, [(Side.RIGHT, bytes(32) + (5).to_bytes(8))], 0) is None, "nobody has records"
    assert climb(leaf, [(Side.RIGHT, b"\1" * 32 + b"\xff" * 8)], 0) is None, "sums beyond 64 bits"
    assert climb(Leaf(bytes(31), 1, bytes(32)), [], 0) is None
    assert climb(Leaf(bytes(32), -1, bytes(32)), [], 0) is None
    assert climb(Leaf(bytes(32), 1 << 64, bytes(32)), [], 0) is None


def test_a_total_beyond_64_bits_cannot_be_built():
    most = (1 << 64) - 1
    with pytest.raises(OverflowError):
        WholeMap(1, [Leaf(bytes(32), most, bytes(32)), Leaf(b"\xff" * 32, 1, bytes(32))])


def test_a_label_inside_another_record_is_not_found():
    inner = bytes(range(32))
    leaf = Leaf(b"\0" * 32, 3, inner)
    bucket = put(b"", [leaf.record])
    assert find(bucket, inner) is None
    assert find(put(bucket, [Leaf(inner, 1, bytes(32)).record]), inner) == 1
    assert bucket_root(b"") == EMPTY


@settings(max_examples=50)
@given(people, st.lists(leaves, max_size=5))
def test_a_bucket_moved_is_the_bucket_built_anew(everyone, later):
    before = put(b"", [leaf.record for leaf in everyone])
    moved = {leaf.label: leaf.record for leaf in later}
    assert Bucket.of(before).put(moved) == Bucket.of(put(before, moved.values()))
