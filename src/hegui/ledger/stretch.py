"""Reading a log back from the database, many rows at a time.

A row that is stepped to costs a hand-over of the interpreter to other threads, which costs more
than the row: so a stretch comes as one row, its cells run together. What comes back is whole, or
``ValueError`` says what is missing or changed and where.
"""

from hashlib import sha256
from itertools import accumulate, pairwise
from typing import Final

from hegui.ledger.edge import WIDE, Edge, nodes_below
from hegui.ledger.note import Checkpoint
from hegui.ledger.tree import HASH_BYTES
from hegui.store import Connection

BULK: Final = 4_096
"""Rows of a stretch that are read at a time: a few megabytes at most."""

_HASHES = (
    "SELECT count(*), min(idx), CAST(group_concat(hash, '') AS BLOB) FROM"
    " (SELECT idx, hash FROM entry WHERE tenant = ? AND idx >= ? AND idx < ? ORDER BY idx)"
)
_LEAVES = (
    "SELECT count(*), min(idx), CAST(group_concat(hash, '') AS BLOB),"
    " CAST(group_concat(leaf, '') AS BLOB), group_concat(length(leaf)) FROM"
    " (SELECT idx, hash, leaf FROM entry WHERE tenant = ? AND idx >= ? AND idx < ? ORDER BY idx)"
)
_NODES = (
    "SELECT count(*), min(idx), CAST(group_concat(hash, '') AS BLOB) FROM (SELECT idx, hash FROM"
    " node WHERE tenant = ? AND level = ? AND idx >= ? AND idx < ? ORDER BY idx)"
)
_COVERED = "SELECT max(idx) FROM node WHERE tenant = ? AND level = 1"


def stored_hashes(connection: Connection, tenant: str, start: int, end: int) -> list[bytes]:
    """Return the leaf hashes ``[start, end)`` as they are stored; leaves are not looked at."""
    row = connection.execute(_HASHES, (tenant, start, end)).get
    return _whole(row, f"entries {start} to {end - 1}", start, end)


def checked_hashes(connection: Connection, tenant: str, start: int, end: int) -> list[bytes]:
    """Return the hashes of the leaves ``[start, end)``, each equal to the stored one."""
    stored, leaves = stored_entries(connection, tenant, start, end)
    hashes = [sha256(b"\x00" + leaf).digest() for leaf in leaves]
    if hashes != stored:
        odd = next(place for place, hashed in enumerate(hashes) if hashed != stored[place])
        raise ValueError(f"entry {start + odd} is not what its hash says")
    return hashes


def stored_leaves(connection: Connection, tenant: str, start: int, end: int) -> list[bytes]:
    """Return the leaves ``[start, end)`` as they are stored; what was pruned has no bytes."""
    return stored_entries(connection, tenant, start, end)[1]


def stored_entries(
    connection: Connection, tenant: str, start: int, end: int
) -> tuple[list[bytes], list[bytes]]:
    """Return hashes and leaves of ``[start, end)`` as they are stored; what was pruned is empty."""
    row = connection.execute(_LEAVES, (tenant, start, end)).get
    stored = _whole(row, f"entries {start} to {end - 1}", start, end)
    data, lengths = row[3] or b"", [int(length) for length in str(row[4]).split(",")]
    if sum(lengths) != len(data) or len(lengths) != len(stored):
        raise ValueError(f"the leaves of entries {start} to {end - 1} are no bytes")
    return stored, [data[low:high] for low, high in pairwise(accumulate(lengths, initial=0))]


def covered(connection: Connection, tenant: str) -> int:
    """Return for how many entries the roots of full tiles are stored: a multiple of 256."""
    last = connection.execute(_COVERED, (tenant,)).get
    return (last + 1) * WIDE if isinstance(last, int) else 0


def load_edge(connection: Connection, tenant: str, size: int) -> Edge:
    """Return the edge of the log's first ``size`` entries, from stored hashes of tiles and leaves.

    Whether it is right, its root against a signed one must show.
    """
    start = min(covered(connection, tenant), size - size % WIDE)
    rows: list[list[bytes]] = [[]]
    level = 1
    while count := nodes_below(start, level):
        low = count - count % WIDE
        what = f"tiles of level {level} from {low}"
        row = connection.execute(_NODES, (tenant, level, low, count)).get
        rows.append(_whole(row, what, low, count) if count > low else [])
        level += 1
    edge = Edge(rows)
    for low in range(start, size, BULK):
        edge.extend(stored_hashes(connection, tenant, low, min(size, low + BULK)))
    return edge


def signed_edge(connection: Connection, tenant: str, head: Checkpoint) -> Edge:
    """Return the edge of what was signed last; ``ValueError`` where its root is another."""
    edge = load_edge(connection, tenant, head.size)
    if edge.root() != head.root:
        raise ValueError("its tiles are not those that were signed")
    return edge


def _whole(row: tuple[int, int, bytes], what: str, start: int, end: int) -> list[bytes]:
    count, first, data = row[:3]
    if count != end - start or first != start or len(data) != count * HASH_BYTES:
        raise ValueError(f"{what} are not all here")
    return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]
