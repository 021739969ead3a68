"""The entries of a log as they are here: the tree that they make, and what is odd about them."""

import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from hegui.ledger.edge import WIDE, Edge
from hegui.ledger.tree import HASH_BYTES, leaf_hash
from hegui.ledger.verify.opening import as_bytes
from hegui.ledger.verify.ranges import Range

_ALL = "SELECT idx, hash, leaf FROM entry WHERE tenant = ? ORDER BY idx"
_STORED = "SELECT hash FROM entry WHERE tenant = ? AND idx >= ? AND idx < ? ORDER BY idx"


@dataclass(slots=True)
class Tree:
    """What hashes add up to: the edge, the roots of all full tiles, the roots at marked sizes."""

    marks: frozenset[int]
    edge: Edge = field(default_factory=Edge)
    tiles: list[bytes] = field(default_factory=list)
    roots: dict[int, bytes] = field(default_factory=dict)
    _waiting: list[bytes] = field(default_factory=list)

    def push(self, hashed: bytes) -> None:
        """Append a leaf hash."""
        waiting = self._waiting
        waiting.append(hashed)
        if len(waiting) == WIDE or self.edge.size + len(waiting) in self.marks:
            self.settle()

    def settle(self) -> None:
        """Take in what waits, so that ``edge`` and ``tiles`` are whole."""
        made = self.edge.extend(self._waiting)
        self.tiles += [node.hashed for node in made if node.level == 1]
        self._waiting.clear()
        if self.edge.size in self.marks:
            self.roots[self.edge.size] = self.edge.root()


def quick_tree(
    ranges: Iterable[Range], marks: frozenset[int], stored: Callable[[int, int], list[bytes]]
) -> tuple[Tree, list[tuple[int, int]]] | None:
    """Put together what the ranges say, and which leaves are empty; None where one is odd.

    ``stored(start, end)`` gives stored hashes, which have been found to be those of the leaves.
    """
    tree = Tree(marks)
    empty: list[tuple[int, int]] = []
    rest = b""
    for one in ranges:
        if one.odd:
            return None
        tiles = _cut(bytes.fromhex(one.tiles))
        tree.edge.extend(tiles, 1)
        tree.tiles += tiles
        rest = bytes.fromhex(one.rest)
        empty += one.empty
    tree.edge.extend(_cut(rest))
    for mark in marks:
        if mark <= tree.edge.size:
            edge = Edge()
            edge.extend(tree.tiles[: mark // WIDE], 1)
            edge.extend(stored(mark - mark % WIDE, mark))
            tree.roots[mark] = edge.root()
    return tree, empty


def stored_between(
    connection: sqlite3.Connection, tenant: str, start: int, end: int
) -> list[bytes]:
    """Return the stored hashes of the entries ``[start, end)``."""
    rows = connection.execute(_STORED, (tenant, start, end))
    return [as_bytes(hashed) for (hashed,) in rows]


@dataclass(slots=True)
class Thorough:
    """Every entry, one by one: what its leaf and what its stored hash add up to, and what is odd.

    ``gaps``: (expected, found) indices; ``odd``: entries whose leaf and hash disagree; ``empty``:
    entries whose leaf has no bytes (their stored hash is taken for their leaf's).
    """

    leaves: Tree
    stored: Tree
    gaps: list[tuple[int, object]] = field(default_factory=list)
    odd: list[int] = field(default_factory=list)
    empty: list[int] = field(default_factory=list)


def read_thoroughly(
    connection: sqlite3.Connection,
    tenant: str,
    marks: frozenset[int],
    pruned: Callable[[int], bool],
) -> Thorough:
    """Read every entry; a leaf of no bytes is odd unless it is ``pruned``."""
    found = Thorough(Tree(marks), Tree(marks))
    expected = 0
    for index, stored, leaf in connection.execute(_ALL, (tenant,)):
        if index != expected:
            found.gaps.append((expected, index))
            expected = index
        given, hashed = as_bytes(stored), leaf_hash(as_bytes(leaf))
        if hashed != given:
            if leaf == b"" and pruned(expected):
                hashed = given
                found.empty.append(expected)
            else:
                found.odd.append(expected)
        found.leaves.push(hashed)
        found.stored.push(given)
        expected += 1
    found.leaves.settle()
    found.stored.settle()
    return found


def _cut(data: bytes) -> list[bytes]:
    return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]
