"""The second place: the last signed head of each log, kept outside the database.

A database that was restored from a backup is whole, and older than what was signed already. Only
something that was not restored with it can tell. So each head is written here, durable, before the
database may show it; a head that is smaller, or of another history, is never signed after it.
"""

import os
import stat
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from hegui.ledger.note import Checkpoint
from hegui.settings.plain_files import ITSELF, WHOLE, reason
from hegui.settings.rules import slug
from hegui.terms import Corrupt, Misconfigured, Unavailable, Words

FORMAT: Final = "hegui-head/v1"
FOLDER: Final = "heads"
_LARGEST: Final = 65_536

_MODE = Words(
    en="{path} has mode {mode} and must have {wanted}. Run: chmod {wanted} {path}",
    zh="{path} 的权限是 {mode}，应为 {wanted}。请运行：chmod {wanted} {path}",
)
_DAMAGED = Words(
    en="{path}, the second place of the last signed head, is damaged: {why}. Keep the file. Put it"
    " back from a backup that is not older than the database, or, if there is none, run: hegui"
    " ledger accept-restored",
    zh="{path} 是最近一次签名的账本头的第二存放处，已损坏：{why}。请保留该文件。"
    "请从不早于数据库的备份中恢复；如果没有，请运行：hegui ledger accept-restored",
)
_CHECKSUM = Words("its checksum does not fit", "校验值不符")
_UNWRITABLE = Words(
    en="The head could not be written to its second place {path}: {why}. It was not signed."
    " Entries are kept; the head is signed as soon as this is mended.",
    zh="账本头无法写入第二存放处 {path}：{why}，因此没有签名。记录照常保存；问题排除后会立即补签。",
)


@dataclass(frozen=True, slots=True)
class Head:
    """A head that was signed: what it claims, and the signed note itself."""

    checkpoint: Checkpoint
    note: str


class Heads:
    """The files of a folder, one per log, named by tenant. Mode 0700, files 0600.

    Whoever writes here holds the database's write lock, so that two processes never do at a time.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, tenant: str) -> Path:
        """Return where a tenant's head lies. Two tenants never share a file."""
        return self.folder / f"{slug(tenant)[:40]}-{sha256(tenant.encode()).hexdigest()[:12]}.head"

    def read(self, tenant: str) -> Head | None:
        """Return the head that was signed last; None where none was kept here.

        A file that is damaged is ``Corrupt``, one that others can read ``Misconfigured``.
        """
        path = self.path(tenant)
        try:
            handle = os.open(path, os.O_RDONLY | WHOLE | ITSELF)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Unavailable(_DAMAGED.fill(path=path, why=reason(error))) from error
        with os.fdopen(handle, "rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & 0o077:
                raise Misconfigured(_MODE.fill(path=path, mode=f"{mode:04o}", wanted="0600"))
            try:
                content = file.read(_LARGEST)
            except OSError as error:
                raise Unavailable(_DAMAGED.fill(path=path, why=reason(error))) from error
        return _parse(path, content)

    def write(self, tenant: str, note: str) -> None:
        """Keep a signed head, durable when this returns. The one before it is replaced whole."""
        path = self.path(tenant)
        aside = path.with_suffix(".new")
        try:
            self._make_folder()
            handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with os.fdopen(handle, "wb") as file:
                os.fchmod(file.fileno(), 0o600)
                file.write(_format(note))
                file.flush()
                os.fsync(file.fileno())
            aside.replace(path)
            self._sync()
        except OSError as error:
            raise Unavailable(_UNWRITABLE.fill(path=path, why=reason(error))) from error

    def digest(self, tenant: str) -> str:
        """Return the SHA-256 of the file as it lies there, damaged or not; "" where none is."""
        try:
            return sha256(self.path(tenant).read_bytes()).hexdigest()
        except FileNotFoundError:
            return ""

    def aside(self, tenant: str, digest: str) -> Path:
        """Return where a head that was contradicted is kept."""
        return self.path(tenant).with_suffix(f".{digest[:12]}.kept")

    def put_aside(self, tenant: str) -> Path:
        """Keep the present head under another name too; return that path."""
        kept = self.aside(tenant, self.digest(tenant))
        try:
            kept.unlink(missing_ok=True)
            os.link(self.path(tenant), kept)
            self._sync()
        except OSError as error:
            raise Unavailable(_UNWRITABLE.fill(path=kept, why=reason(error))) from error
        return kept

    def _make_folder(self) -> None:
        if not self.folder.exists():
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.folder.chmod(0o700)
            self._sync(self.folder.parent)

    def _sync(self, folder: Path | None = None) -> None:
        directory = os.open(folder or self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


def heads_beside(database: Path) -> Heads:
    """Return the second place of a database: the folder ``heads`` beside it."""
    return Heads(database.parent / FOLDER)


def _format(note: str) -> bytes:
    data = note.encode()
    return f"{FORMAT} {sha256(data).hexdigest()}\n".encode() + data


def _parse(path: Path, content: bytes) -> Head:
    first, _, data = content.partition(b"\n")
    if first != f"{FORMAT} {sha256(data).hexdigest()}".encode():
        raise _damaged(path, _CHECKSUM)
    note = data.decode("utf-8", "replace")
    try:
        return Head(Checkpoint.parse(note.rpartition("\n\n")[0] + "\n"), note)
    except Corrupt as error:
        raise _damaged(path, error.words) from error


def _damaged(path: Path, why: Words) -> Corrupt:
    return Corrupt(
        Words(_DAMAGED.en.format(path=path, why=why.en), _DAMAGED.zh.format(path=path, why=why.zh))
    )
