"""The directory of key files: 0700, its files 0600, ours alone, or nothing starts."""

import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from hegui.settings.plain_files import reason
from hegui.terms import Misconfigured, Words

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
_LARGEST: Final = 65_536
_LOST: Final = Words(
    en="The key file {name} is missing from {folder}, and the database needs it: {why}. Put it "
    "back from your backup of the keys. A new one would not do.",
    zh="{folder} 中缺少密钥文件 {name}，而数据库需要它：{why}。请从密钥备份中恢复，"
    "新生成的密钥不能代替。",
)

_NO_OWNERS = Words(
    "key files are kept only where files have owners and modes (Linux, macOS): on this system use "
    "scan, label without settings (--producer), and ledger verify with --vkey",
    "只有文件带有属主和权限的系统（Linux、macOS）才能保存密钥文件：在本系统上请使用 scan、"
    "不带配置的 label（--producer）和带 --vkey 的 ledger verify",
)


class KeyDirectory:
    """Key files by name. Made with mode 0700 when it does not exist.

    Raises ``Misconfigured``, with the command to run, when the directory or a file in it has
    another mode or another owner. Only ``destroy`` ever overwrites or deletes anything here.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            if not path.exists():
                path.mkdir(mode=0o700, parents=True, exist_ok=True)
                path.chmod(0o700)
            facts = path.stat()
        except OSError as error:
            raise _unreadable(path, error) from None
        if not stat.S_ISDIR(facts.st_mode):
            raise Misconfigured(
                Words(
                    "{path} is not a directory: move it away, and start again",
                    "{path} 不是目录：请将其移走后重新启动",
                ).fill(path=path)
            )
        _examine(path, facts, 0o700)

    def load(self, name: str, length: int = 0) -> bytes:
        """Return the content of the key ``name``, which has ``length`` bytes if that is given."""
        path = self._place(name)
        try:
            handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError as error:
            raise _unreadable(path, error) from None
        with os.fdopen(handle, "rb") as file:
            _examine(path, os.fstat(file.fileno()), 0o600)
            content = file.read(_LARGEST)
        if not content:
            raise Misconfigured(
                Words(
                    "the key file {path} is empty: put it back from your backup",
                    "密钥文件 {path} 是空的：请从备份恢复",
                ).fill(path=path)
            )
        if length and len(content) != length:
            raise Misconfigured(
                Words(
                    "the key file {path} has {n} bytes instead of {length}: put it back from your "
                    "backup",
                    "密钥文件 {path} 有 {n} 字节，应为 {length} 字节：请从备份恢复",
                ).fill(path=path, n=len(content), length=length)
            )
        return content

    def create(self, name: str, content: bytes) -> None:
        """Write a new key, durable when this returns; an existing one is an error."""
        if not self._put(self._place(name), content):
            raise Misconfigured(
                Words(
                    "the key file {path} exists already and is never overwritten",
                    "密钥文件 {path} 已存在，不会覆盖",
                ).fill(path=self._place(name))
            )

    def load_or_create(self, name: str, length: int) -> bytes:
        """Return the key ``name``; when there is none yet, ``length`` random bytes become it.

        Of several processes that start at once all get the same key.
        """
        if not self.holds(name):
            self._put(self._place(name), os.urandom(length))
        return self.load(name, length)

    def lost(self, name: str, why: Words) -> Misconfigured:
        """Return the error of a key ``name`` that is gone and must not be made anew."""
        fill = {"name": name, "folder": self.path}
        en, zh = _LOST.en.format(**fill, why=why.en), _LOST.zh.format(**fill, why=why.zh)
        return Misconfigured(Words(en, zh))

    def destroy(self, name: str) -> None:
        """Overwrite the key ``name`` with random bytes and take it away, durable when this returns.

        A key that is gone already stays gone. What stood there may live on in the spare blocks of
        an SSD, in snapshots of a copying file system and in backups: none of them can be reached
        from here.
        """
        path = self._place(name)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            return
        except OSError as error:
            raise _unreadable(path, error) from None
        try:
            with os.fdopen(handle, "wb", buffering=0) as file:
                file.write(os.urandom(os.fstat(file.fileno()).st_size))
                os.fsync(file.fileno())
            path.unlink(missing_ok=True)
            self._sync()
        except OSError as error:
            raise _unreadable(path, error) from None

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """Be the only process on this machine that works on the keys, or learn that one does."""
        import fcntl  # servers only: Windows has none, and reads settings all the same

        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        handle = os.open(self.path / ".lock", flags, 0o600)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True
        finally:
            os.close(handle)

    def names(self) -> list[str]:
        """List the keys that exist, sorted."""
        return sorted(entry.name for entry in self.path.iterdir() if _NAME.fullmatch(entry.name))

    def holds(self, name: str) -> bool:
        """Tell whether there is a key ``name``."""
        return os.path.lexists(self._place(name))

    def _place(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise ValueError("not the name of a key file")
        return self.path / name

    def _put(self, path: Path, content: bytes) -> bool:
        # Written aside and linked: a key is seen whole or not at all, and by one writer only.
        aside = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
        try:
            handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(handle, "wb") as file:
                os.fchmod(file.fileno(), 0o600)
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(aside, path)
            except FileExistsError:
                return False
            finally:
                aside.unlink()
            self._sync()
        except OSError as error:
            aside.unlink(missing_ok=True)
            raise _unreadable(path, error) from None
        return True

    def _sync(self) -> None:
        directory = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


def _examine(path: Path, facts: os.stat_result, wanted: int) -> None:
    if not hasattr(os, "geteuid"):
        raise Misconfigured(_NO_OWNERS)
    if facts.st_uid != os.geteuid():
        raise Misconfigured(
            Words(
                "{path} belongs to user {uid}, not to the one who runs hegui: run "
                "chown {me} {path}",
                "{path} 属于用户 {uid}，不属于运行 hegui 的用户：请执行 chown {me} {path}",
            ).fill(path=path, uid=facts.st_uid, me=os.geteuid())
        )
    mode = stat.S_IMODE(facts.st_mode)
    if mode != wanted:
        raise Misconfigured(
            Words(
                "{path} has mode {mode:04o} and must have {wanted:04o}: run "
                "chmod {wanted:o} {path}",
                "{path} 的权限是 {mode:04o}，应为 {wanted:04o}：请执行 chmod {wanted:o} {path}",
            ).fill(path=path, mode=mode, wanted=wanted)
        )


def _unreadable(path: Path, error: OSError) -> Misconfigured:
    return Misconfigured(
        Words("cannot use {path}: {why}", "无法使用 {path}：{why}").fill(
            path=path, why=reason(error)
        )
    )
