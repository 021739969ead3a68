"""hegui's own readers on the same folder, trusting nothing but the key."""

from base64 import b64decode
from pathlib import Path

from hegui.ledger import proof, tiles, tree
from hegui.ledger.note import Checkpoint, open_checkpoint
from hegui.terms import Corrupt, HeguiError, Words


def _wrong(what: str) -> Corrupt:
    return Corrupt(Words(what, what))


class _Folder:
    """The tiles of a folder, each checked against the one above it when the log is walked."""

    def __init__(self, root: Path, head: Checkpoint) -> None:
        self.root, self.head = root, head
        self.tree = tiles.TileTree(head.size, self.hashes)

    def hashes(self, level: int, start: int, end: int) -> list[bytes]:
        n = start // tiles.WIDTH
        width = tiles.width_at(level, n, self.head.size)
        data = (self.root / tiles.tile_path(level, n, width)).read_bytes()
        low = n * tiles.WIDTH
        return tiles.read_tile(data, width)[start - low : end - low]

    def bundle(self, n: int) -> list[bytes]:
        width = tiles.width_at(0, n, self.head.size)
        return tiles.read_bundle((self.root / tiles.bundle_path(n, width)).read_bytes(), width)


def read(root: Path) -> str:
    """Return an empty string when everything in the folder holds, else why not."""
    try:
        _check(root)
    except (HeguiError, OSError, ValueError) as error:
        return str(error)
    return ""


def _check(root: Path) -> None:
    vkey = (root / "vkey").read_text(encoding="utf-8").strip()
    head = open_checkpoint((root / "checkpoint").read_text(encoding="utf-8"), vkey)
    folder = _Folder(root, head)
    _check_older(folder, vkey)
    _check_proofs(folder, vkey)
    _check_tiles(folder)
    _check_entries(folder)


def _check_entries(folder: _Folder) -> None:
    head = folder.head
    frontier = tree.Frontier()
    for n in range(-(-head.size // tiles.WIDTH)):
        start = n * tiles.WIDTH
        stored = folder.hashes(0, start, start + tiles.width_at(0, n, head.size))
        for place, entry in enumerate(folder.bundle(n)):
            if tree.leaf_hash(entry) != stored[place]:
                raise _wrong(f"entry {start + place} is not the one that was logged")
            frontier.push(stored[place])
    if frontier.root() != head.root or folder.tree.root() != head.root:
        raise _wrong("the tiles do not add up to the signed root")


def _check_tiles(folder: _Folder) -> None:
    for place in tiles.places_of(folder.head.size):
        if not place.level:
            continue
        start = place.n * tiles.WIDTH
        for idx, hashed in enumerate(folder.hashes(place.level, start, start + place.width), start):
            below = folder.hashes(place.level - 1, idx * tiles.WIDTH, (idx + 1) * tiles.WIDTH)
            if tree.root_of(below) != hashed:
                raise _wrong(f"hash {idx} of level {place.level} does not fit the tile below")


def _check_older(folder: _Folder, vkey: str) -> None:
    head = folder.head
    for path in sorted((folder.root / "older").iterdir()):
        older = open_checkpoint(path.read_text(encoding="utf-8"), vkey)
        if older.size > head.size:
            raise _wrong(f"a head of {older.size} entries was signed before that of {head.size}")
        given = folder.root / "proofs" / f"{older.size}.consistency"
        proofs = [folder.tree.consistency(older.size)]
        if given.exists():
            proofs.append([b64decode(line) for line in given.read_text().splitlines()])
        for each in proofs:
            if not tree.consistent(older.size, head.size, older.root, head.root, each):
                raise _wrong(f"the head of {older.size} entries is not consistent with this one")


def _check_proofs(folder: _Folder, vkey: str) -> None:
    for path in sorted((folder.root / "proofs").glob(f"*{proof.SUFFIX}")):
        read_back = proof.read(path.read_text(encoding="utf-8"))
        entry = folder.bundle(read_back.index // tiles.WIDTH)[read_back.index % tiles.WIDTH]
        read_back.check(entry, vkey)
