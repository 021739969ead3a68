"""What is asked of the disk when a file is written anew: all of it there, or nothing of it."""

import errno
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from hegui.labels.container import Slice

_SMALL: Final = 65_536  # bytes below which reading and writing is quicker than asking the kernel
_STRETCH: Final = 64 * 1024 * 1024
_NO_SUCH_WAY: Final = frozenset(
    {errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM, errno.EBADF}
)


class FileSource:
    """A file that is open for reading, as formats read it."""

    def __init__(self, handle: int) -> None:
        self.handle = handle
        self._size = os.fstat(handle).st_size

    @property
    def size(self) -> int:
        """How many bytes there are."""
        return self._size

    def read(self, offset: int, count: int) -> bytes:
        """Return ``count`` bytes from ``offset``."""
        data = os.pread(self.handle, count, offset)
        if len(data) == count or not data:
            return data
        parts = [data]  # a read may give less than there is
        done = len(data)
        while done < count and (more := os.pread(self.handle, count - done, offset + done)):
            parts.append(more)
            done += len(more)
        return b"".join(parts)


class Disk:
    """What writes. Errors are the system's own (``OSError``)."""

    def append(self, handle: int, data: bytes) -> None:
        """Write all of ``data``."""
        view = memoryview(data)
        while view:
            view = view[os.write(handle, view) :]

    def copy(self, source: int, handle: int, part: Slice) -> None:
        """Write a stretch of another file, without taking it into memory where that works."""
        at, end = part.offset, part.offset + part.length
        while at < end:
            done = self._step(source, handle, at, min(end - at, _STRETCH))
            if done == 0:
                raise OSError(errno.EIO, "the source ended while it was copied")
            at += done

    def sync(self, handle: int) -> None:
        """Return when what was written is durable."""
        os.fsync(handle)

    def replace(self, part: Path, target: Path) -> None:
        """Put ``part`` in the place of ``target``, durably: a reader sees the one or the other."""
        part.replace(target)
        folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            with suppress(OSError):  # some file systems sync no folder
                os.fsync(folder)
        finally:
            os.close(folder)

    def _step(self, source: int, handle: int, at: int, count: int) -> int:
        if count > _SMALL:
            try:
                return os.copy_file_range(source, handle, count, offset_src=at)
            except OSError as error:
                if error.errno not in _NO_SUCH_WAY:
                    raise
            try:
                return os.sendfile(handle, source, at, count)
            except OSError as error:
                if error.errno not in _NO_SUCH_WAY:
                    raise
        data = os.pread(source, min(count, 1024 * 1024), at)
        self.append(handle, data)
        return len(data)
