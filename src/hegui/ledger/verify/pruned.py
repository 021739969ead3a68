"""Leaves that were deleted by retention: which ones, the log itself has on record.

A record ``ledger.pruned`` carries the digest of a list of stretches; the list lies in the table
``pruned``. A leaf that is gone without being on such a list was taken away by somebody.
"""

import json
import sqlite3
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from hashlib import sha256

from hegui.ledger.verify.opening import as_bytes
from hegui.ledger.verify.report import Report

_RUNS = "SELECT record, start, count FROM pruned WHERE tenant = ? ORDER BY record, start"
_LEAF = "SELECT leaf FROM entry WHERE tenant = ? AND idx = ?"


class Pruned:
    """The stretches of a log that are on record as pruned: first index and count."""

    def __init__(self, runs: Iterable[tuple[int, int]]) -> None:
        self.runs = merged(runs)
        self._starts = [start for start, _ in self.runs]
        self.count = sum(count for _, count in self.runs)

    def has(self, index: int) -> bool:
        """Tell whether an entry is on record as pruned."""
        place = bisect_right(self._starts, index) - 1
        return place >= 0 and index < sum(self.runs[place])

    def fits(self, empty: Iterable[tuple[int, int]]) -> bool:
        """Tell whether just these leaves, and no others, are on record as pruned."""
        return merged(empty) == self.runs

    def still_there(self, empty: Iterable[tuple[int, int]]) -> Iterator[int]:
        """Yield the entries that are on record as pruned and are not among the empty ones."""
        gone = Pruned(empty)
        for start, count in self.runs:
            yield from (index for index in range(start, start + count) if not gone.has(index))


def merged(runs: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the stretches in order, neighbours and overlapping ones as one."""
    found: list[tuple[int, int]] = []
    for start, count in sorted(runs):
        if found and start <= sum(found[-1]):
            first, length = found[-1]
            found[-1] = (first, max(length, start + count - first))
        else:
            found.append((start, count))
    return found


def digest_of(runs: Iterable[tuple[int, int]]) -> str:
    """Return the digest that a record carries of its stretches: ``start count`` a line."""
    return sha256("".join(f"{start} {count}\n" for start, count in runs).encode()).hexdigest()


def read_pruned(connection: sqlite3.Connection, tenant: str, report: Report) -> Pruned:
    """Return the stretches whose record is in the log and fits them; name those that do not."""
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema")}
    if "pruned" not in tables:
        return Pruned([])
    lists: dict[int, list[tuple[int, int]]] = {}
    for record, start, count in connection.execute(_RUNS, (tenant,)):
        lists.setdefault(record, []).append((start, count))
    good: list[tuple[int, int]] = []
    for record, runs in lists.items():
        row = connection.execute(_LEAF, (tenant, record)).fetchone()
        before = all(_lies_before(record, start, count) for start, count in runs)
        if before and _carries(as_bytes(row[0]) if row else b"", digest_of(runs)):
            good += runs
        else:
            report.problem(
                f"{tenant}/pruned {record}",
                "the list of pruned entries is not the one on record",
                "已清理记录的清单与账本所记不符",
            )
    return Pruned(good)


def _lies_before(record: object, start: object, count: object) -> bool:
    """Tell whether a stretch can be one that ``record`` tells of; a hostile file may say any."""
    if not (isinstance(record, int) and isinstance(start, int) and isinstance(count, int)):
        return False
    return 0 <= start < start + count <= record


def _carries(leaf: bytes, digest: str) -> bool:
    try:
        record = json.loads(leaf)
    except (ValueError, RecursionError):
        return False
    fits = isinstance(record, dict) and record.get("kind") == "ledger.pruned"
    return fits and record.get("list") == digest
