"""The index of protected works: which fingerprint is whose, in a buffer given from outside.

Layout, little-endian, version 1: a header of 128 bytes (magic, ``GRAM``, ``WINDOW``, bucket bits,
number of fingerprints, digest of the normalisation), then two columns and the rows, each from a
multiple of 64 bytes on. Fingerprints stand in rising order. ``buckets[b]`` is the first whose
leading bits are at least ``b``; ``near`` holds the 16 bits that follow those; a row the last 32
bits, and the number of the work. Only a fingerprint that ``near`` does not rule out, one in some
thousands of an ordinary text, has its row read. So the columns are all that need be in memory,
and the rows may come from elsewhere. No text can be had from an index.
"""

import struct
from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from hegui.detectors.works_text import GRAM, WINDOW, Hashes, text_digest
from hegui.terms import Misconfigured, Words

MAGIC: Final = b"hegui-works\x00\x00\x00\x00\x01"
_HEADER: Final = struct.Struct("<16sIIIIQ32s56x")
_ALIGN: Final = 64
_LEAST_BITS, _MOST_BITS = 8, 22
_PER_BUCKET: Final = 16
ROW: Final = np.dtype([("far", "<u4"), ("work", "<u4")])
_FAR: Final = np.uint64(0xFFFFFFFF)
MOST: Final = 2**32 - 1
"""Fingerprints that an index can hold."""

_BROKEN = Words(
    "The index of protected works is broken ({why}). Build it anew: hegui works build",
    "受保护作品索引已损坏（{why}）。请重新生成：hegui works build",
)
_OTHER = Words(
    "The index of protected works was made by a hegui that normalises texts otherwise. Add the "
    "works again from their texts: hegui works add",
    "受保护作品索引由另一版本的 hegui 生成，文本归一化方式不同。请用原文重新添加：hegui works add",
)


class Shape(NamedTuple):
    """Where the parts of an index lie: number of fingerprints, bucket bits, byte places."""

    fingerprints: int
    bits: int
    buckets: int
    near: int
    rows: int
    size: int


