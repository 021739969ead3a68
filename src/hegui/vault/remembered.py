"""Erasures that are not complete yet, remembered outside the database.

A copy of the database from before an erasure knows nothing of it, and until the epoch is closed its
keys still open. So the ids of the keys, which say nothing of anybody, lie in a small file beside
it: whoever starts on an older copy erases those persons again.
"""

import fcntl
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from hegui.settings.plain_files import reason
from hegui.terms import Misconfigured, Unavailable, Words

_ID_DIGITS = 32
_UNREADABLE = Words(
    en="The list of erasures {path} cannot be used: {why}. Restore it from your backup, or delete"
    " it when no older copy of the database was restored.",
    zh="无法使用删除清单 {path}：{why}。请从备份恢复；若未恢复过较早的数据库副本，也可将其删除。",
)


class Remembered:
    """The ids of the keys of open erasures: a line each, in a file of mode 0600.

    Commands and gateways change it at the same time: each does so alone, or one would drop what
    another had just remembered.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def ids(self) -> list[bytes]:
        """Return the ids; a file that is open to others or damaged is ``Misconfigured``."""
        try:
            mode = stat.S_IMODE(self._path.stat().st_mode)
            lines = self._path.read_text(encoding="ascii").split()
        except FileNotFoundError:
            return []
        except (OSError, UnicodeDecodeError) as error:
            why = type(error).__name__
            raise Misconfigured(_UNREADABLE.fill(path=self._path, why=why)) from None
        if mode & 0o077:
            raise Misconfigured(_UNREADABLE.fill(path=self._path, why=f"mode {mode:04o}"))
        try:
            found = [bytes.fromhex(line) for line in lines if len(line) == _ID_DIGITS]
        except ValueError:
            found = []
        if len(found) != len(lines):
            raise Misconfigured(_UNREADABLE.fill(path=self._path, why="not a list of key ids"))
        return found

    def add(self, keys: Iterable[bytes]) -> None:
        """Remember keys, durable when this returns."""
        with self._alone():
            self._write([*self.ids(), *keys])

    def drop(self, keys: Iterable[bytes]) -> None:
        """Forget keys: no copy of the database opens them any more."""
        gone = set(keys)
        with self._alone():
            before = self.ids()
            after = [key for key in before if key not in gone]
            if len(after) != len(before):
                self._write(after)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold a lock beside the file, which is itself replaced; it ends with its process."""
        beside = self._path.with_name(f".{self._path.name}.lock")
        try:
            handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise self._unusable(error) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _write(self, keys: list[bytes]) -> None:
        aside = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        text = "".join(f"{key.hex()}\n" for key in dict.fromkeys(keys))
        try:
            handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            aside.replace(self._path)
            folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise self._unusable(error) from error

    def _unusable(self, error: OSError) -> Unavailable:
        why = reason(error)
        return Unavailable(_UNREADABLE.fill(path=self._path, why=why))
