"""The right edge grows to the same tree in whatever batches it is fed."""

from hypothesis import given, settings
from hypothesis import strategies as st

from kumihimo.log.edge import Edge
from kumihimo.log.merkle import fold, leaf_hash
from kumihimo.log.tiles import reader_over, split_hashes, tile_width

LEAVES = [leaf_hash(b"%d" % number) for number in range(70_000)]


def grow(batches: list[int]) -> tuple[Edge, dict[tuple[int, int], list[bytes]]]:
    edge, tiles = Edge(), dict[tuple[int, int], list[bytes]]()
    for count in batches:
        edge, rows = edge.extend(LEAVES[edge.size : edge.size + count])
        tiles |= {(row.level, row.n): split_hashes(row.hashes) for row in rows}
    return edge, tiles


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(1, 300), max_size=12))
def test_batches_of_any_size_lead_to_the_same_root_and_tiles(batches: list[int]) -> None:
    edge, tiles = grow(batches)
    leaves = LEAVES[: sum(batches)]
    assert (edge.size, edge.root) == (len(leaves), fold(leaves))
    full = len(leaves) // 256
    assert {n: hashes for (level, n), hashes in tiles.items() if level == 0} == {
        n: leaves[n * 256 : (n + 1) * 256] for n in range(full)
    }
    above = [fold(leaves[n * 256 : (n + 1) * 256]) for n in range(full)]
    assert {key: hashes for key, hashes in tiles.items() if key[0]} == ({(1, 0): above} if above else {})


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(1, 300), max_size=8), st.integers(1, 600))
def test_a_reopened_edge_goes_on_as_if_never_closed(batches: list[int], more: int) -> None:
    edge, _ = grow(batches)
    reopened = Edge.reopen(edge.size, edge.partial)
    assert reopened.root == edge.root
    fresh = LEAVES[edge.size : edge.size + more]
    assert reopened.extend(fresh)[0].root == edge.extend(fresh)[0].root
    assert reopened.extend(fresh)[1] == edge.extend(fresh)[1]


def test_a_step_leaves_the_edge_it_started_from_untouched() -> None:
    edge, _ = grow([300, 41])
    before = (edge.size, edge.root, edge.partial)
    edge.extend(LEAVES[341:1000])
    assert (edge.size, edge.root, edge.partial) == before


def test_a_tree_of_70000_fills_three_levels_of_tiles() -> None:
    edge, tiles = grow([100] * 700)
    assert edge.root == fold(LEAVES)
    assert [len(tiles[key]) for key in ((0, 272), (1, 0), (1, 1), (2, 0))] == [256, 256, 17, 1]
    assert (0, 273) not in tiles  # the unfinished tile of level 0 is hashed from the entries
    assert [len(hashes) for hashes in edge.partial] == [112, 17, 1]
    assert reader_over(lambda level, n: tiles[level, n])(16, 0) == fold(LEAVES[:65536])
    assert tile_width(1, 1, edge.size) == 17
