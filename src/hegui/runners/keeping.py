"""Files of the cache: whole, the owner's alone and of their name, or as if they were not there.

What is read from them is believed, so each carries its sum and its name, and one that others could
have written is not read. All processes of a user share them. Windows has neither owners' modes nor
``flock``: there nothing of the cache is read, and nobody waits for another process.
"""

import contextlib
import hashlib
import os
import re
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from hegui.settings.plain_files import AT_ONCE, ITSELF, WHOLE

KEPT: Final = 240  # files of an ending, the latest used
SPACE: Final = 24 * 16 * 1024 * 1024  # bytes of them; small ones do not push out large ones
LARGEST: Final = 512 * 1024 * 1024  # bytes of a file; a larger one is not read
WAITS: Final = 60.0  # seconds for another process that makes the same thing
_LOOKS: Final = 0.05  # seconds between two looks whether it is done
_LEFT_BEHIND: Final = 3_600 * 1_000_000_000  # nanoseconds after which nobody writes a file any more
_ASIDE: Final = re.compile(r"\.[0-9a-f]{64}\.[a-z]+\.([0-9a-f]{16}|lock)")
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
        self._swept = False

    def get(self, name: str) -> memoryview | None:
        """Return what a file holds; None unless it is ours, whole and of this name."""
        try:
            with self._path(name).open("rb") as file:
                told = os.fstat(file.fileno())
                if not _mine(told) or told.st_mode & 0o077 or told.st_size > LARGEST:
                    return None
                data = memoryview(file.read())
                os.utime(file.fileno())  # the latest used are kept
                self._sweep(os.fstat(file.fileno()).st_mtime_ns)
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

    @contextlib.contextmanager
    def alone(
        self, name: str, wait: float = WAITS, notice: Callable[[], None] | None = None
    ) -> Iterator[None]:
        """Let one process at a time make what is to be kept under a name; the others wait for it.

        They wait ``wait`` seconds at most, and then make it, too. Whoever dies lets go (``flock``).
        ``notice`` is called before there is waiting. Who comes out of the wait looks again whether
        it is there. Where nothing can be written, or locked (Windows), nobody waits.
        """
        handle = self._locked(self._folder / f".{name}.{self._ending}.lock", wait, notice)
        try:
            yield
        finally:
            if handle is not None:
                with contextlib.suppress(OSError):  # while it is ours: whoever waits makes another
                    (self._folder / f".{name}.{self._ending}.lock").unlink()
                os.close(handle)

    def _locked(self, path: Path, wait: float, notice: Callable[[], None] | None) -> int | None:
        until = time.monotonic() + wait
        if not _locks():
            return None
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            while True:
                handle = _tried(path)
                if handle is not None:
                    return handle
                if notice is not None:
                    notice()
                    notice = None
                if time.monotonic() >= until:
                    return None
                time.sleep(_LOOKS)
        except OSError:
            return None

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.{self._ending}"

    def _write(self, path: Path, data: bytes) -> None:
        """Put a file there at once and whole: whoever reads it sees all of it or none."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        aside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | WHOLE, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
                now = os.fstat(file.fileno()).st_mtime_ns
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)
        self._sweep(now)

    def _sweep(self, now: int) -> None:
        """Remove what processes left behind that were killed, once; ``now`` as the disk tells it.

        Only our own files with names as ours have, and none that somebody may be writing.
        """
        if self._swept:
            return
        self._swept = True
        with contextlib.suppress(OSError), os.scandir(self._folder) as entries:
            for entry in entries:
                if not _ASIDE.fullmatch(entry.name) or not entry.is_file(follow_symlinks=False):
                    continue
                told = entry.stat(follow_symlinks=False)
                if _mine(told) and now - told.st_mtime_ns > _LEFT_BEHIND:
                    Path(entry.path).unlink(missing_ok=True)

    def _forget(self) -> None:
        """Keep the latest used, so that the cache does not grow for ever."""
        made = [(path, path.stat()) for path in self._folder.glob(f"*.{self._ending}")]
        left = SPACE
        for place, (path, told) in enumerate(sorted(made, key=_used, reverse=True)):
            left -= told.st_size
            if place and (left < 0 or place >= KEPT):
                path.unlink(missing_ok=True)


def _locks() -> bool:
    """Tell whether this system has locks of the kind that a dead process lets go."""
    try:
        import fcntl  # noqa: F401 - only whether it is there
    except ModuleNotFoundError:
        return False
    return True


def _tried(path: Path) -> int | None:
    """Return a handle that holds the lock ``path``, or None where another process holds it."""
    import fcntl

    flags = os.O_RDWR | os.O_CREAT | WHOLE | ITSELF | AT_ONCE
    handle = os.open(path, flags, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.utime(handle)
        if os.path.samestat(os.fstat(handle), path.stat()):
            return handle
    except (BlockingIOError, FileNotFoundError):  # held; or let go, and its name is another's
        pass
    except BaseException:
        os.close(handle)
        raise
    os.close(handle)
    return None


def _mine(told: os.stat_result) -> bool:
    """Tell whether a file is this user's; where files have no owners, none is."""
    return hasattr(os, "geteuid") and told.st_uid == os.geteuid()


def _used(entry: tuple[Path, os.stat_result]) -> int:
    return entry[1].st_mtime_ns


def _sum(name: str, data: bytes | memoryview) -> bytes:
    hasher = hashlib.sha256(name.encode())
    hasher.update(data)
    return hasher.digest()
