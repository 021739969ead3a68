"""How content gets into a new file: each block written, read back and compared, in one pass.

Here, and not with the disk: a disk does not judge itself. A block is read once from the source,
written, read back into other memory while it is still near the processor, and compared byte for
byte, which proves more than any hash does and costs a fifth of one (docs/design/27). Long stretches
are carried by two threads in turn where a processor is free. Memory does not grow with the file.
"""

import errno
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from itertools import pairwise
from typing import Final

from hegui.app.disk import Disk, FileSource
from hegui.labels.container import Memory, Slice, Source, Splice
from hegui.terms import Corrupt, Words

_BLOCK: Final = 128 * 1024  # two of them stay in a processor's second cache
_STRIDE: Final = 512 * 1024
_LONG: Final = 2 * 1024 * 1024


def carried(disk: Disk, source: FileSource | Memory, handle: int, parts: Splice) -> FileSource:
    """Write ``parts`` into the new file ``handle``, each block compared with what is read back.

    Returns the new file. What is read back otherwise than it was written is ``Corrupt``; what the
    disk refuses is its own ``OSError``.
    """
    here = _Carrier(disk, handle)
    at = 0
    for part in parts:
        if isinstance(part, bytes):
            here.stretch(Memory(part), Slice(0, len(part)), at)
            at += len(part)
            continue
        if part.length < _LONG or not _idle():
            here.stretch(source, part, at)
        else:
            _long(here, source, part, at)
        at += part.length
    return FileSource(handle)


def digests(source: Source, payload: Iterable[Slice]) -> tuple[str, str]:
    """Return the SHA-256 of a file's content and of the whole file, from one reading.

    Content that lies out of order is read a second time.
    """
    there = list(payload)
    whole, content = sha256(), sha256()
    ordered = all(one.offset + one.length <= two.offset for one, two in pairwise(there))
    after = iter(there if ordered else ())
    part = next(after, None)
    for at in range(0, source.size, _STRIDE):
        end = min(at + _STRIDE, source.size)
        view = memoryview(source.read(at, end - at))
        whole.update(view)
        while part is not None and part.offset < end:
            last = part.offset + part.length
            content.update(view[max(part.offset - at, 0) : min(last, end) - at])
            if last > end:
                break
            part = next(after, None)
    return content.hexdigest() if ordered else digest(source, there), whole.hexdigest()


def digest(source: Source, parts: Iterable[Slice]) -> str:
    """Return the SHA-256 of stretches in their order, in hexadecimal."""
    hasher = sha256()
    for part in parts:
        end = part.offset + part.length
        for at in range(part.offset, end, _STRIDE):
            hasher.update(source.read(at, min(_STRIDE, end - at)))
    return hasher.hexdigest()


class _Carrier:
    """One thread's way of writing into a new file, with its two blocks of memory."""

    def __init__(self, disk: Disk, handle: int) -> None:
        self.disk, self.handle = disk, handle
        self._sent = memoryview(bytearray(_BLOCK))
        self._back = bytearray(_BLOCK)
        self._back_view = memoryview(self._back)

    def stretch(self, source: FileSource | Memory, part: Slice, at: int) -> None:
        """Carry a stretch of ``source`` to ``at``."""
        for done in range(0, part.length, _BLOCK):
            count = min(_BLOCK, part.length - done)
            if isinstance(source, Memory):
                view = memoryview(source.data)[part.offset + done : part.offset + done + count]
            else:
                view = self._sent[:count]
                _fill(source.handle, view, part.offset + done)
            self._put(view, at + done)

    def _put(self, view: memoryview, at: int) -> None:
        count = len(view)
        self.disk.write(self.handle, view, at)
        _fill(self.handle, self._back_view[:count], at)
        # a bytearray is compared as memory; two views would be, number by number
        if (self._back if count == _BLOCK else self._back[:count]) != view:
            raise Corrupt(_OTHERWISE.fill(at=at, end=at + count))


def _idle() -> bool:
    """Whether a second thread would find a processor: on a busy machine it would only wait."""
    return os.getloadavg()[0] < (os.cpu_count() or 1)


def _long(here: _Carrier, source: FileSource | Memory, part: Slice, at: int) -> None:
    """Carry a long stretch by two threads, each every other part of it."""

    def every_other(carrier: _Carrier, first: int) -> None:
        for done in range(first * _STRIDE, part.length, 2 * _STRIDE):
            count = min(_STRIDE, part.length - done)
            carrier.stretch(source, Slice(part.offset + done, count), at + done)

    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(every_other, _Carrier(here.disk, here.handle), 1)
        every_other(here, 0)
        other.result()


def _fill(handle: int, view: memoryview, at: int) -> None:
    """Read a whole ``view``; a file that ends before is an ``OSError``."""
    done = os.preadv(handle, [view], at)
    while done < len(view):
        more = os.preadv(handle, [view[done:]], at + done)
        if more == 0:
            raise OSError(errno.EIO, "the file ended while it was copied")
        done += more


_OTHERWISE: Final = Words(
    en="Bytes {at} to {end} of the new file are read back otherwise than they were written. Nothing"
    " was put in place. Check the disk and the memory of this machine, then run it again.",
    zh="新文件第 {at} 至 {end} 字节读回的内容与写入的不一致。未替换任何文件。"
    "请检查本机磁盘和内存后重新运行。",
)
