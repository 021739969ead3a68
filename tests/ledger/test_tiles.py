"""The tiles against the specification's own words and figures, and against a naive model."""

from hashlib import sha256
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hegui.ledger import tiles, tree
from hegui.terms import Corrupt

MOST = 600
LEAVES = [tree.leaf_hash(str(n).encode()) for n in range(MOST)]


def naive_root(hashes: list[bytes]) -> bytes:
    """MTH of RFC 6962 section 2.1, word for word."""
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return sha256(b"\x01" + naive_root(hashes[:k]) + naive_root(hashes[k:])).digest()


def naive_level(leaves: list[bytes], level: int) -> list[bytes]:
    """``MTH(D[i * 256**l : (i + 1) * 256**l])`` for every i, as the specification puts it."""
    step = 256**level
    return [naive_root(leaves[at : at + step]) for at in range(0, len(leaves) // step * step, step)]


class Model:
    """A log's hashes, worked out from the definition and kept."""

    def __init__(self, leaves: list[bytes]) -> None:
        self.levels = [naive_level(leaves, level) for level in range(4)]

    def __call__(self, level: int, start: int, end: int) -> list[bytes]:
        assert start // 256 == (end - 1) // 256
        assert end <= len(self.levels[level])
        return self.levels[level][start:end]


@pytest.mark.parametrize(
    ("level", "n", "width", "path"),
    [
        (0, 1234067, 256, "tile/0/x001/x234/067"),
        (0, 0, 256, "tile/0/000"),
        (1, 999, 256, "tile/1/999"),
        (2, 1000, 17, "tile/2/x001/000.p/17"),
        (63, 273, 112, "tile/63/273.p/112"),
    ],
)
def test_paths_are_those_of_the_specification(level: int, n: int, width: int, path: str) -> None:
    assert tiles.tile_path(level, n, width) == path
    assert tiles.read_path(path) == tiles.Place(level, n, width)
    entries = path.replace(f"tile/{level}/", "tile/entries/", 1)
    assert tiles.bundle_path(n, width) == entries
    assert tiles.read_path(entries) == tiles.Place(None, n, width)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile/0",
        "tile/0/",
        "tile/0/0",
        "tile/0/0000",
        "tile/00/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/0/-01",
        "tile/0/x000/001",
        "tile/0/001/002",
        "tile/0/x001",
        "tile/0/x001/x234/067/",
        "tile/0/000.p/0",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000.p/999",
        "tile/0/000.p/",
        "tile/0/000.p/1/",
        "tile/0/٠٠٠",
        "tile/0/000\n",
        "tile/data/000",
        "tile/entries/0",
        "tile/0/../../checkpoint",
        "tile/0/x999/x999/x999/x999/x999/x999/999",
        "tile/0/x001/x000/x000/x000/x000/x000/x000/000",
    ],
)
def test_what_is_not_the_one_way_to_write_a_place_is_no_place(path: str) -> None:
    assert tiles.read_path(path) is None


@given(st.integers(0, 63), st.integers(0, tiles.MOST_SIZE), st.integers(1, 256))
def test_every_place_is_read_back_from_its_path(level: int, n: int, width: int) -> None:
    for place in (tiles.Place(level, n, width), tiles.Place(None, n, width)):
        assert tiles.read_path(place.path) == place


@pytest.mark.parametrize(("level", "n", "width"), [(64, 0, 1), (-1, 0, 1), (0, -1, 1), (0, 0, 0)])
def test_there_is_no_path_to_what_cannot_be(level: int, n: int, width: int) -> None:
    with pytest.raises(ValueError, match="there is no tile"):
        tiles.tile_path(level, n, width)


def test_a_log_of_70_000_entries_has_the_tiles_that_the_specification_counts() -> None:
    places = list(tiles.places_of(70_000))
    full = [place for place in places if place.width == 256]
    assert [sum(place.level == level for place in full) for level in range(3)] == [273, 1, 0]
    partial = [(place.level, place.width) for place in places if place.width < 256]
    assert partial == [(0, 112), (1, 17), (2, 1)]


def test_a_log_of_256_entries_has_a_full_tile_and_above_it_one_of_width_1() -> None:
    assert [place.path for place in tiles.places_of(256, entries=True)] == [
        "tile/0/000",
        "tile/1/000.p/1",
        "tile/entries/000",
    ]


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_what_a_log_has_and_what_it_had_leave_nothing_out(one: int, other: int) -> None:
    old, size = sorted((one, other))
    before, now = set(tiles.places_of(old)), set(tiles.places_of(size))
    new = set(tiles.places_of(size, since=old))
    assert new <= now
    assert now - new <= {place for place in before if place.width == 256}


def test_tiles_of_every_size_to_600_give_the_root_of_the_definition() -> None:
    frontier = tree.Frontier()
    for size in range(1, MOST + 1):
        frontier.push(LEAVES[size - 1])
        log = tiles.TileTree(size, Model(LEAVES[:size]) if size % 97 == 0 else _quick(size))
        assert log.root() == frontier.root()


