"""Hashing the entries of a log in ranges, by as many processes as there are processors.

This is the quick way through a log in which nothing is odd. Where anything is, it only says so: the
thorough way (``entries``) then names it.

``python -m hegui.ledger.verify --ranges DB TENANT START:END …`` prints a line of JSON for each.
"""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final, TypeAlias

from hegui.ledger.edge import WIDE, full_root
from hegui.ledger.tree import HASH_BYTES
from hegui.ledger.verify.opening import open_to_read

PACKAGE: Final = "hegui.ledger.verify"
RANGE: Final = WIDE * WIDE
"""Entries of a range: a full tile of level 1."""
WORTH: Final = 100_000
"""Below so many entries another process costs more than it saves."""
_BULK: Final = 4_096

Progress: TypeAlias = Callable[[int], None]
"""Is told how many entries more have been checked."""

_ROWS = "SELECT idx, hash, leaf FROM entry WHERE tenant = ? AND idx >= ? AND idx < ? ORDER BY idx"


@dataclass(frozen=True, slots=True)
class Range:
    """Entries that were hashed: roots of full tiles, hashes after the last one, as hex.

    ``empty``: first and count of neighbouring leaves of no bytes; their stored hash stood in.
    ``odd``: something else is not as it should be, and nothing more is said.
    """

    tiles: str = ""
    rest: str = ""
    empty: tuple[tuple[int, int], ...] = ()
    odd: bool = False


ODD: Final = Range(odd=True)


def read_range(connection: sqlite3.Connection, tenant: str, start: int, end: int) -> Range:
    """Hash the leaves ``[start, end)``, compare with the stored hashes, and make tiles of them.

    ``start`` is a multiple of 256.
    """
    tiles: list[bytes] = []
    rest: list[bytes] = []
    empty: list[int] = []
    expected = start
    cursor = connection.execute(_ROWS, (tenant, start, end))
    while rows := cursor.fetchmany(_BULK):
        indices, stored, leaves = zip(*rows, strict=True)
        if indices != tuple(range(expected, expected + len(rows))):
            return ODD
        try:
            hashes = [sha256(b"\x00" + leaf).digest() for leaf in leaves]
        except TypeError:
            return ODD
        if tuple(hashes) != stored and not _but_for_empty(hashes, stored, leaves, empty, expected):
            return ODD
        expected += len(rows)
        rest += hashes
        while len(rest) >= WIDE:
            tiles.append(full_root(rest[:WIDE]))
            del rest[:WIDE]
    if expected != end:
        return ODD
    return Range(b"".join(tiles).hex(), b"".join(rest).hex(), _runs(empty))


def _but_for_empty(
    hashes: list[bytes],
    stored: Sequence[object],
    leaves: Sequence[bytes],
    empty: list[int],
    start: int,
) -> bool:
    """Let stored hashes stand in for leaves of no bytes; tell whether all others fit."""
    for place, given in enumerate(stored):
        if given == hashes[place]:
            continue
        if leaves[place] or not isinstance(given, bytes) or len(given) != HASH_BYTES:
            return False
        empty.append(start + place)
        hashes[place] = given
    return True


def _runs(indices: Sequence[int]) -> tuple[tuple[int, int], ...]:
    runs: list[list[int]] = []
    for index in indices:
        if runs and runs[-1][0] + runs[-1][1] == index:
            runs[-1][1] += 1
        else:
            runs.append([index, 1])
    return tuple((start, count) for start, count in runs)


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be hashed, and by how many."""

    path: Path
    tenant: str
    size: int
    jobs: int
    progress: Progress

    def run(self, connection: sqlite3.Connection) -> Iterator[Range]:
        """Yield the ranges of the log in their order; ends after the first odd one."""
        bounds = [(at, min(self.size, at + RANGE)) for at in range(0, self.size, RANGE)]
        jobs = min(self.jobs, len(bounds)) if self.size >= WORTH else 1
        found = self._shared(bounds, jobs) if jobs > 1 else None
        if found is None:
            found = (self._told(read_range(connection, self.tenant, *one), one) for one in bounds)
        for one in found:
            yield one
            if one.odd:
                return

    def _told(self, found: Range, bounds: tuple[int, int]) -> Range:
        self.progress(bounds[1] - bounds[0])
        return found

    def _shared(self, bounds: list[tuple[int, int]], jobs: int) -> Iterator[Range] | None:
        """Have each of ``jobs`` processes read its share; None where they could not be had."""
        with ThreadPoolExecutor(jobs) as pool:
            shares = list(pool.map(self._child, [bounds[turn::jobs] for turn in range(jobs)]))
        whole = [share for share in shares if share is not None]
        if len(whole) < jobs:
            return None
        return (whole[at % jobs][at // jobs] for at in range(len(bounds)))

    def _child(self, bounds: list[tuple[int, int]]) -> list[Range] | None:
        words = [str(self.path), self.tenant, *(f"{low}:{high}" for low, high in bounds)]
        command = [sys.executable, "-P", "-m", PACKAGE, "--ranges", *words]
        found: list[Range] = []
        try:
            with subprocess.Popen(command, stdout=subprocess.PIPE) as child:  # noqa: S603 - our own module
                assert child.stdout is not None
                for line, one in zip(child.stdout, bounds, strict=False):
                    found.append(self._told(_from_line(line), one))
        except (OSError, ValueError, TypeError):
            return None
        return found if child.returncode == 0 and len(found) == len(bounds) else None


def _from_line(line: bytes) -> Range:
    told = json.loads(line)
    empty = tuple((int(start), int(count)) for start, count in told["empty"])
    return Range(str(told["tiles"]), str(told["rest"]), empty, bool(told["odd"]))


def processors() -> int:
    """Return how many processors this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on this system
        return os.cpu_count() or 1


def print_ranges(words: list[str]) -> int:
    """Do what a child process is asked for: print what is found in each range."""
    path, tenant, *bounds = words
    try:
        with closing(open_to_read(Path(path))) as connection:
            connection.execute("BEGIN")
            for bound in bounds:
                low, _, high = bound.partition(":")
                found = read_range(connection, tenant, int(low), int(high))
                sys.stdout.write(json.dumps(asdict(found)) + "\n")
                sys.stdout.flush()
    except (sqlite3.Error, OverflowError, UnicodeError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0
