"""The right edge of a tree in tiles: what must be kept to append, to tell the root, to make tiles.

Pure. A tile is 256 hashes of one level (C2SP tlog-tiles): level 0 are leaf hashes, each hash of a
higher level is the root of a full tile below it. At every level the edge holds the last tile as far
as it is filled: at most 255 hashes.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Final, NamedTuple

from hegui.ledger.tree import EMPTY_ROOT, Frontier, node_hash

WIDE: Final = 256
"""Hashes in a full tile."""


class Node(NamedTuple):
    """The root of a complete subtree of 256^``level`` leaves, the ``number``-th; level 1 and up."""

    level: int
    number: int
    hashed: bytes


def full_root(hashes: Sequence[bytes]) -> bytes:
    """Return the root over a power of two of neighbouring hashes (RFC 9162, 2.1.1)."""
    row = list(hashes)
    while len(row) > 1:
        row = [
            sha256(b"\x01" + left + right).digest()
            for left, right in zip(row[::2], row[1::2], strict=True)
        ]
    return row[0]


def nodes_below(size: int, level: int) -> int:
    """Return how many complete subtrees of 256^``level`` leaves a tree of ``size`` has."""
    return size >> (8 * level)


class Edge:
    """The edge of a tree that grows by leaf hashes.

    ``rows`` are the unfinished tiles, level 0 first; empty is a tree without leaves.
    """

    __slots__ = ("_rows", "size")

    def __init__(self, rows: Iterable[Sequence[bytes]] = ()) -> None:
        self._rows = [list(row) for row in rows]
        if any(len(row) >= WIDE for row in self._rows):
            raise ValueError("a tile of the edge holds at most 255 hashes")
        self.size = sum(len(row) << (8 * level) for level, row in enumerate(self._rows))

    def copy(self) -> "Edge":
        """Return an edge that grows by itself."""
        return Edge(self._rows)

    def extend(self, hashes: Sequence[bytes], level: int = 0) -> list[Node]:
        """Append leaf hashes; return the roots of the tiles that became full, in their order.

        With ``level``: append roots of complete subtrees of 256^``level`` leaves, where no smaller
        tile has been begun.
        """
        rows = self._rows
        rows += [[] for _ in range(level + 1 - len(rows))]
        if any(rows[:level]):
            raise ValueError("a tile below has been begun")
        made: list[Node] = []
        at, row = 0, rows[level]
        while at < len(hashes):
            taken = hashes[at : at + WIDE - len(row)]
            row += taken
            at += len(taken)
            self.size += len(taken) << (8 * level)
            if len(row) == WIDE:
                self._carry(level, made)
        return made

    def _carry(self, level: int, made: list[Node]) -> None:
        while len(self._rows[level]) == WIDE:
            root = full_root(self._rows[level])
            self._rows[level].clear()
            level += 1
            if level == len(self._rows):
                self._rows.append([])
            self._rows[level].append(root)
            made.append(Node(level, nodes_below(self.size, level) - 1, root))

    def frontier(self) -> Frontier:
        """Return the roots of the full binary subtrees: the same edge, as RFC 6962 counts it."""
        roots: list[bytes] = []
        for row in reversed(self._rows):
            at = 0
            for power in range(7, -1, -1):
                if len(row) >> power & 1:
                    roots.append(full_root(row[at : at + (1 << power)]))
                    at += 1 << power
        return Frontier(self.size, roots)

    def root(self) -> bytes:
        """Return the root over all leaves so far (RFC 9162, 2.1.1)."""
        roots = self.frontier().edge
        if not roots:
            return EMPTY_ROOT
        root = roots[-1]
        for left in reversed(roots[:-1]):
            root = node_hash(left, root)
        return root
