"""The spool: what this machine takes on its own disk while the server is away.

It is bounded in bytes and in time. Records go from it to the server in the order in which they
came, and while it holds any, new ones line up behind them.
"""

import logging
import threading
from collections.abc import Generator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hegui.store.chance import random_bytes
from hegui.store.postgres.parcels import Parcel, pack, unpack
from hegui.store.postgres.spoolfile import MAGIC, SpoolFile
from hegui.terms import Clock, Corrupt, Misconfigured, Unavailable, Words

_log = logging.getLogger(__name__)
_ENDING: Final = ".spool"
_TRIAL: Final = 65_536  # bytes
_TOGETHER: Final = 2_000  # records that are handed over at a time, about

_FULL = Words(
    en="The database is away and the spool is full: {bytes} of {limit} bytes, the oldest record"
    " {seconds} s old, of {longest} s at most. No more is taken until the server is back.",
    zh="数据库不可用，暂存区已满：已用 {bytes} 字节（上限 {limit}），最早的记录已存 {seconds} 秒"
    "（上限 {longest}）。服务器恢复之前不再接收。",
)
_OPEN_MODE = Words(
    en="{path} can be read by other users (mode {mode:04o}). Run: chmod {wanted:o} {path}",
    zh="其他用户可以读取 {path}（权限 {mode:04o}）。请运行：chmod {wanted:o} {path}",
)
_UNREADABLE = Words(
    en="The spool {path} holds what is not a record. Keep the file, and see docs/postgresql.md.",
    zh="暂存文件 {path} 中有不是记录的内容。请保留该文件，并参阅 docs/postgresql.zh.md。",
)


@dataclass(frozen=True, slots=True)
class SpoolState:
    """What the spool holds. While it holds anything, that exists on this machine's disk only."""

    records: int
    bytes: int
    limit: int
    oldest_ms: int | None


@dataclass(slots=True)
class _Batch:
    """Groups of one file that are handed over together. ``last``: nothing came after them."""

    file: SpoolFile
    parcels: list[Parcel]
    end: int
    at_ms: int
    last: bool = False


