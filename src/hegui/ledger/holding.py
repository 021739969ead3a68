"""Whether another process on this machine has the same ledger open.

Entries that are not signed yet were left by a process that was killed, or belong to one that is
about to sign them. The database cannot tell the two apart; a lock that the system takes away from
a dead process can. Nothing but a sentence depends on it: appending is ordered by the database.
"""

import os
import weakref
from pathlib import Path


class Hold:
    """Held from the opening of a ledger to its closing. ``alone``: nobody else held it then.

    Where that cannot be told, as on a file system without locks, it counts as alone.
    """

    def __init__(self, database: Path) -> None:
        import fcntl  # servers only: Windows has none, and verifies all the same

        self.alone = True
        self._open: weakref.finalize[[int], Hold] | None = None
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            handle = os.open(place_of(database), flags, 0o600)
        except OSError:
            return
        self._open = weakref.finalize(self, os.close, handle)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.alone = False
        except OSError:
            return
        fcntl.flock(handle, fcntl.LOCK_SH)

    def close(self) -> None:
        """Let go; once more does nothing."""
        if self._open is not None:
            self._open()


def place_of(database: Path) -> Path:
    """Return the file that is locked; there is nothing in it."""
    return database.with_name(f".{database.name}.lock")
