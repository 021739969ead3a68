"""A spool file: groups of records, each behind its length and its checksum, synced to the disk.

``hegui spool 1`` and a line feed; then for each group ``HGRP``, four bytes of length and eight of
time (UTC milliseconds), both big-endian, 16 bytes of SHA-256 over those and the payload, and the
payload.
"""

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from hegui.settings.plain_files import reason
from hegui.terms import Corrupt, Unavailable, Words

MAGIC: Final = b"hegui spool 1\n"
_MARK: Final = b"HGRP"
_HEAD: Final = struct.Struct(">4sIQ16s")
_FRONT: Final = struct.Struct(">4sIQ")
_LARGEST: Final = 1 << 30

_BROKEN = Words(
    en="The spool {path} does not hold together at byte {at}: {why}. It holds records that were"
    " acknowledged and are nowhere else. Keep the file, move it out of the folder to start"
    " without it, and see docs/postgresql.md.",
    zh="暂存文件 {path} 在第 {at} 字节处损坏：{why}。其中有已确认、别处没有的记录。"
    "请保留该文件；要在没有它的情况下启动，请把它移出该目录，并参阅 docs/postgresql.zh.md。",
)
_CANNOT = Words(
    en="The database is away, and this machine's disk takes no record either: {why} ({path}).",
    zh="数据库不可用，本机磁盘也无法写入记录：{why}（{path}）。",
)


@dataclass(frozen=True, slots=True)
class Group:
    """A group as it lies in the file: when it was written, its bytes, and where it ends."""

    at_ms: int
    payload: bytes
    end: int


class SpoolFile:
    """One file, locked by the process that has it. ``end`` is where what is durable ends."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._file = descriptor
        self.end = len(MAGIC)
        self.torn = 0

    @classmethod
    def make(cls, path: Path) -> "SpoolFile":
        """Make a new file, mode 0600, its name durable."""
        import fcntl  # servers only: Windows has none, and scans, labels and verifies all the same

        flags = os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC
        try:
            descriptor = os.open(path, flags, 0o600)
        except OSError as error:
            raise _refused(path, error) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _write(descriptor, MAGIC, 0)
            os.fsync(descriptor)
            _sync_folder(path.parent)
        except OSError as error:
            os.close(descriptor)
            path.unlink(missing_ok=True)
            raise _refused(path, error) from error
        return cls(path, descriptor)

    @classmethod
    def adopt(cls, path: Path) -> "SpoolFile | None":
        """Take over a file that another process left; None where it still has it, or removed it.

        A last group that is not whole is what a crash leaves of one that was never acknowledged:
        it is put aside (``.torn``), and ``torn`` says how many bytes it had. A group that does not
        hold together and is followed by one that does is ``Corrupt``.
        """
        import fcntl  # as in ``make``

        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _refused(path, error) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return None
        found = cls(path, descriptor)
        try:
            found._examine()
        except OSError as error:
            os.close(descriptor)
            raise _refused(path, error) from error
        except BaseException:
            os.close(descriptor)
            raise
        return found

    def append(self, payload: bytes, at_ms: int) -> None:
        """Add a group, durable when this returns. On failure the file is as it was before."""
        front = _FRONT.pack(_MARK, len(payload), at_ms)
        try:
            _write(self._file, front + _checksum(front, payload) + payload, self.end)
            os.fdatasync(self._file)
        except OSError as error:
            self._cut(self.end)
            raise _refused(self.path, error) from error
        self.end += _HEAD.size + len(payload)

    def try_out(self, count: int) -> None:
        """Write ``count`` bytes durably behind what there is, and take them back."""
        try:
            _write(self._file, bytes(count), self.end)
            os.fdatasync(self._file)
        except OSError as error:
            raise _refused(self.path, error) from error
        finally:
            self._cut(self.end)

    def groups(self, start: int = 0) -> Iterator[Group]:
        """Read the groups from byte ``start``, checking each."""
        at = max(start, len(MAGIC))
        while at < self.end:
            group = self._group(at, self.end)
            if group is None:
                raise self._broken(at, "a group is not what was written")
            yield group
            at = group.end

    def clear(self) -> None:
        """Forget everything: all of it is in the database."""
        self._cut(len(MAGIC))
        self.end = len(MAGIC)

    def close(self, *, remove: bool = False) -> None:
        """Let the file go; with ``remove``, delete it."""
        if remove:
            self.path.unlink(missing_ok=True)
        os.close(self._file)

    def _examine(self) -> None:
        size = os.fstat(self._file).st_size
        if os.pread(self._file, len(MAGIC), 0) != MAGIC:
            if size < len(MAGIC):  # its process died while it made it
                os.ftruncate(self._file, 0)
                _write(self._file, MAGIC, 0)
                return
            raise self._broken(0, "it does not begin as a spool does")
        at = len(MAGIC)
        while at < size:
            group = self._group(at, size)
            if group is None:
                break
            at = group.end
        if at < size:
            rest = os.pread(self._file, size - at, at)
            if self._follows(rest, at, size):
                raise self._broken(at, "a group is damaged, and others follow it")
            self.torn = size - at
            self._put_aside(rest)
            self._cut(at)
        self.end = at

    def _follows(self, rest: bytes, at: int, size: int) -> bool:
        """Tell whether a whole group comes somewhere after the beginning of ``rest``."""
        place = rest.find(_MARK, 1)
        while place >= 0:
            if self._group(at + place, size) is not None:
                return True
            place = rest.find(_MARK, place + 1)
        return False

    def _put_aside(self, rest: bytes) -> None:
        flags = os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC
        descriptor = os.open(self.path.with_suffix(".torn"), flags, 0o600)
        try:
            _write(descriptor, rest, 0)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _group(self, at: int, size: int) -> Group | None:
        head = os.pread(self._file, _HEAD.size, at)
        if len(head) < _HEAD.size:
            return None
        mark, length, at_ms, checksum = _HEAD.unpack(head)
        end = at + _HEAD.size + length
        if mark != _MARK or length > _LARGEST or end > size:
            return None
        payload = os.pread(self._file, length, at + _HEAD.size)
        if len(payload) != length or _checksum(head[: _FRONT.size], payload) != checksum:
            return None
        return Group(at_ms, payload, end)

    def _cut(self, at: int) -> None:
        try:
            os.ftruncate(self._file, at)
            os.fsync(self._file)
        except OSError as error:
            raise _refused(self.path, error) from error

    def _broken(self, at: int, why: str) -> Corrupt:
        return Corrupt(_BROKEN.fill(path=self.path, at=at, why=why))


def _checksum(front: bytes, payload: bytes) -> bytes:
    return sha256(front + payload).digest()[:16]


def _write(descriptor: int, data: bytes, at: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(descriptor, view, at)
        view, at = view[written:], at + written


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _refused(path: Path, error: OSError) -> Unavailable:
    return Unavailable(_CANNOT.fill(path=path, why=reason(error)))
