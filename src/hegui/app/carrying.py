"""How content gets into a new file: each block written, read back and compared, in one pass.

Here, and not with the disk: a disk does not judge itself. A block is read once from the source,
written, read back into other memory while it is still near the processor, and compared byte for
byte, which proves more than any hash does and costs a fifth of one (docs/design/27). Long stretches
are carried by two threads in turn where a processor is free. Memory does not grow with the file.
"""

import errno
import os
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from itertools import accumulate, pairwise
from threading import Thread
from typing import Final

from hegui.app.disk import Disk, FileSource, read_into
from hegui.labels.container import Memory, Slice, Source, Splice
from hegui.terms import Corrupt, Words

_BLOCK: Final = 128 * 1024  # two of them stay in a processor's second cache
_STRIDE: Final = 512 * 1024
_LONG: Final = 4 * 1024 * 1024
_KEPT: Final = 4  # pairs of blocks that wait for the next file


def carried(disk: Disk, source: FileSource | Memory, handle: int, parts: Splice) -> FileSource:
    """Write ``parts`` into the new file ``handle``, each block compared with what is read back.

    Returns the new file. What is read back otherwise than it was written is ``Corrupt``; what the
    disk refuses is its own ``OSError``.
    """
    plan = _Plan(source, parts)
    if plan.size < _LONG or not _idle():
        with _blocks() as blocks:
            for at in range(0, plan.size, _STRIDE):
                _carry(disk, handle, plan, blocks, at)
    else:
        _by_two(disk, handle, plan)
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
    for at, view in _views(source, Slice(0, source.size)):
        end = at + len(view)
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
        for _, view in _views(source, part):
            hasher.update(view)
    return hasher.hexdigest()


def _views(source: Source, part: Slice) -> Iterator[tuple[int, memoryview]]:
    """Give a stretch in pieces, and where each stands; it is there until the next is asked for."""
    end = part.offset + part.length
    with _blocks() as blocks:
        for at in range(part.offset, end, _BLOCK):
            count = min(_BLOCK, end - at)
            if isinstance(source, FileSource):
                view = blocks.back_view
                yield at, view[: read_into(source.handle, view[:count], at)]
            else:
                yield at, memoryview(source.read(at, count))


class _Plan:
    """What is to stand where in the new file."""

    def __init__(self, source: FileSource | Memory, parts: Splice) -> None:
        self._source = source
        self._parts = [one for one in parts if (one.length if isinstance(one, Slice) else one)]
        lengths = (one.length if isinstance(one, Slice) else len(one) for one in self._parts)
        self._starts = [0, *accumulate(lengths)]
        self.size = self._starts[-1]

    def block(self, at: int, room: memoryview) -> memoryview:
        """Return what is to stand at ``at``, ``len(room)`` bytes: put there, or where they are."""
        one, done, count = bisect_right(self._starts, at) - 1, 0, len(room)
        while done < count:
            part, skip = self._parts[one], at + done - self._starts[one]
            end = done + min(self._starts[one + 1] - self._starts[one] - skip, count - done)
            if isinstance(part, Slice) and isinstance(self._source, FileSource):
                _fill(self._source.handle, room[done:end], part.offset + skip)
            else:
                held = self._held(part, skip, end - done)
                if end - done == count:
                    return held
                room[done:end] = held
            done, one = end, one + 1
        return room

    def _held(self, part: bytes | Slice, skip: int, count: int) -> memoryview:
        """Return ``count`` bytes of a part that lies in memory, where they lie."""
        if isinstance(part, bytes):
            return memoryview(part)[skip : skip + count]
        assert isinstance(self._source, Memory)
        first = part.offset + skip
        held = memoryview(self._source.data)[first : first + count]
        if len(held) < count:
            raise OSError(errno.EIO, _ENDED)
        return held


class _Blocks:
    """Memory for one thread: of what is written, and of what is read back."""

    def __init__(self) -> None:
        self.sent, self.back = memoryview(bytearray(_BLOCK)), bytearray(_BLOCK)
        self.back_view = memoryview(self.back)


_SPARE: Final[list[_Blocks]] = []


@contextmanager
def _blocks() -> Iterator[_Blocks]:
    """Give blocks, an earlier file's first: to touch fresh memory takes longer than to read."""
    try:
        blocks = _SPARE.pop()
    except IndexError:
        blocks = _Blocks()
    try:
        yield blocks
    finally:
        if len(_SPARE) < _KEPT:
            _SPARE.append(blocks)


def _carry(disk: Disk, handle: int, plan: _Plan, blocks: _Blocks, start: int) -> None:
    """Carry the stride of the new file that begins at ``start``."""
    for at in range(start, min(start + _STRIDE, plan.size), _BLOCK):
        count = min(_BLOCK, plan.size - at)
        whole = count == _BLOCK
        view = plan.block(at, blocks.sent if whole else blocks.sent[:count])
        disk.write(handle, view, at)
        _fill(handle, blocks.back_view if whole else blocks.back_view[:count], at)
        # a bytearray is compared as memory; two views would be, number by number
        if (blocks.back if whole else blocks.back[:count]) != view:
            raise Corrupt(_OTHERWISE.fill(at=at, end=at + count))


def _idle() -> bool:
    """Whether a second thread would find a processor: on a busy machine it would only wait."""
    return os.getloadavg()[0] < (os.cpu_count() or 1)


class _EveryOther(Thread):
    """A thread that carries every other stride; ``failed`` is what it met."""

    def __init__(self, disk: Disk, handle: int, plan: _Plan, first: int) -> None:
        super().__init__(name="hegui-carrying")
        self._with, self._first = (disk, handle, plan), first
        self.failed: Exception | None = None

    def run(self) -> None:
        """Carry, in this thread or another."""
        disk, handle, plan = self._with
        try:
            with _blocks() as blocks:
                for at in range(self._first, plan.size, 2 * _STRIDE):
                    _carry(disk, handle, plan, blocks, at)
        except Exception as error:  # noqa: BLE001 - raised by whoever waits
            self.failed = error


def _by_two(disk: Disk, handle: int, plan: _Plan) -> None:
    """Carry a long file by two threads."""
    mine, other = (_EveryOther(disk, handle, plan, first) for first in (0, _STRIDE))
    other.start()
    try:
        mine.run()
    finally:
        other.join()
    for one in (mine, other):
        if one.failed is not None:
            raise one.failed


def _fill(handle: int, view: memoryview, at: int) -> None:
    """Read a whole ``view``; a file that ends before is an ``OSError``."""
    if read_into(handle, view, at) < len(view):
        raise OSError(errno.EIO, _ENDED)


_ENDED: Final = "the file ended while it was copied"
_OTHERWISE: Final = Words(
    en="Bytes {at} to {end} of the new file are read back otherwise than they were written. Nothing"
    " was put in place. Check the disk and the memory of this machine, then run it again.",
    zh="新文件第 {at} 至 {end} 字节读回的内容与写入的不一致。未替换任何文件。"
    "请检查本机磁盘和内存后重新运行。",
)
