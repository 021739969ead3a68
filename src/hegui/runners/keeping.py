"""Files of the cache: whole, the owner's alone and of their name, or as if they were not there.

What is read from them is believed, so each carries its sum and its name, and one that others could
have written is not read. All processes of a user share them.
"""

import contextlib
import hashlib
import os
import secrets
from pathlib import Path
from typing import Final

KEPT: Final = 240  # files of an ending, the latest used
SPACE: Final = 24 * 16 * 1024 * 1024  # bytes of them; small ones do not push out large ones
LARGEST: Final = 512 * 1024 * 1024  # bytes of a file; a larger one is not read
_SUM: Final = hashlib.sha256().digest_size
_NAME: Final = 2 * _SUM


def cache_folder() -> Path:
    """Return where things are kept: ``hegui`` in the user's cache (XDG Base Directory).

    All processes of a user share it: whoever starts first compiles for the others.
    """
    named = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (named if named.is_absolute() else Path("~/.cache").expanduser()) / "hegui"


class Drawer:
    """The files of one ending in a folder. ``magic`` says at their beginning what they are.

    A name is 64 hexadecimal digits: a digest of all that decides what is kept under it.
    """

    def __init__(self, folder: Path, ending: str, magic: bytes) -> None:
        self._folder, self._ending, self._magic = folder, ending, magic

    def get(self, name: str) -> memoryview | None:
        """Return what a file holds; None unless it is ours, whole and of this name."""
        try:
            with self._path(name).open("rb") as file:
                told = os.fstat(file.fileno())
                if told.st_uid != os.geteuid() or told.st_mode & 0o077 or told.st_size > LARGEST:
                    return None
                data = memoryview(file.read())
                os.utime(file.fileno())  # the latest used are kept
        except OSError:
            return None
        magic, head = len(self._magic), len(self._magic) + _SUM
        body = data[head:]
        whole = data[:magic] == self._magic and data[magic:head] == _sum(name, body[_NAME:])
        return body[_NAME:] if whole and body[:_NAME] == name.encode() else None

    def put(self, name: str, data: bytes) -> None:
        """Keep a file; where it cannot be written, it is done without."""
        with contextlib.suppress(OSError):
            self._write(self._path(name), self._magic + _sum(name, data) + name.encode() + data)
            self._forget()

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.{self._ending}"

    def _write(self, path: Path, data: bytes) -> None:
        """Put a file there at once and whole: whoever reads it sees all of it or none."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        aside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)

    def _forget(self) -> None:
        """Keep the latest used, so that the cache does not grow for ever."""
        made = [(path, path.stat()) for path in self._folder.glob(f"*.{self._ending}")]
        left = SPACE
        for place, (path, told) in enumerate(sorted(made, key=_used, reverse=True)):
            left -= told.st_size
            if place and (left < 0 or place >= KEPT):
                path.unlink(missing_ok=True)


def _used(entry: tuple[Path, os.stat_result]) -> int:
    return entry[1].st_mtime_ns


def _sum(name: str, data: bytes | memoryview) -> bytes:
    hasher = hashlib.sha256(name.encode())
    hasher.update(data)
    return hasher.digest()
