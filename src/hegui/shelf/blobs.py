"""Where the bytes of kept media lie: the port, and the folder on this machine's disk."""

import asyncio
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol, TypeVar

from hegui.settings.plain_files import reason
from hegui.terms import Unavailable, Words

T = TypeVar("T")

_PART: Final = ".part"


class Blobs(Protocol):
    """A place for files by name. What it cannot do is ``Unavailable``."""

    @property
    def kind(self) -> str:
        """``disk`` or ``s3``."""
        ...

    async def put(self, name: str, data: bytes, mime: str) -> None:
        """Keep a file: whole and durable when this returns, or not at all."""
        ...

    async def read(self, name: str, start: int, count: int) -> bytes:
        """Return ``count`` bytes from ``start``, fewer only where the file ends."""
        ...

    async def delete(self, name: str) -> None:
        """Delete a file. One that is not there is deleted."""
        ...

    async def forgotten(self, before_ms: int) -> list[str]:
        """Return files that were put before ``before_ms`` (UTC), where that can be listed."""
        ...

    async def close(self) -> None:
        """Let go of what is open."""
        ...


class Folder:
    """Files in a folder (0700), each 0600. The disk is waited for in a thread."""

    kind = "disk"

    def __init__(self, path: Path) -> None:
        self.path = path

    def put_now(self, name: str, data: bytes) -> None:
        """Write a file beside its place, have it durable, put it there."""
        part = self.path / f".{secrets.token_hex(8)}{_PART}"
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            try:
                view = memoryview(data)
                while view:
                    view = view[os.write(handle, view) :]
                os.fsync(handle)
            finally:
                os.close(handle)
            part.replace(self.path / name)
            self._sync()
        except OSError as error:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise Unavailable(_UNWRITTEN.fill(path=self.path, why=reason(error))) from None

    def read_now(self, name: str, start: int, count: int) -> bytes:
        """Read a stretch of a file."""
        try:
            handle = os.open(self.path / name, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
            try:
                return os.pread(handle, count, start)
            finally:
                os.close(handle)
        except OSError as error:
            raise Unavailable(_UNREAD.fill(path=self.path, why=reason(error))) from None

    def delete_now(self, name: str) -> None:
        """Delete a file, durably."""
        try:
            (self.path / name).unlink(missing_ok=True)
            self._sync()
        except FileNotFoundError:
            return
        except OSError as error:
            raise Unavailable(_UNDELETED.fill(path=self.path, why=reason(error))) from None

    def forgotten_now(self, before_ms: int) -> list[str]:
        """List the files that are older."""
        with suppress(OSError):
            return [
                entry.name
                for entry in os.scandir(self.path)
                if entry.is_file(follow_symlinks=False)
                and entry.stat(follow_symlinks=False).st_mtime_ns < before_ms * 1_000_000
            ]
        return []

    def _sync(self) -> None:
        folder = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            with suppress(OSError):  # some file systems sync no folder
                os.fsync(folder)
        finally:
            os.close(folder)

    async def put(self, name: str, data: bytes, mime: str) -> None:
        """See ``Blobs``."""
        del mime
        await _in_thread(lambda: self.put_now(name, data))

    async def read(self, name: str, start: int, count: int) -> bytes:
        """See ``Blobs``."""
        return await _in_thread(lambda: self.read_now(name, start, count))

    async def delete(self, name: str) -> None:
        """See ``Blobs``."""
        await _in_thread(lambda: self.delete_now(name))

    async def forgotten(self, before_ms: int) -> list[str]:
        """See ``Blobs``."""
        return await _in_thread(lambda: self.forgotten_now(before_ms))

    async def close(self) -> None:
        """Nothing is open."""


async def _in_thread(work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(None, work)


_UNWRITTEN: Final = Words(
    en="A labelled file could not be kept in {path} ({why}). Free space or look at the disk.",
    zh="无法在 {path} 中保存已标识的文件（{why}）。请清理空间或检查磁盘。",
)
_UNREAD: Final = Words(
    en="A kept file in {path} cannot be read ({why}). Look at the disk.",
    zh="无法读取 {path} 中保存的文件（{why}）。请检查磁盘。",
)
_UNDELETED: Final = Words(
    en="A kept file in {path} could not be deleted ({why}). It is tried again; its address is "
    "closed already.",
    zh="无法删除 {path} 中保存的文件（{why}）。将自动重试；其地址已失效。",
)
