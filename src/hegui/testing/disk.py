"""A disk that fails, under SQLite: to see what a ledger does when it happens.

From ``FaultyDisk(...)`` on, every connection of this process that names no other VFS goes through
it. What is written reaches the real file, so that another process sees what would be left.
"""

import errno
import os
import time
from collections import Counter
from typing import Final, Literal, TypeAlias

import apsw

Fault: TypeAlias = Literal["none", "eio", "enospc", "kill", "torn"]
"""``torn``: half of what was to be written reaches the file, then the process is gone."""

KILLED: Final = 137
"""The exit code of a process that its disk ended, as after SIGKILL."""


class FaultyDisk(apsw.VFS):
    """Fails at the ``at``-th write, sync or truncate after ``arm``, once or from then on.

    ``delay`` seconds pass before each write and sync, as on a slow disk.
    """

    def __init__(self, name: str = "hegui-faulty") -> None:
        super().__init__(name, "unix", makedefault=True)
        self.done: Counter[str] = Counter()
        self.delay = 0.0
        self.hit = False
        self._fault: Fault = "none"
        self._left = 0
        self._lasting = False

    def arm(self, fault: Fault, at: int, *, lasting: bool = False) -> None:
        """Fail at the ``at``-th operation from now (1 is the next); ``lasting``: after it too."""
        self._fault, self._left, self._lasting, self.hit = fault, at, lasting, False
        self.done.clear()

    def mend(self) -> None:
        """Fail no more."""
        self._fault = "none"

    def xOpen(  # noqa: N802 - SQLite's name
        self, name: str | apsw.URIFilename | None, flags: list[int]
    ) -> apsw.VFSFile:
        """Open a file through this disk."""
        return _File(self, name, flags)

    def touch(self, operation: str) -> Fault:
        """Count an operation; return what is to happen to it."""
        self.done[operation] += 1
        if self.delay:
            time.sleep(self.delay)
        if self._fault == "none":
            return "none"
        self._left -= 1
        if self._left > 0 or (self._left < 0 and not self._lasting):
            return "none"
        self.hit = True
        return self._fault


class _File(apsw.VFSFile):
    def __init__(
        self, disk: FaultyDisk, name: str | apsw.URIFilename | None, flags: list[int]
    ) -> None:
        super().__init__("unix", name, flags)
        self._disk = disk

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - SQLite's name
        fault = self._disk.touch("write")
        if fault == "torn":
            super().xWrite(bytes(data)[: len(data) // 2], offset)
        _strike(fault)
        super().xWrite(data, offset)

    def xSync(self, flags: int) -> None:  # noqa: N802 - SQLite's name
        _strike(self._disk.touch("sync"), syncing=True)
        super().xSync(flags)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802 - SQLite's name
        _strike(self._disk.touch("truncate"))
        super().xTruncate(newsize)

    def xLock(self, level: int) -> None:  # noqa: N802 - SQLite's name
        try:
            super().xLock(level)
        except apsw.IOError as error:
            # a file opened for reading cannot be locked for writing: SQLite asks, and lives with it
            raise apsw.BusyError(str(error)) from error


def _strike(fault: Fault, *, syncing: bool = False) -> None:
    if fault in ("kill", "torn"):
        os._exit(KILLED)
    if fault == "enospc":
        if syncing:  # a full disk shows at a sync as an I/O error
            raise apsw.IOError(os.strerror(errno.ENOSPC))
        raise apsw.FullError(os.strerror(errno.ENOSPC))
    if fault == "eio":
        raise apsw.IOError(os.strerror(errno.EIO))