class Spool:
    """The spool of one process. Files that dead processes left in ``folder`` come first.

    ``append`` is durable when it returns, and ``Unavailable`` when the spool is full or its disk
    fails. ``batches`` is for the one thread that drains it.
    """

    def __init__(self, folder: Path, limit: int, longest_ms: int, clock: Clock) -> None:
        self._folder = folder
        self._limit = limit
        self._longest_ms = longest_ms
        self._clock = clock
        self._line = threading.Lock()  # held by whoever changes the files
        self._gate = threading.Lock()  # held for a moment, over the figures
        self._files: list[SpoolFile] = []
        self._own: SpoolFile | None = None
        self._done = 0
        self._records = 0
        self._oldest_ms: int | None = None
        _private(folder)
        try:
            for path in _oldest_first(folder):
                self._adopt(path)
        except BaseException:
            for file in self._files:
                file.close()
            raise

    @property
    def holds(self) -> bool:
        """Whether anything waits here: then new records must line up behind it."""
        return self._records > 0

    def state(self) -> SpoolState:
        """Return how much waits, and since when."""
        with self._gate:
            return SpoolState(self._records, self._used(), self._limit, self._oldest_ms)

    def append(self, parcels: list[Parcel], *, behind: bool = False) -> bool:
        """Make ``parcels`` durable on this machine; ``behind``: only if others wait here.

        Returns False, and takes nothing, where they do not any more.
        """
        payload = pack(parcels)
        with self._line:
            if behind and not self.holds:
                return False
            now = self._clock()
            self._refuse_when_full(len(payload), now)
            self._mine(now).append(payload, now)
            with self._gate:
                self._records += len(parcels)
                if self._oldest_ms is None:
                    self._oldest_ms = now
        return True

    def try_out(self) -> None:
        """Raise ``Unavailable`` where a record would not be taken; the file stays as it is."""
        with self._line:
            now = self._clock()
            self._refuse_when_full(_TRIAL, now)
            self._mine(now).try_out(_TRIAL)

    def _mine(self, now: int) -> SpoolFile:
        if self._own is None:
            name = f"{now:013d}-{random_bytes(4).hex()}{_ENDING}"
            self._own = SpoolFile.make(self._folder / name)
            self._files.append(self._own)
        return self._own

    def batches(self) -> Generator[list[Parcel]]:
        """Yield what waits, oldest first. What was yielded is gone when the next is asked for.

        While the last of it is handed over, nothing is taken in: so an end is reached, however
        fast records come.
        """
        while self.holds:
            batch = self._read()
            if not batch.last:
                if batch.parcels:
                    yield batch.parcels
                self._handed_over(batch)
                continue
            with self._line:
                batch = self._read()
                yield batch.parcels
                self._handed_over(batch)

    def _read(self) -> _Batch:
        file = self._files[0]
        batch = _Batch(file, [], max(self._done, len(MAGIC)), 0)
        for group in file.groups(self._done):
            batch.parcels += _unpacked(file, group.payload)
            batch.end, batch.at_ms = group.end, group.at_ms
            if len(batch.parcels) >= _TOGETHER:
                break
        batch.last = file is self._files[-1] and batch.end >= file.end
        return batch

    def _handed_over(self, batch: _Batch) -> None:
        file = batch.file
        with self._gate:
            self._records -= len(batch.parcels)
            if not self._records:
                self._oldest_ms = None
            elif batch.at_ms:
                self._oldest_ms = batch.at_ms  # what is left is no older
        if file is self._own:
            self._done = batch.end
            if batch.last and batch.end >= file.end:
                file.clear()
                self._done = 0
        elif batch.end >= file.end:
            self._files.remove(file)
            file.close(remove=True)
            self._done = 0
        else:
            self._done = batch.end

    def close(self) -> None:
        """Let the files go. What still waits stays for the next process."""
        with self._line:
            for file in self._files:
                file.close(remove=not self._records)
            self._files.clear()

    def _adopt(self, path: Path) -> None:
        try:
            mode = path.stat().st_mode & 0o777
        except FileNotFoundError:  # another process has just handed it over
            return
        if mode & 0o077:
            raise Misconfigured(_OPEN_MODE.fill(path=path, mode=mode, wanted=0o600))
        file = SpoolFile.adopt(path)
        if file is None:
            return
        self._files.append(file)
        if file.torn:
            _log.warning("%s: %d bytes at its end were never acknowledged", path.name, file.torn)
        count = 0
        for group in file.groups():
            self._oldest_ms = min(self._oldest_ms or group.at_ms, group.at_ms)
            count += len(_unpacked(file, group.payload))
        if count:
            _log.warning("%s: %d records of an earlier run wait for the database", path.name, count)
        self._records += count

    def _refuse_when_full(self, more: int, now: int) -> None:
        used = self._used()
        age = now - self._oldest_ms if self._oldest_ms is not None else 0
        if used + more > self._limit or age > self._longest_ms:
            raise Unavailable(
                _FULL.fill(
                    bytes=used,
                    limit=self._limit,
                    seconds=age // 1000,
                    longest=self._longest_ms // 1000,
                )
            )

    def _used(self) -> int:
        return sum(file.end for file in self._files)


def _oldest_first(folder: Path) -> list[Path]:
    """Return the files in a folder; another process may hand over and remove one meanwhile."""
    found = []
    for path in folder.glob(f"*{_ENDING}"):
        with suppress(FileNotFoundError):
            found.append((path.stat().st_mtime_ns, path))
    return [path for _, path in sorted(found)]


def _unpacked(file: SpoolFile, payload: bytes) -> list[Parcel]:
    try:
        return unpack(payload)
    except ValueError as error:
        raise Corrupt(_UNREADABLE.fill(path=file.path)) from error


def _private(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    mode = folder.stat().st_mode & 0o777
    if mode & 0o077:
        raise Misconfigured(_OPEN_MODE.fill(path=folder, mode=mode, wanted=0o700))