def _quick(size: int) -> tiles.Hashes:
    def hashes(level: int, start: int, end: int) -> list[bytes]:
        assert end <= size >> (8 * level)
        return LEVELS[level][start:end]

    return hashes


LEVELS = [naive_level(LEAVES, level) for level in range(2)]


def test_proofs_from_tiles_are_those_of_the_tree_for_every_size_to_600() -> None:
    subtree = tree.subtrees_of(LEAVES)
    chance = Random(600)
    for size in range(1, MOST + 1):
        log = tiles.TileTree(size, _quick(size))
        for index in {0, size - 1, size // 2, chance.randrange(size)}:
            assert log.inclusion(index) == tree.inclusion_proof(index, size, subtree)
        for old in {1, size, (size + 1) // 2, chance.randrange(size) + 1}:
            assert log.consistency(old) == tree.consistency_proof(old, size, subtree)


BIG = [tree.leaf_hash(n.to_bytes(4, "big")) for n in range(70_000)]
BIG_LEVELS = [BIG]
while len(BIG_LEVELS[-1]) >= 256:
    below = BIG_LEVELS[-1]
    BIG_LEVELS.append(
        [tree.root_of(below[at : at + 256]) for at in range(0, len(below) - 255, 256)]
    )


@settings(deadline=None)
@given(st.integers(601, 70_000), st.data())
def test_proofs_from_tiles_hold_for_larger_logs(size: int, data: st.DataObject) -> None:
    def hashes(level: int, start: int, end: int) -> list[bytes]:
        assert end <= size >> (8 * level)
        return BIG_LEVELS[level][start:end]

    log = tiles.TileTree(size, hashes)
    root = log.root()
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    assert tree.included(BIG[index], index, size, log.inclusion(index), root)
    assert tree.consistent(old, size, log.subtree(0, old), root, log.consistency(old))
    if index % 8 == 0:  # a slow check, now and then
        assert root == tree.root_of(BIG[:size])


@pytest.mark.parametrize(("start", "end"), [(-1, 3), (3, 2), (0, 601), (1, 3), (2, 5), (256, 513)])
def test_what_is_no_subtree_of_the_log_has_no_root(start: int, end: int) -> None:
    with pytest.raises(ValueError, match=r"has none of|is no subtree"):
        tiles.TileTree(MOST, _quick(MOST)).subtree(start, end)


@given(st.lists(st.binary(min_size=1, max_size=300), min_size=1, max_size=256))
def test_a_bundle_is_read_back_as_it_was(leaves: list[bytes]) -> None:
    data = tiles.bundle(leaves)
    assert data[:2] == len(leaves[0]).to_bytes(2, "big")
    assert tiles.read_bundle(data, len(leaves)) == tiles.read_bundle(data) == leaves


def test_the_largest_leaf_fits_and_one_byte_more_does_not() -> None:
    assert tiles.read_bundle(tiles.bundle([bytes(65_535)])) == [bytes(65_535)]
    with pytest.raises(ValueError, match="65536 bytes has no place"):
        tiles.bundle([bytes(65_536)])


@pytest.mark.parametrize("leaves", [[], [b"x"] * 257, [b"x", b""]])
def test_no_bundle_is_made_of_too_few_too_many_or_pruned_leaves(leaves: list[bytes]) -> None:
    with pytest.raises(ValueError, match=r"holds 1 to 256|no place"):
        tiles.bundle(leaves)


def test_a_bundle_cut_off_anywhere_is_refused_and_says_where() -> None:
    data = tiles.bundle([b"one", b"second", b"x" * 300])
    for cut in range(len(data)):
        with pytest.raises(Corrupt, match=r"is cut off|leaves, 3 were expected"):
            tiles.read_bundle(data[:cut], 3)
    with pytest.raises(Corrupt, match="leaf 1, at byte 5, is cut off"):
        tiles.read_bundle(data[:10])


@pytest.mark.parametrize(
    ("data", "width", "said"),
    [
        (b"\x00\x01a" * 257, None, "after 256 leaves, 3 bytes are left over"),
        (b"\x00\x01a" * 3, 2, "after 2 leaves, 3 bytes are left over"),
        (b"\x00\x01a" * 2, 3, "holds 2 leaves, 3 were expected"),
        (b"", None, "holds 0 leaves"),
        (b"\xff\xffshort", 1, "leaf 0, at byte 0, is cut off"),
        (b"\x00", 1, "leaf 0, at byte 0, is cut off"),
    ],
)
def test_a_hostile_bundle_is_refused_with_what_and_where(
    data: bytes, width: int | None, said: str
) -> None:
    with pytest.raises(Corrupt, match=said):
        tiles.read_bundle(data, width)


@pytest.mark.parametrize("length", [0, 1, 8_191, 8_193, 8_160, 8_224])
def test_a_tile_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(Corrupt, match=f"256 hashes are 8192 bytes, and it has {length}"):
        tiles.read_tile(bytes(length))


def test_a_partial_tile_is_read_as_wide_as_its_path_says() -> None:
    assert tiles.read_tile(bytes(96), 3) == [bytes(32)] * 3
