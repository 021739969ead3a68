"""The Merkle tree of RFC 6962 section 2 and RFC 9162 section 2.1. Pure: bytes in, bytes out."""

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import TypeAlias

Subtree: TypeAlias = Callable[[int, int], bytes]
"""Returns the root over the leaves ``[start, end)``: from a list, from tiles, from a database."""

EMPTY_ROOT = sha256(b"").digest()
HASH_BYTES = 32


def leaf_hash(leaf: bytes) -> bytes:
    """Return the hash of a leaf (RFC 9162, 2.1.1: a zero byte goes first)."""
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node (RFC 9162, 2.1.1: a one byte goes first)."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of a tree: all that is needed to append, and to tell the root.

    Holds the roots of the full subtrees, largest first: one per bit set in ``size``.
    """

    __slots__ = ("_edge", "size")

    def __init__(self, size: int = 0, edge: Iterable[bytes] = ()) -> None:
        self.size = size
        self._edge = list(edge)

    @property
    def edge(self) -> tuple[bytes, ...]:
        """The roots of the full subtrees, largest first."""
        return tuple(self._edge)

    def push(self, hashed: bytes) -> None:
        """Append the hash of one leaf."""
        size, edge = self.size, self._edge
        while size & 1:
            hashed = sha256(b"\x01" + edge.pop() + hashed).digest()
            size >>= 1
        edge.append(hashed)
        self.size += 1

    def root(self) -> bytes:
        """Return the root over all leaves so far (RFC 9162, 2.1.1)."""
        if not self._edge:
            return EMPTY_ROOT
        root = self._edge[-1]
        for left in reversed(self._edge[:-1]):
            root = node_hash(left, root)
        return root

    def to_bytes(self) -> bytes:
        """Return the edge as bytes; the size is kept beside it."""
        return b"".join(self._edge)

    @classmethod
    def from_bytes(cls, size: int, data: bytes) -> "Frontier":
        """Read what ``to_bytes`` wrote; ``ValueError`` where it cannot belong to ``size``."""
        if size < 0 or len(data) != size.bit_count() * HASH_BYTES:
            raise ValueError(f"a tree of {size} leaves has no edge of {len(data)} bytes")
        return cls(size, (data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)))


def root_of(hashes: Iterable[bytes]) -> bytes:
    """Return the root over leaf hashes."""
    frontier = Frontier()
    for hashed in hashes:
        frontier.push(hashed)
    return frontier.root()


def subtrees_of(hashes: Sequence[bytes]) -> Subtree:
    """Return the subtree function of a list of leaf hashes."""

    def subtree(start: int, end: int) -> bytes:
        return root_of(hashes[start:end])

    return subtree


def split_point(size: int) -> int:
    """Return the largest power of two smaller than ``size`` (RFC 9162, 2.1.1)."""
    return 1 << (size - 1).bit_length() - 1


def inclusion_proof(index: int, size: int, subtree: Subtree) -> list[bytes]:
    """Return the proof that leaf ``index`` is in the tree of ``size`` (RFC 9162, 2.1.3.1)."""
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} leaves has no leaf {index}")
    proof = []
    start, end = 0, size
    while end - start > 1:
        middle = start + split_point(end - start)
        if index < middle:
            proof.append(subtree(middle, end))
            end = middle
        else:
            proof.append(subtree(start, middle))
            start = middle
    return proof[::-1]


def consistency_proof(old: int, size: int, subtree: Subtree) -> list[bytes]:
    """Return the proof that the tree of ``old`` leaves begins that of ``size`` (2.1.4.1)."""
    if not 0 < old <= size:
        raise ValueError(f"a tree of {size} leaves does not extend one of {old}")
    proof = []
    start, end, whole = 0, size, True
    while old != end:
        middle = start + split_point(end - start)
        if old <= middle:
            proof.append(subtree(middle, end))
            end = middle
        else:
            proof.append(subtree(start, middle))
            start, whole = middle, False
    if not whole:
        proof.append(subtree(start, end))
    return proof[::-1]


def included(hashed: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Tell whether ``proof`` shows the leaf at ``index`` under ``root`` (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    low, high, seen = index, size - 1, hashed
    for step in proof:
        if high == 0:
            return False
        if low & 1 or low == high:
            seen = node_hash(step, seen)
            while not low & 1 and low:
                low >>= 1
                high >>= 1
        else:
            seen = node_hash(seen, step)
        low >>= 1
        high >>= 1
    return high == 0 and seen == root


def consistent(old: int, size: int, old_root: bytes, root: bytes, proof: Sequence[bytes]) -> bool:
    """Tell whether ``proof`` shows that one tree begins the other (RFC 9162, 2.1.4.2)."""
    if old == size:
        return not proof and old_root == root
    if not 0 < old < size or not proof:
        return False
    steps = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    low, high = old - 1, size - 1
    while low & 1:
        low >>= 1
        high >>= 1
    seen_old = seen = steps[0]
    for step in steps[1:]:
        if high == 0:
            return False
        if low & 1 or low == high:
            seen_old = node_hash(step, seen_old)
            seen = node_hash(step, seen)
            while not low & 1 and low:
                low >>= 1
                high >>= 1
        else:
            seen = node_hash(seen, step)
        low >>= 1
        high >>= 1
    return high == 0 and seen_old == old_root and seen == root
