"""What is asked of the disk when a file is written anew: all of it there, or nothing of it.

Windows reads and writes no place of a file without moving to it first, keeps no modes, and syncs no
folder: there one thread at a time moves, and the name of a file that was just put in place may be
lost in a power cut.
"""

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

_AHEAD: Final = 4096  # bytes
_moving = threading.Lock()


def _moved_read(handle: int, count: int, at: int) -> bytes:
    with _moving:
        os.lseek(handle, at, os.SEEK_SET)
        return os.read(handle, count)


def _moved_write(handle: int, data: memoryview, at: int) -> int:
    with _moving:
        os.lseek(handle, at, os.SEEK_SET)
        return os.write(handle, data)


def _moved_read_into(handle: int, views: list[memoryview], at: int) -> int:
    (view,) = views
    data = _moved_read(handle, len(view), at)
    view[: len(data)] = data
    return len(data)


pread: Callable[[int, int, int], bytes] = getattr(os, "pread", _moved_read)
"""Read so many bytes at a place of a file, from any thread."""
_preadv: Callable[[int, list[memoryview], int], int] = getattr(os, "preadv", _moved_read_into)
_pwrite: Callable[[int, memoryview, int], int] = getattr(os, "pwrite", _moved_write)


class FileSource:
    """A file that is open for reading, as formats read it.

    ``stat`` is what the system said of it when it was opened. Formats ask for a few bytes here and
    a few there: its beginning, and what stands near the last place, are read once for many.
    """

    def __init__(self, handle: int) -> None:
        self.handle = handle
        self.stat = os.fstat(handle)
        self._size = self.stat.st_size
        self._head = self._near = b""
        self._from = self._last = 0

    @property
    def size(self) -> int:
        """How many bytes there are."""
        return self._size

    def read(self, offset: int, count: int) -> bytes:
        """Return ``count`` bytes from ``offset``."""
        end = offset + count
        if end <= _AHEAD:
            self._head = self._head or pread(self.handle, _AHEAD, 0)
            if end <= len(self._head):
                return self._head[offset:end]
        elif count < _AHEAD:
            if self._from <= offset and end <= self._from + len(self._near):
                return self._near[offset - self._from : end - self._from]
            last, self._last = self._last, offset
            if 0 <= offset - last < _AHEAD:
                self._near, self._from = pread(self.handle, _AHEAD, offset), offset
                if count <= len(self._near):
                    return self._near[:count]
        data = pread(self.handle, count, offset)
        if len(data) == count or not data:
            return data
        parts = [data]  # a read may give less than there is
        done = len(data)
        while done < count and (more := pread(self.handle, count - done, offset + done)):
            parts.append(more)
            done += len(more)
        return b"".join(parts)


def read_into(handle: int, view: memoryview, at: int) -> int:
    """Read a file's bytes from ``at`` into ``view``; return how many: fewer only at its end."""
    done = _preadv(handle, [view], at)
    while 0 < done < len(view) and (more := _preadv(handle, [view[done:]], at + done)):
        done += more
    return done


def unlinked(path: str) -> None:
    """Take a file away that may not be there: a ``Path`` would take as long as the system does."""
    with suppress(FileNotFoundError):
        os.unlink(path)  # noqa: PTH108 - said above


class Disk:
    """What writes. Errors are the system's own (``OSError``)."""

    def write(self, handle: int, data: memoryview, at: int) -> None:
        """Write all of ``data`` at the byte ``at`` of a file."""
        done = _pwrite(handle, data, at)
        while done < len(data):
            done += _pwrite(handle, data[done:], at + done)

    def mode(self, handle: int, mode: int) -> None:
        """Say who may do what with a file."""
        if hasattr(os, "fchmod"):
            os.fchmod(handle, mode)

    def sync(self, handle: int) -> None:
        """Return when what was written is durable."""
        os.fsync(handle)

    def replace(self, part: Path, target: Path) -> None:
        """Put ``part`` in the place of ``target``, durably: a reader sees the one or the other."""
        part.replace(target)
        if not hasattr(os, "O_DIRECTORY"):
            return
        name = os.path.split(target)[0] or "."
        folder = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            with suppress(OSError):  # some file systems sync no folder
                os.fsync(folder)
        finally:
            os.close(folder)
