"""Every kind of tampering, done to a copy of a log's folder."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from shutil import rmtree
from typing import NamedTuple

from hegui.ledger import proof, tiles, tree
from hegui.ledger.note import Checkpoint, Signer, open_checkpoint
from interop.logfolder import ORIGIN, SIGNER, head_over

Tamper = Callable[[Path], None]


class Kind(NamedTuple):
    """A kind of tampering: its name, the claim, and how it is done."""

    name: str
    claim: str
    do: Tamper


@contextmanager
def copied(folder: Path, room: Path) -> Iterator[Path]:
    """Give a copy whose files are links: ``_put`` replaces, so that the original stays."""
    copy = room / "tampered"
    for at, _, names in os.walk(folder):
        here = copy / Path(at).relative_to(folder)
        here.mkdir(parents=True)
        for name in names:
            os.link(Path(at) / name, here / name)
    try:
        yield copy
    finally:
        rmtree(copy)


def _put(path: Path, data: bytes) -> None:
    path.unlink(missing_ok=True)
    path.write_bytes(data)


def _head(folder: Path) -> Checkpoint:
    return open_checkpoint((folder / "checkpoint").read_text(encoding="utf-8"), SIGNER.vkey)


def _bundle(folder: Path, n: int) -> tuple[Path, list[bytes]]:
    path = folder / tiles.bundle_path(n, tiles.width_at(0, n, _head(folder).size))
    return path, tiles.read_bundle(path.read_bytes())


def _hashes(folder: Path) -> list[bytes]:
    size = _head(folder).size
    found: list[bytes] = []
    for n in range(-(-size // tiles.WIDTH)):
        width = tiles.width_at(0, n, size)
        found += tiles.read_tile((folder / tiles.tile_path(0, n, width)).read_bytes(), width)
    return found


def _shorten(folder: Path, place: tiles.Place, wider: tiles.Place) -> None:
    """Write the partial tile or bundle that a smaller log has in a place."""
    data = (folder / wider.path).read_bytes()
    if place.level is None:
        shorter = tiles.bundle(tiles.read_bundle(data)[: place.width])
    else:
        shorter = data[: place.width * tree.HASH_BYTES]
    (folder / place.path).parent.mkdir(parents=True, exist_ok=True)
    _put(folder / place.path, shorter)


def _flip(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    _put(path, bytes(data))


def changed_leaf(folder: Path) -> None:
    """Change one bit of an entry."""
    path, entries = _bundle(folder, 1)
    entries[77] = entries[77][:-2] + bytes([entries[77][-2] ^ 1]) + entries[77][-1:]
    _put(path, tiles.bundle(entries))


def changed_leaf_and_tile(folder: Path) -> None:
    """Change an entry, and its hash in the tile with it."""
    changed_leaf(folder)
    path = folder / tiles.tile_path(0, 1)
    hashes = tiles.read_tile(path.read_bytes())
    hashes[77] = tree.leaf_hash(_bundle(folder, 1)[1][77])
    _put(path, b"".join(hashes))


def changed_tile(folder: Path) -> None:
    """Change one bit of a tile of level 0."""
    _flip(folder / tiles.tile_path(0, 0), 4_000)


def changed_upper_tile(folder: Path) -> None:
    """Change one bit of a tile of level 1."""
    width = tiles.width_at(1, 0, _head(folder).size)
    _flip(folder / tiles.tile_path(1, 0, width), 40)


def swapped_entries(folder: Path) -> None:
    """Swap two entries."""
    path, entries = _bundle(folder, 0)
    entries[3], entries[4] = entries[4], entries[3]
    _put(path, tiles.bundle(entries))


def swapped_entries_and_hashes(folder: Path) -> None:
    """Swap two entries, and their hashes in the tile with them."""
    swapped_entries(folder)
    path = folder / tiles.tile_path(0, 0)
    hashes = tiles.read_tile(path.read_bytes())
    hashes[3], hashes[4] = hashes[4], hashes[3]
    _put(path, b"".join(hashes))


def shortened(folder: Path) -> None:
    """Take the last entry away, and its hash."""
    size = _head(folder).size
    n = (size - 1) // tiles.WIDTH
    width = tiles.width_at(0, n, size)
    path, entries = _bundle(folder, n)
    tile = folder / tiles.tile_path(0, n, width)
    if width == 1:
        path.unlink()
        tile.unlink()
        return
    _put(path, tiles.bundle(entries[:-1]))
    _put(tile, tile.read_bytes()[: -tree.HASH_BYTES])


def rolled_back(folder: Path) -> None:
    """Show an older head as the newest, beside one that was signed later."""
    older = max((folder / "older").iterdir(), key=lambda path: int(path.name))
    newest, size = (folder / "checkpoint").read_bytes(), _head(folder).size
    for place in tiles.places_of(int(older.name), entries=True):
        if not (folder / place.path).exists():
            wider = tiles.width_at(place.level or 0, place.n, size)
            _shorten(folder, place, tiles.Place(place.level, place.n, wider))
    for path in (folder / "proofs").iterdir():
        path.unlink()  # they show the newest head, and would give it away
    _put(folder / "checkpoint", older.read_bytes())
    _put(folder / "older" / "later", newest)


def forged_head(folder: Path) -> None:
    """Sign a head over changed entries with another key of the same name."""
    hashes = _hashes(folder)
    hashes[333] = tree.leaf_hash(b"never happened")
    _put(folder / "checkpoint", head_over(hashes, Signer(ORIGIN, b"f" * 32)).encode())


def edited_head(folder: Path) -> None:
    """Change the size in the head and leave the signature."""
    text = (folder / "checkpoint").read_text(encoding="utf-8")
    size = _head(folder).size
    _put(folder / "checkpoint", text.replace(f"\n{size}\n", f"\n{size - 1}\n", 1).encode())


def two_heads(folder: Path) -> None:
    """Let the log itself sign a second history of the same size."""
    hashes = _hashes(folder)
    hashes[333] = tree.leaf_hash(b"never happened")
    _put(folder / "older" / "second", head_over(hashes).encode())


def two_heads_apart(folder: Path) -> None:
    """Let the log itself sign a second history that is shorter."""
    hashes = _hashes(folder)[:-5]
    hashes[333] = tree.leaf_hash(b"never happened")
    _put(folder / "older" / "second", head_over(hashes).encode())


def changed_inclusion_proof(folder: Path) -> None:
    """Change one hash of a proof file."""
    path = next(iter(sorted((folder / "proofs").glob("*.tlog-proof"))))
    read = proof.read(path.read_text(encoding="utf-8"))
    hashes = list(read.hashes)
    hashes[2] = bytes([hashes[2][0] ^ 1]) + hashes[2][1:]
    _put(path, proof.write(read.index, hashes, read.checkpoint).encode())


def proof_of_another(folder: Path) -> None:
    """Pass one entry's proof off as its neighbour's."""
    path = folder / "proofs" / "0.tlog-proof"
    read = proof.read(path.read_text(encoding="utf-8"))
    _put(path, proof.write(1, read.hashes, read.checkpoint).encode())


def changed_consistency_proof(folder: Path) -> None:
    """Change one hash of a consistency proof."""
    path = folder / "proofs" / f"{_head(folder).size // 3}.consistency"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    Random(1).shuffle(lines)
    lines[0], lines[-1] = lines[-1], lines[0]
    _put(path, "".join(lines[::-1][:-1]).encode())


_ALL: tuple[Tamper, ...] = (
    changed_leaf,
    changed_leaf_and_tile,
    changed_tile,
    changed_upper_tile,
    swapped_entries,
    swapped_entries_and_hashes,
    shortened,
    rolled_back,
    forged_head,
    edited_head,
    two_heads,
    two_heads_apart,
    changed_inclusion_proof,
    proof_of_another,
    changed_consistency_proof,
)
KINDS = tuple(Kind(do.__name__.replace("_", " "), str(do.__doc__), do) for do in _ALL)