def shape_of(count: int) -> Shape:
    """Return the shape of an index of so many fingerprints."""
    bits = max(_LEAST_BITS, min(_MOST_BITS, (count // _PER_BUCKET).bit_length()))
    at = [_HEADER.size]
    for size in (4 * ((1 << bits) + 1), 2 * count, ROW.itemsize * count):
        at.append(-(-(at[-1] + size) // _ALIGN) * _ALIGN)
    return Shape(count, bits, *at)


def header_of(shape: Shape) -> bytes:
    """Return the header of an index."""
    return _HEADER.pack(MAGIC, GRAM, WINDOW, shape.bits, 0, shape.fingerprints, text_digest())


def near_of(hashes: Hashes, bits: int) -> NDArray[np.uint16]:
    """Return the 16 bits behind the first ``bits`` ones."""
    return ((hashes >> np.uint64(48 - bits)) & np.uint64(0xFFFF)).astype("<u2")


def rows_of(hashes: Hashes, works: NDArray[np.uint32]) -> NDArray[np.void]:
    """Return the rows of fingerprints and their works."""
    rows = np.empty(len(hashes), ROW)
    rows["far"], rows["work"] = hashes & _FAR, works
    return rows


def bucket_of(hashes: Hashes, bits: int) -> NDArray[np.intp]:
    """Return the first ``bits`` bits."""
    return (hashes >> np.uint64(64 - bits)).astype(np.intp)


def index_of(hashes: Hashes, works: Sequence[int]) -> bytes:
    """Return a small index, built in memory. Of equal fingerprints the first counts."""
    unique, first = np.unique(hashes, return_index=True)
    shape = shape_of(len(unique))
    buckets = np.searchsorted(bucket_of(unique, shape.bits), np.arange((1 << shape.bits) + 1))
    out = bytearray(shape.size)
    for at, column in (
        (0, np.frombuffer(header_of(shape), np.uint8)),
        (shape.buckets, buckets.astype("<u4")),
        (shape.near, near_of(unique, shape.bits)),
        (shape.rows, rows_of(unique, np.asarray(works, "<u4")[first])),
    ):
        out[at : at + column.nbytes] = column.tobytes()
    return bytes(out)


class Rows(Protocol):
    """Where the rows of an index are read from: bytes from one place of the index to another."""

    def __getitem__(self, part: slice, /) -> bytes | memoryview:
        """Return some bytes of the index."""
        ...


def header_size() -> int:
    """Return how many bytes of an index say how large it is."""
    return _HEADER.size


def shape_in(head: bytes | memoryview) -> Shape:
    """Return the shape of the index that begins with ``head``.

    ``Misconfigured`` when it is no index, or one of another normalisation.
    """
    if len(head) < _HEADER.size:
        raise _broken("no header")
    magic, gram, window, bits, _, count, digest = _HEADER.unpack_from(head)
    if magic != MAGIC:
        raise _broken("magic")
    if (gram, window, digest) != (GRAM, WINDOW, text_digest()):
        raise Misconfigured(_OTHER)
    shape = shape_of(count) if count <= MOST else None
    if shape is None or bits != shape.bits:
        raise _broken("size")
    return shape


class WorksIndex:
    """An index to be asked. ``data`` is its columns, from its first byte on: mapped, as a rule.

    ``rows`` gives bytes of it from ``Shape.rows`` on; without it ``data`` is the whole index.
    Raises ``Misconfigured`` when ``data`` is too short or inconsistent. Whether it holds what was
    written is for the one to check who reads the file.
    """

    def __init__(self, data: bytes | memoryview, rows: Rows | None = None) -> None:
        shape = shape_in(data)
        if len(data) < shape.rows or (rows is None and len(data) != shape.size):
            raise _broken("size")
        self.shape = shape
        count = shape.fingerprints
        self._buckets = np.frombuffer(data, "<u4", (1 << shape.bits) + 1, shape.buckets)
        self._near = np.frombuffer(data, "<u2", count, shape.near)
        self._rows: Rows = data if rows is None else rows
        # a step back wraps round, and then is larger than all there is
        steps = np.diff(self._buckets)
        if self._buckets[0] or self._buckets[-1] != count or steps.max() > count:
            raise _broken("buckets")
        self._depth = int(steps.max()).bit_length()

    def __len__(self) -> int:
        """Return the number of fingerprints."""
        return self.shape.fingerprints

    def works(self, hashes: Hashes) -> NDArray[np.uint32]:
        """Return the number of the work that each fingerprint is of; 0 for none."""
        bucket = bucket_of(hashes, self.shape.bits)
        near = near_of(hashes, self.shape.bits)
        low = self._buckets[bucket].astype(np.intp)
        end = self._buckets[bucket + 1].astype(np.intp)
        high = end.copy()
        top = max(0, len(self) - 1)
        for _ in range(self._depth if len(self) else 0):
            middle = (low + high) >> 1
            less = self._near[np.minimum(middle, top)] < near
            less &= low < high
            low = np.where(less, middle + 1, low)
            high = np.where(less, high, middle)
        found = np.zeros(len(hashes), np.uint32)
        asking = np.flatnonzero(low < end)
        at = low[asking]
        while asking.size:
            same = self._near[at] == near[asking]
            asking, at = asking[same], at[same]
            rows = self._read(at)
            hit = rows["far"] == (hashes[asking] & _FAR)
            found[asking[hit]] = rows["work"][hit]
            asking, at = asking[~hit], at[~hit] + 1
            more = at < end[asking]
            asking, at = asking[more], at[more]
        return found

    def _read(self, places: NDArray[np.intp]) -> NDArray[np.void]:
        size, first = ROW.itemsize, self.shape.rows
        starts = (places * size + first).tolist()
        return np.frombuffer(b"".join(self._rows[at : at + size] for at in starts), ROW)


def _broken(why: str) -> Misconfigured:
    return Misconfigured(_BROKEN.fill(why=why))
