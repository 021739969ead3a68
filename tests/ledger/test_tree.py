from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hegui.ledger import tree

LEAVES = [tree.leaf_hash(str(n).encode()) for n in range(256)]


def naive_root(hashes: list[bytes]) -> bytes:
    """The definition in RFC 9162 section 2.1.1, word for word."""
    if not hashes:
        return sha256().digest()
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return sha256(b"\x01" + naive_root(hashes[:k]) + naive_root(hashes[k:])).digest()


ROOTS = [naive_root(LEAVES[:size]) for size in range(257)]


def test_the_known_hashes_of_rfc_6962_hold() -> None:
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert tree.EMPTY_ROOT.hex() == empty
    assert (
        tree.leaf_hash(b"").hex()
        == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    )


def test_the_frontier_gives_the_root_of_the_definition_for_every_size_to_256() -> None:
    frontier = tree.Frontier()
    assert frontier.root() == ROOTS[0]
    for size, hashed in enumerate(LEAVES, start=1):
        frontier.push(hashed)
        assert frontier.root() == ROOTS[size]
        assert tree.Frontier.from_bytes(size, frontier.to_bytes()).root() == ROOTS[size]


def test_a_frontier_read_back_goes_on_as_if_it_had_never_stopped() -> None:
    for size in range(256):
        frontier = tree.Frontier()
        for hashed in LEAVES[:size]:
            frontier.push(hashed)
        again = tree.Frontier.from_bytes(size, frontier.to_bytes())
        again.push(LEAVES[size])
        assert again.root() == ROOTS[size + 1]


@pytest.mark.parametrize(
    ("size", "length"), [(0, 32), (1, 0), (1, 31), (1, 33), (3, 32), (4, 64), (-1, 0)]
)
def test_a_frontier_of_the_wrong_length_is_refused(size: int, length: int) -> None:
    with pytest.raises(ValueError, match=f"{size} leaves"):
        tree.Frontier.from_bytes(size, bytes(length))


def test_every_inclusion_proof_to_64_holds_and_holds_nowhere_else() -> None:
    subtree = tree.subtrees_of(LEAVES)
    for size in range(1, 65):
        root = ROOTS[size]
        for index in range(size):
            proof = tree.inclusion_proof(index, size, subtree)
            assert tree.included(LEAVES[index], index, size, proof, root)
            assert not tree.included(LEAVES[index - 1], index, size, proof, root) or size == 1
            assert not tree.included(LEAVES[index], index, size, [*proof, root], root)
            assert not proof or not tree.included(LEAVES[index], index, size, proof[:-1], root)
            assert not tree.included(LEAVES[index], size, size, proof, root)


def test_every_consistency_proof_to_64_holds_and_no_other_root_passes() -> None:
    subtree = tree.subtrees_of(LEAVES)
    for size in range(1, 65):
        for old in range(1, size + 1):
            proof = tree.consistency_proof(old, size, subtree)
            assert tree.consistent(old, size, ROOTS[old], ROOTS[size], proof)
            assert not tree.consistent(old, size, ROOTS[old - 1], ROOTS[size], proof)
            assert not tree.consistent(old, size, ROOTS[old], ROOTS[size - 1], proof)
            assert not tree.consistent(old, size, ROOTS[old], ROOTS[size], [*proof, ROOTS[1]])


@given(st.integers(65, 256), st.data())
def test_proofs_hold_for_larger_trees(size: int, data: st.DataObject) -> None:
    subtree = tree.subtrees_of(LEAVES)
    index = data.draw(st.integers(0, size - 1))
    old = data.draw(st.integers(1, size))
    inclusion = tree.inclusion_proof(index, size, subtree)
    assert tree.included(LEAVES[index], index, size, inclusion, ROOTS[size])
    consistency = tree.consistency_proof(old, size, subtree)
    assert tree.consistent(old, size, ROOTS[old], ROOTS[size], consistency)
    if consistency:
        place = data.draw(st.integers(0, len(consistency) - 1))
        changed = bytearray(consistency[place])
        changed[data.draw(st.integers(0, 31))] ^= 1
        consistency[place] = bytes(changed)
        assert not tree.consistent(old, size, ROOTS[old], ROOTS[size], consistency)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (-1, 4), (4, 4)])
def test_no_proof_is_made_of_what_is_not_there(index: int, size: int) -> None:
    subtree = tree.subtrees_of(LEAVES)
    with pytest.raises(ValueError, match="no leaf"):
        tree.inclusion_proof(index, size, subtree)
    with pytest.raises(ValueError, match="does not extend"):
        tree.consistency_proof(0, size, subtree)
