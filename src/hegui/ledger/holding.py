"""Whether another process on this machine has the same ledger open.

Entries that are not signed yet were left by a process that was killed, or belong to one that is
about to sign them. The database cannot tell the two apart; a lock that the system takes away from
a dead process can. Nothing but a sentence depends on it: appending is ordered by the database.
"""

import os
from pathlib import Path
from typing import IO


class Hold:
    """Held from the opening of a ledger to its closing. ``alone``: nobody else held it then.

    Where that cannot be told, as on a file system without locks, it counts as alone.
    """

    def __init__(self, database: Path) -> None:
        import fcntl  # servers only: Windows has none, and verifies all the same

        self.alone = True
        self._file: IO[bytes] | None = None
        try:
            self._file = open(place_of(database), "ab", opener=_private)  # noqa: SIM115 - held until closed
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.alone = False
        except OSError:
            return
        assert self._file is not None
        fcntl.flock(self._file, fcntl.LOCK_SH)

    def close(self) -> None:
        """Let go."""
        if self._file is not None:
            self._file.close()


def place_of(database: Path) -> Path:
    """Return the file that is locked; there is nothing in it."""
    return database.with_name(f".{database.name}.lock")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
