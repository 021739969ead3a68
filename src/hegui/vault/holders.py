"""Who holds the keys of epochs: files outside the database, or a token (see ``pkcs11``)."""

import re
from hashlib import sha256
from typing import Protocol

from hegui.vault import sealing

_PLAIN = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}")


class Keys(Protocol):
    """What the vault needs of the key directory."""

    def load(self, name: str) -> bytes:
        """Return the key called ``name``."""
        ...

    def load_or_create(self, name: str, length: int) -> bytes:
        """Return the key called ``name``, made of ``length`` random bytes where there is none."""
        ...

    def destroy(self, name: str) -> None:
        """Overwrite and delete the key called ``name``; gone already is as good."""
        ...

    def names(self) -> list[str]:
        """List the keys that exist."""
        ...


class Holder(Protocol):
    """Keeps the keys of epochs where no copy of the database has them."""

    @property
    def name(self) -> str:
        """How the table of epochs calls it."""
        ...

    def create(self, epoch: int) -> None:
        """Make the epoch's key, durable when this returns. One that exists stays as it is."""
        ...

    def wrap(self, epoch: int, key: bytes) -> bytes:
        """Return ``key`` (32 bytes) under the epoch's key. ``Misconfigured`` without that key."""
        ...

    def unwrap(self, epoch: int, wrapped: bytes) -> bytes | None:
        """Return a wrapped key; nothing where the epoch's key is gone or another one."""
        ...

    def forget(self, keep: int) -> None:
        """Hold no key in memory but that of the epoch ``keep``."""
        ...

    def destroy(self, epoch: int) -> None:
        """Destroy the epoch's key for good; destroyed already is as good."""
        ...


class FileHolder:
    """Holds each epoch's key in a file of mode 0600, and wraps as RFC 3394 says."""

    name = "file"

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._loaded: dict[int, bytes] = {}

    def create(self, epoch: int) -> None:
        """Make the epoch's key file where there is none."""
        self._loaded[epoch] = self._keys.load_or_create(epoch_name(epoch), sealing.KEY_BYTES)

    def wrap(self, epoch: int, key: bytes) -> bytes:
        """Return ``key`` under the epoch's key."""
        held = self._loaded.get(epoch)
        if held is None:
            held = self._loaded[epoch] = self._keys.load(epoch_name(epoch))
        return sealing.wrap(held, key)

    def unwrap(self, epoch: int, wrapped: bytes) -> bytes | None:
        """Return a wrapped key. A key that was destroyed is not read again, nor made anew."""
        held = self._loaded.get(epoch)
        if held is None:
            if epoch_name(epoch) not in self._keys.names():
                return None
            held = self._keys.load(epoch_name(epoch))
        return sealing.unwrap(held, wrapped)

    def forget(self, keep: int) -> None:
        """Drop the keys of other epochs. Python cannot overwrite what it held in memory."""
        self._loaded = {epoch: key for epoch, key in self._loaded.items() if epoch == keep}

    def destroy(self, epoch: int) -> None:
        """Overwrite and delete the file."""
        self._loaded.pop(epoch, None)
        self._keys.destroy(epoch_name(epoch))


def epoch_name(epoch: int) -> str:
    """Return the name of an epoch's key."""
    return f"epoch-{epoch:05d}"


def key_name(tenant: str) -> str:
    """Return the name of a tenant's key file; tenants whose name fits no file are hashed."""
    if _PLAIN.fullmatch(tenant):
        return f"tenant-{tenant}"
    return f"tenant.{sha256(tenant.encode('utf-8', 'surrogatepass')).hexdigest()}"
