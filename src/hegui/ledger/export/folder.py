"""Where the files of an export go: a folder that is complete or not there."""

import os
import secrets
import shutil
import tempfile
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Protocol, Self

from hegui.settings.plain_files import reason
from hegui.terms import BadRequest, Unavailable, Words

MANIFEST: Final = "SHA256SUMS"
_IN_MEMORY: Final = 1 << 20

_EXISTS = Words(
    en="{path} exists already, and is never overwritten. Choose another name.",
    zh="{path} 已存在，不会覆盖。请换一个名称。",
)
_NO_PARENT = Words(
    en="There is no directory {path}. Make it first.",
    zh="目录 {path} 不存在，请先创建。",
)
_CANNOT = Words(
    en="The export could not be written to {path}: {why}. Nothing of it was kept.",
    zh="证据包无法写入 {path}：{why}。未保留任何部分。",
)


class Sink(Protocol):
    """Takes an export's files one after the other, and makes them appear all at once."""

    def put(self, path: str, data: bytes) -> None:
        """Write the file at ``path``, once."""

    def finish(self) -> None:
        """Make the export appear, with the list of its files."""


class Sums:
    """``SHA256SUMS`` as it grows; past a megabyte it lies in a file that has no name."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - closed by close
        self.size = 0

    def add(self, path: str, data: bytes) -> None:
        """Add a file's line, as sha256sum writes and reads it."""
        self.size += self._file.write(f"{sha256(data).hexdigest()}  {path}\n".encode())

    def whole(self) -> IO[bytes]:
        """Return the list, to be read from its beginning."""
        self._file.seek(0)
        return self._file

    def close(self) -> None:
        """Drop the list."""
        self._file.close()


class FolderSink:
    """Writes beside the place, under a hidden name, and renames at the end.

    Leaving it without ``finish`` removes all that was written. ``BadRequest`` where the place is
    taken already. Directories get mode 0700, files 0600: whoever hands them on decides who reads.
    """

    def __init__(self, out: Path) -> None:
        check_place(out)
        self.out = out
        self._aside = out.with_name(f".{out.name}.{secrets.token_hex(4)}.partial")
        self._made: set[Path] = set()

    def __enter__(self) -> Self:
        """Begin."""
        self._sums = Sums()
        try:
            self._aside.mkdir(mode=0o700)
        except OSError as error:
            self._sums.close()
            raise cannot(self.out, error) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove what was not finished; an error of the disk is ``Unavailable``."""
        self._sums.close()
        if self._aside.exists():
            shutil.rmtree(self._aside, ignore_errors=True)
        if isinstance(error, OSError):
            raise cannot(self.out, error) from error

    def put(self, path: str, data: bytes) -> None:
        """Write one file."""
        self._write(path, data)
        self._sums.add(path, data)

    def finish(self) -> None:
        """Write the list of files, wait for the disk, and let the folder appear."""
        with self._open(MANIFEST) as file:
            shutil.copyfileobj(self._sums.whole(), file)
        os.sync()  # one call for thousands of files
        check_place(self.out)
        self._aside.rename(self.out)
        sync_directory(self.out.parent)

    def _write(self, path: str, data: bytes) -> None:
        with self._open(path) as file:
            file.write(data)

    def _open(self, path: str) -> IO[bytes]:
        place = self._aside / path
        self._make(place.parent)
        handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        return os.fdopen(handle, "wb")

    def _make(self, directory: Path) -> None:
        """Make a directory and those above it, each with its mode."""
        if directory in self._made or directory == self._aside:
            return
        self._make(directory.parent)
        directory.mkdir(mode=0o700)
        self._made.add(directory)


def check_place(out: Path) -> None:
    """Raise ``BadRequest`` where ``out`` is taken, or its directory is not there."""
    if os.path.lexists(out):
        raise BadRequest(_EXISTS.fill(path=out), param="out")
    if not out.absolute().parent.is_dir():
        raise BadRequest(_NO_PARENT.fill(path=out.absolute().parent), param="out")


def sync_directory(path: Path) -> None:
    """Make a name that was just made, or renamed, durable."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def cannot(out: Path, error: OSError) -> BadRequest | Unavailable:
    """Return what to say of a place or a disk that does not take an export."""
    words = _CANNOT.fill(path=out, why=reason(error))
    if isinstance(error, PermissionError):
        return BadRequest(words, param="out")
    return Unavailable(words)
