import pytest
from hypothesis import given
from hypothesis import strategies as st

from hegui.ledger import tree
from hegui.ledger.edge import WIDE, Edge, Node, full_root

HASHES = [tree.leaf_hash(str(n).encode()) for n in range(70_000)]


def test_root_and_frontier_are_those_of_the_tree_at_every_size_to_600() -> None:
    edge, frontier = Edge(), tree.Frontier()
    for size in range(600):
        assert edge.size == size
        assert edge.root() == frontier.root()
        assert edge.frontier().to_bytes() == frontier.to_bytes()
        edge.extend(HASHES[size : size + 1])
        frontier.push(HASHES[size])


@given(st.lists(st.integers(0, 2_000), max_size=8))
def test_it_does_not_matter_in_which_pieces_leaves_come(pieces: list[int]) -> None:
    edge, nodes, at = Edge(), [], 0
    for piece in pieces:
        nodes += edge.extend(HASHES[at : at + piece])
        at += piece
    whole = Edge()
    assert nodes == whole.extend(HASHES[:at])
    assert (edge.size, edge.root()) == (at, whole.root())
    assert edge.root() == tree.root_of(HASHES[:at])


def test_a_tree_of_70_000_has_the_tiles_of_the_specification() -> None:
    edge = Edge()
    nodes = edge.extend(HASHES)
    # C2SP tlog-tiles: 273 full tiles of level 0, one of level 1
    assert [sum(node.level == level for node in nodes) for level in (1, 2, 3)] == [273, 1, 0]
    for node in nodes:
        wide = WIDE**node.level
        low = node.number * wide
        assert node.hashed == tree.root_of(HASHES[low : low + wide])
    assert edge.root() == tree.root_of(HASHES)


def test_full_tiles_are_appended_by_their_roots_alone() -> None:
    tiles = [full_root(HASHES[at : at + WIDE]) for at in range(0, 257 * WIDE, WIDE)]
    edge = Edge()
    assert edge.extend(tiles[:256], 1)[-1] == Node(2, 0, tree.root_of(HASHES[: WIDE * WIDE]))
    assert edge.root() == tree.root_of(HASHES[: 256 * WIDE])
    edge.extend(HASHES[256 * WIDE : 256 * WIDE + 1])
    with pytest.raises(ValueError, match="has been begun"):
        edge.extend(tiles[:1], 1)


def test_a_copy_grows_by_itself() -> None:
    edge = Edge()
    edge.extend(HASHES[:300])
    copy = edge.copy()
    copy.extend(HASHES[300:400])
    assert (edge.size, copy.size) == (300, 400)
    assert edge.root() == tree.root_of(HASHES[:300])


def test_no_row_of_an_edge_holds_a_full_tile() -> None:
    with pytest.raises(ValueError, match="at most 255"):
        Edge([HASHES[:256]])
