from functools import cache
from hashlib import sha256

import pytest
from hypothesis import given, settings
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


def naive_path(index: int, start: int, end: int) -> list[bytes]:
    """PATH(m, D[n]) of RFC 6962 section 2.1.1, word for word, over LEAVES."""
    if end - start == 1:
        return []
    k = 1
    while k * 2 < end - start:
        k *= 2
    if index < k:
        return [*naive_path(index, start, start + k), known(start + k, end)]
    return [*naive_path(index - k, start + k, end), known(start, start + k)]


def naive_proof(old: int, start: int, end: int, whole: bool = True) -> list[bytes]:  # noqa: FBT001, FBT002 - the definition's b
    """SUBPROOF(m, D[n], b) of RFC 6962 section 2.1.2, word for word, over LEAVES."""
    if old == end - start:
        return [] if whole else [known(start, end)]
    k = 1
    while k * 2 < end - start:
        k *= 2
    if old <= k:
        return [*naive_proof(old, start, start + k, whole), known(start + k, end)]
    return [*naive_proof(old - k, start + k, end, whole=False), known(start, start + k)]


@cache
def known(start: int, end: int) -> bytes:
    return naive_root(LEAVES[start:end])


def test_every_inclusion_proof_to_256_is_the_definitions_and_holds_nowhere_else() -> None:
    for size in range(1, 257):
        root = ROOTS[size]
        for index in range(size):
            proof = tree.inclusion_proof(index, size, known)
            assert proof == naive_path(index, 0, size)
            assert tree.included(LEAVES[index], index, size, proof, root)
            assert not tree.included(LEAVES[index - 1], index, size, proof, root) or size == 1
            if size <= 64:
                assert not tree.included(LEAVES[index], index, size, [*proof, root], root)
                assert not proof or not tree.included(LEAVES[index], index, size, proof[:-1], root)
                assert not tree.included(LEAVES[index], size, size, proof, root)


def test_every_consistency_proof_to_256_is_the_definitions_and_no_other_root_passes() -> None:
    for size in range(1, 257):
        for old in range(1, size + 1):
            proof = tree.consistency_proof(old, size, known)
            assert proof == naive_proof(old, 0, size)
            assert tree.consistent(old, size, ROOTS[old], ROOTS[size], proof)
            assert not tree.consistent(old, size, ROOTS[old - 1], ROOTS[size], proof)
            if size <= 64:
                assert not tree.consistent(old, size, ROOTS[old], ROOTS[size - 1], proof)
                assert not tree.consistent(old, size, ROOTS[old], ROOTS[size], [*proof, ROOTS[1]])


@settings(max_examples=60, deadline=None)
@given(st.integers(257, 5_000), st.data())
def test_proofs_hold_for_larger_trees_and_a_changed_one_does_not(
    size: int, data: st.DataObject
) -> None:
    hashes = [tree.leaf_hash(n.to_bytes(3, "big")) for n in range(size)]
    subtree = tree.subtrees_of(hashes)
    index = data.draw(st.integers(0, size - 1))
    old = data.draw(st.integers(1, size))
    root, root_before = naive_root(hashes), naive_root(hashes[:old])
    inclusion = tree.inclusion_proof(index, size, subtree)
    assert tree.included(hashes[index], index, size, inclusion, root)
    assert not tree.included(hashes[index], (index + 1) % size, size, inclusion, root)
    consistency = tree.consistency_proof(old, size, subtree)
    assert tree.consistent(old, size, root_before, root, consistency)
    if consistency:
        place = data.draw(st.integers(0, len(consistency) - 1))
        changed = bytearray(consistency[place])
        changed[data.draw(st.integers(0, 31))] ^= 1
        consistency[place] = bytes(changed)
        assert not tree.consistent(old, size, root_before, root, consistency)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (-1, 4), (4, 4)])
def test_no_proof_is_made_of_what_is_not_there(index: int, size: int) -> None:
    subtree = tree.subtrees_of(LEAVES)
    with pytest.raises(ValueError, match="no leaf"):
        tree.inclusion_proof(index, size, subtree)
    with pytest.raises(ValueError, match="does not extend"):
        tree.consistency_proof(0, size, subtree)
