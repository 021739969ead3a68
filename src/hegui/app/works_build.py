"""Make fingerprints of works, and the index of all of them, in bounded memory.

A work's fingerprints are sorted a few millions at a time and written; the index is their merge,
one range of the hashes after the other. So a gigabyte of works needs no more memory than a book.
"""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hegui.app.works import Register, Work, WorksDirectory
from hegui.detectors.works_index import Shape, bucket_of, header_of, near_of, rows_of, shape_of
from hegui.detectors.works_text import Hashes, chosen, hashes, normalised, telling
from hegui.terms import TextColumn

RUN: Final = 1_048_576
"""Fingerprints that are sorted at a time (8 MB)."""
_COPY: Final = 524_288  # fingerprints that are copied into the index at a time

_U8: Final = np.dtype("<u8")
_U4: Final = np.dtype("<u4")


def add(place: WorksDirectory, work: Work, columns: Iterable[TextColumn]) -> Work:
    """Write the fingerprints of a work's texts; return the work with what was counted.

    Of a common text every run counts, of another the chosen ones. Nothing is registered yet.
    """
    held: list[Hashes] = []
    size = characters = total = parts = 0

    def put() -> None:
        nonlocal held, size, parts, total
        run = np.unique(np.concatenate(held))
        with open(place.part(work, parts), "wb", opener=_private) as file:
            run.astype(_U8).tofile(file)
            file.flush()
            os.fsync(file.fileno())
        total += len(run)
        held, size, parts = [], 0, parts + 1

    for column in columns:
        normal = normalised(column)
        characters += len(normal.units)
        places = chosen(normal, every=work.common)
        for first in range(0, len(places), _COPY):
            some = places[first : first + _COPY]
            found = hashes(normal.units, some)
            if not work.common:
                found = found[telling(normal.units, some)]
            held.append(found)
            size += len(found)
            if size >= RUN:
                put()
    if size or not parts:
        held.append(np.zeros(0, np.uint64))
        put()
    return replace(work, characters=characters, fingerprints=total, parts=parts)


def build(place: WorksDirectory, register: Register) -> str:
    """Write the index of all registered works beside the old one; return its SHA-256.

    ``WorksDirectory.with_index`` puts it in place.
    """
    scratch = place.folder / "merged.part"
    target = place.index.with_suffix(".part")
    try:
        with open(scratch, "wb", opener=_private) as file:
            count = 0
            for found, works in _merged(place, register):
                rows = np.empty(len(found), [("hash", _U8), ("work", _U4)])
                rows["hash"], rows["work"] = found, works
                rows.tofile(file)
                count += len(rows)
        return _laid_out(scratch, target, shape_of(count))
    finally:
        scratch.unlink(missing_ok=True)


def _merged(
    place: WorksDirectory, register: Register
) -> Iterator[tuple[Hashes, NDArray[np.uint32]]]:
    """Merge all works' fingerprints, in rising order. Of equal ones the oldest work's counts."""
    works = sorted(register.works, key=lambda work: work.number)
    own = [(work.number, path) for work in works if not work.common for path in place.parts(work)]
    common = [(0, path) for work in works if work.common for path in place.parts(work)]
    total = sum(work.fingerprints for work in works)
    ranges = max(1, -(-total // RUN))
    edges = np.array([(n << 64) // ranges for n in range(1, ranges)], np.uint64)
    cuts = {path: _cuts(path, edges) for _, path in (*own, *common)}
    for number in range(ranges):
        found, names = _range(own, cuts, number)
        everybodys, _ = _range(common, cuts, number)
        order = np.argsort(found, kind="stable")
        found, names = found[order], names[order]
        fresh = np.ones(len(found), bool)
        fresh[1:] = found[1:] != found[:-1]
        if len(everybodys):
            fresh &= ~np.isin(found, everybodys)
        yield found[fresh], names[fresh]


def _cuts(path: Path, edges: Hashes) -> list[int]:
    size = path.stat().st_size // _U8.itemsize
    if not size:
        return [0] * (len(edges) + 2)
    mapped = np.memmap(path, _U8, "r")
    return [0, *np.searchsorted(mapped, edges).tolist(), size]


def _range(
    files: Sequence[tuple[int, Path]], cuts: dict[Path, list[int]], number: int
) -> tuple[Hashes, NDArray[np.uint32]]:
    found, names = [np.zeros(0, np.uint64)], [np.zeros(0, np.uint32)]
    for work, path in files:
        first, last = cuts[path][number : number + 2]
        if first < last:
            part = np.fromfile(path, _U8, last - first, offset=first * _U8.itemsize)
            found.append(part)
            names.append(np.full(len(part), work, np.uint32))
    return np.concatenate(found), np.concatenate(names)


def _laid_out(scratch: Path, target: Path, shape: Shape) -> str:
    """Write the columns of an index from its merged rows, one column after the other."""
    hasher = hashlib.sha256()
    with open(target, "wb", opener=_private) as out:
        at = 0

        def write(data: bytes) -> None:
            nonlocal at
            out.write(data)
            hasher.update(data)
            at += len(data)

        def pad(upto: int) -> None:
            write(bytes(upto - at))

        write(header_of(shape))
        pad(shape.buckets)
        sizes = np.zeros(1 << shape.bits, np.int64)
        for rows in _rows(scratch):
            sizes += np.bincount(bucket_of(rows["hash"], shape.bits), minlength=1 << shape.bits)
        write(np.concatenate([[0], np.cumsum(sizes)]).astype(_U4).tobytes())
        columns: tuple[tuple[int, Callable[[NDArray[np.void]], NDArray[np.generic]]], ...] = (
            (shape.near, lambda rows: near_of(rows["hash"], shape.bits)),
            (shape.rows, lambda rows: rows_of(rows["hash"], rows["work"])),
        )
        for start, column in columns:
            pad(start)
            for rows in _rows(scratch):
                write(column(rows).tobytes())
        pad(shape.size)
        out.flush()
        os.fsync(out.fileno())
    return hasher.hexdigest()


def _rows(scratch: Path) -> Iterator[NDArray[np.void]]:
    kind = np.dtype([("hash", _U8), ("work", _U4)])
    with scratch.open("rb") as file:
        while len(rows := np.fromfile(file, kind, _COPY)):
            yield rows


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC, 0o600)
