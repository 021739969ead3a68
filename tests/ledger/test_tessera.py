"""A log that Tessera, another implementation of C2SP's formats, wrote and signed.

Our readers accept it whole, and refuse it after each kind of tampering.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from hegui.ledger import proof, tiles, tree
from hegui.ledger.note import Checkpoint, Signer, open_checkpoint
from hegui.terms import Corrupt

FOLDER = Path(__file__).parent / "fixtures" / "tessera"
VKEY = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"
# spelt as Tessera's build_log.sh spells them
WORDS = "one two three four five six seven eit nain ten ileven twelf threeten fourten fivten"
ENTRIES = [word.encode() for word in WORDS.split()]
SIZES = [0, 1, 2, 3, 4, 7, 8, 12, 14, 15]

Files = dict[str, bytes]


def head(size: int) -> str:
    return (FOLDER / f"checkpoint.{size}").read_text(encoding="utf-8")


def folder_of(entries: list[bytes]) -> Files:
    """Lay a log of fewer than 256 entries out as Tessera lays it out."""
    hashes = b"".join(tree.leaf_hash(entry) for entry in entries)
    return {
        tiles.tile_path(0, 0, len(entries)): hashes,
        tiles.bundle_path(0, len(entries)): tiles.bundle(entries),
        "checkpoint": head(15).encode(),
    }


def check(files: Files, older: str = "") -> Checkpoint:
    """Check a folder as a reader does who trusts nothing but the key."""
    signed = open_checkpoint(files["checkpoint"].decode(), VKEY)
    width = signed.size
    try:
        hashes = tiles.read_tile(files[tiles.tile_path(0, 0, width)], width)
        entries = tiles.read_bundle(files[tiles.bundle_path(0, width)], width)
    except KeyError as error:
        raise Corrupt(proof._NOT_INCLUDED) from error
    log = tiles.TileTree(width, lambda _level, start, end: hashes[start:end])
    for index, entry in enumerate(entries):
        path = proof.write(index, log.inclusion(index), files["checkpoint"].decode())
        proof.read(path).check(entry, VKEY)
    if older:
        old = open_checkpoint(older, VKEY)
        steps = log.consistency(old.size) if old.size else []
        if old.size and not tree.consistent(old.size, width, old.root, signed.root, steps):
            raise Corrupt(proof._NOT_INCLUDED)
    return signed


@pytest.mark.parametrize("size", SIZES)
def test_every_head_that_tessera_signed_is_the_root_of_its_entries(size: int) -> None:
    signed = open_checkpoint(head(size), VKEY)
    assert signed.size == size
    assert signed.root == tree.root_of(tree.leaf_hash(entry) for entry in ENTRIES[:size])


@pytest.mark.parametrize("size", SIZES)
def test_the_whole_log_is_accepted_and_extends_every_older_head(size: int) -> None:
    assert check(folder_of(ENTRIES), head(size)).size == 15


def swapped() -> Files:
    entries = list(ENTRIES)
    entries[3], entries[4] = entries[4], entries[3]
    return folder_of(entries)


def changed_leaf() -> Files:
    return folder_of([*ENTRIES[:6], b"SEVEN", *ENTRIES[7:]])


def changed_leaf_under_the_right_tile() -> Files:
    entries = [*ENTRIES[:6], b"SEVEN", *ENTRIES[7:]]
    return {**folder_of(ENTRIES), tiles.bundle_path(0, 15): tiles.bundle(entries)}


def changed_tile() -> Files:
    files = folder_of(ENTRIES)
    path = tiles.tile_path(0, 0, 15)
    return {**files, path: files[path][:40] + bytes([files[path][40] ^ 1]) + files[path][41:]}


def shortened() -> Files:
    return {**folder_of(ENTRIES[:14]), "checkpoint": head(15).encode()}


def shortened_inside() -> Files:
    files = folder_of(ENTRIES)
    path = tiles.bundle_path(0, 15)
    return {**files, path: files[path][:-1]}


def forged_head() -> Files:
    signer = Signer("example.com/log/testdata", b"x" * 32)
    entries = [*ENTRIES[:6], b"SEVEN", *ENTRIES[7:]]
    root = tree.root_of(tree.leaf_hash(entry) for entry in entries)
    forged = signer.sign(Checkpoint(signer.name, 15, root).text())
    return {**folder_of(entries), "checkpoint": forged.encode()}


def relabelled_head() -> Files:
    return {**folder_of(ENTRIES), "checkpoint": head(15).replace("\n15\n", "\n14\n").encode()}


@pytest.mark.parametrize(
    "tampered",
    [
        swapped,
        changed_leaf,
        changed_leaf_under_the_right_tile,
        changed_tile,
        shortened,
        shortened_inside,
        forged_head,
        relabelled_head,
    ],
)
def test_every_kind_of_tampering_is_refused(tampered: Callable[[], Files]) -> None:
    with pytest.raises(Corrupt):
        check(tampered())


def test_two_heads_of_one_size_are_not_consistent() -> None:
    signed = open_checkpoint(head(8), VKEY)
    hashes = [tree.leaf_hash(entry) for entry in ENTRIES]
    other = tree.root_of([*hashes[:6], tree.leaf_hash(b"SEVEN"), hashes[7]])
    steps = tree.consistency_proof(8, 15, tree.subtrees_of(hashes))
    newest = open_checkpoint(head(15), VKEY)
    assert tree.consistent(8, 15, signed.root, newest.root, steps)
    assert not tree.consistent(8, 15, other, newest.root, steps)
    assert not tree.consistent(8, 8, other, signed.root, [])
