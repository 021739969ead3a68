"""Keys that lie outside the database and its backups: one per epoch, one per tenant."""

import re
from hashlib import sha256
from typing import Protocol

from hegui.terms import Cell, Corrupt, Words
from hegui.vault import sealing

_PLAIN = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}")

_LOST = Words(
    en="The key file {name} does not open what the database holds under it: it was lost or"
    " replaced. Put the file back; without it, sealed content and commitments stay closed.",
    zh="密钥文件 {name} 打不开数据库中用它封装的内容：该文件已丢失或被替换。"
    "请恢复原文件；否则已封存的内容和承诺将无法打开。",
)


class Keys(Protocol):
    """What the vault needs of the key directory."""

    def load_or_create(self, name: str, length: int) -> bytes:
        """Return the key called ``name``, made of ``length`` random bytes where there is none."""
        ...


class Epochs:
    """Wraps subjects' keys under the key of the current epoch, and opens those of any epoch.

    Destroying an epoch's key closes whatever was wrapped under it, in every backup of the database
    too: that, and not a deleted row, is what makes erasure true (Art. 11; PIPL Art. 47).
    """

    def __init__(self, keys: Keys, current: int = 1) -> None:
        self.current = current
        self._keys = keys
        self._loaded: dict[int, bytes] = {}
        self._key(current)

    def wrap(self, key: bytes) -> tuple[int, bytes]:
        """Return the epoch and ``key`` wrapped under it."""
        return self.current, sealing.wrap(self._loaded[self.current], key)

    def unwrap(self, epoch: Cell, wrapped: Cell) -> bytes:
        """Return a wrapped key. ``Corrupt`` where the epoch's key is not the one it was."""
        number = epoch if isinstance(epoch, int) else 0
        key = sealing.unwrap(self._key(number), as_bytes(wrapped))
        if key is None:
            raise Corrupt(_LOST.fill(name=epoch_name(number)))
        return key

    def _key(self, epoch: int) -> bytes:
        key = self._loaded.get(epoch)
        if key is None:
            key = self._keys.load_or_create(epoch_name(epoch), sealing.KEY_BYTES)
            self._loaded[epoch] = key
        return key


def epoch_name(epoch: int) -> str:
    """Return the name of an epoch's key file."""
    return f"epoch-{epoch:05d}"


def key_name(tenant: str) -> str:
    """Return the name of a tenant's key file; tenants whose name fits no file are hashed."""
    if _PLAIN.fullmatch(tenant):
        return f"tenant-{tenant}"
    return f"tenant.{sha256(tenant.encode('utf-8', 'surrogatepass')).hexdigest()}"


def as_bytes(cell: Cell) -> bytes:
    """Return a cell of a BLOB column."""
    return cell if isinstance(cell, bytes) else b""
