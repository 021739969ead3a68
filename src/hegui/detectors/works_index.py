"""The index of protected works: which fingerprint is whose, in a buffer given from outside.

Layout, little-endian, version 1: a header of 128 bytes (magic, ``GRAM``, ``WINDOW``, bucket bits,
number of fingerprints, digest of the normalisation), then four columns, each from a multiple of 64
bytes on. Fingerprints stand in rising order. ``buckets[b]`` is the first whose leading bits are at
least ``b``; ``near`` holds the 16 bits that follow those, ``far`` the last 32, ``work`` the number
of the work. A question that is not answered by ``near`` alone, one in some thousands of an ordinary
text, is the only one that touches ``far`` and ``work``: of a mapped file they stay out of memory.
No text can be had from it.
"""

import struct
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hegui.detectors.works_text import GRAM, WINDOW, Hashes, text_digest
from hegui.terms import Misconfigured, Words

MAGIC: Final = b"hegui-works\x00\x00\x00\x00\x01"
_HEADER: Final = struct.Struct("<16sIIIIQ32s56x")
_ALIGN: Final = 64
_LEAST_BITS, _MOST_BITS = 8, 22
_PER_BUCKET: Final = 16
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
    """Where the columns of an index lie: number of fingerprints, bucket bits, byte places."""

    fingerprints: int
    bits: int
    buckets: int
    near: int
    far: int
    work: int
    size: int


def shape_of(count: int) -> Shape:
    """Return the shape of an index of so many fingerprints."""
    bits = max(_LEAST_BITS, min(_MOST_BITS, (count // _PER_BUCKET).bit_length()))
    at = [_HEADER.size]
    for size in (4 * ((1 << bits) + 1), 2 * count, 4 * count, 4 * count):
        at.append(-(-(at[-1] + size) // _ALIGN) * _ALIGN)
    return Shape(count, bits, *at)


def header_of(shape: Shape) -> bytes:
    """Return the header of an index."""
    return _HEADER.pack(MAGIC, GRAM, WINDOW, shape.bits, 0, shape.fingerprints, text_digest())


def near_of(hashes: Hashes, bits: int) -> NDArray[np.uint16]:
    """Return the 16 bits behind the first ``bits`` ones."""
    return ((hashes >> np.uint64(48 - bits)) & np.uint64(0xFFFF)).astype("<u2")


def far_of(hashes: Hashes) -> NDArray[np.uint32]:
    """Return the last 32 bits."""
    return (hashes & np.uint64(0xFFFFFFFF)).astype("<u4")


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
        (shape.far, far_of(unique)),
        (shape.work, np.asarray(works, "<u4")[first]),
    ):
        out[at : at + column.nbytes] = column.tobytes()
    return bytes(out)


class WorksIndex:
    """An index to be asked, over ``data``: bytes, or a mapped file, which stays where it is.

    Raises ``Misconfigured`` when ``data`` is not a whole index, or is one of another
    normalisation. Whether the columns hold what was written is for the one to check who reads the
    file: here it would bring all of it into memory.
    """

    def __init__(self, data: bytes | memoryview) -> None:
        if len(data) < _HEADER.size:
            raise _broken("no header")
        magic, gram, window, bits, _, count, digest = _HEADER.unpack_from(data)
        if magic != MAGIC:
            raise _broken("magic")
        if (gram, window, digest) != (GRAM, WINDOW, text_digest()):
            raise Misconfigured(_OTHER)
        shape = shape_of(count) if count <= MOST else None
        if shape is None or (bits, len(data)) != (shape.bits, shape.size):
            raise _broken("size")
        self.shape = shape
        self._buckets = np.frombuffer(data, "<u4", (1 << bits) + 1, shape.buckets)
        self._near = np.frombuffer(data, "<u2", count, shape.near)
        self._far = np.frombuffer(data, "<u4", count, shape.far)
        self._work = np.frombuffer(data, "<u4", count, shape.work)
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
        near, far = near_of(hashes, self.shape.bits), far_of(hashes)
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
            hit = self._far[at] == far[asking]
            found[asking[hit]] = self._work[at[hit]]
            asking, at = asking[~hit], at[~hit] + 1
            more = at < end[asking]
            asking, at = asking[more], at[more]
        return found


def _broken(why: str) -> Misconfigured:
    return Misconfigured(_BROKEN.fill(why=why))
