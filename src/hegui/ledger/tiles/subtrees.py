"""Proofs from tiles: any subtree's root from at most a tile per level."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Protocol

from hegui.ledger.tiles.places import HEIGHT, WIDTH, width_at
from hegui.ledger.tree import (
    EMPTY_ROOT,
    HASH_BYTES,
    consistency_proof,
    inclusion_proof,
    node_hash,
)
from hegui.terms import Corrupt, Words

_KEPT_TILES = 64

_BROKEN = Words(
    en="This is not a tile (C2SP tlog-tiles): {width} hashes are {expected} bytes, and it has"
    " {size}. Fetch it again, or ask who gave it.",
    zh="这不是哈希分片（C2SP tlog-tiles）：{width} 个哈希应为 {expected} 字节，实有 {size} 字节。"
    "请重新获取，或询问提供者。",
)


class Hashes(Protocol):
    """Any way to read a log's hashes: a database, a folder, another machine."""

    def __call__(self, level: int, start: int, end: int) -> Sequence[bytes]:
        """Return the roots ``[start, end)`` of the complete subtrees of ``256**level`` leaves.

        All lie within one tile, and below the log's size.
        """


def read_tile(data: bytes, width: int = WIDTH) -> list[bytes]:
    """Return the hashes of a tile; ``Corrupt`` where its length is not ``width`` times 32."""
    if len(data) != width * HASH_BYTES:
        expected = width * HASH_BYTES
        raise Corrupt(_BROKEN.fill(width=width, expected=expected, size=len(data)))
    return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]


class TileTree:
    """A tree of ``size`` leaves that is read a tile at a time; the last 64 tiles are kept.

    The hashes are taken as they are read: check a proof against a signed root, not this object.
    """

    def __init__(self, size: int, hashes: Hashes) -> None:
        self.size = size
        self._hashes = hashes
        self._kept: OrderedDict[tuple[int, int], list[list[bytes]]] = OrderedDict()

    def subtree(self, start: int, end: int) -> bytes:
        """Return the root over the leaves ``[start, end)``: a ``tree.Subtree``.

        ``ValueError`` unless ``start`` is a multiple of the power of two that covers the range, as
        it is in every proof.
        """
        length = end - start
        if not 0 <= start <= end <= self.size:
            raise ValueError(f"a tree of {self.size} leaves has none of [{start}, {end})")
        if length == 0:
            return EMPTY_ROOT
        if start & (1 << (length - 1).bit_length()) - 1:
            raise ValueError(f"[{start}, {end}) is no subtree")
        root = None
        while length:  # from the right: the complete subtrees that the range falls into
            width = length & -length
            left = self._complete(start + length - width, width)
            root = left if root is None else node_hash(left, root)
            length -= width
        return root or EMPTY_ROOT

    def root(self) -> bytes:
        """Return the root over all leaves."""
        return self.subtree(0, self.size)

    def inclusion(self, index: int) -> list[bytes]:
        """Return the proof that leaf ``index`` is in this tree (RFC 9162, 2.1.3.1)."""
        return inclusion_proof(index, self.size, self.subtree)

    def consistency(self, old: int) -> list[bytes]:
        """Return the proof that the tree of ``old`` leaves begins this one (2.1.4.1)."""
        return consistency_proof(old, self.size, self.subtree)

    def _complete(self, start: int, width: int) -> bytes:
        """Return the root of a complete subtree: it lies within one tile."""
        level, above = divmod(width.bit_length() - 1, HEIGHT)
        index = start >> (HEIGHT * level)
        n, place = divmod(index, WIDTH)
        return self._pyramid(level, n)[above][place >> above]

    def _pyramid(self, level: int, n: int) -> list[list[bytes]]:
        """Return a tile's hashes, and above them row by row what they hash to."""
        kept = self._kept.get((level, n))
        if kept is not None:
            self._kept.move_to_end((level, n))
            return kept
        start = n * WIDTH
        row = list(self._hashes(level, start, start + width_at(level, n, self.size)))
        rows = [row]
        while len(rows) < HEIGHT:
            row = [node_hash(row[at], row[at + 1]) for at in range(0, len(row) - 1, 2)]
            rows.append(row)
        self._kept[level, n] = rows
        if len(self._kept) > _KEPT_TILES:
            self._kept.popitem(last=False)
        return rows
