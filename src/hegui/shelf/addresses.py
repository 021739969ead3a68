"""The addresses that we give out: nobody can guess one, and each carries its own end.

A token is the file's id (16 random bytes), the second at which it ends, and an HMAC over both under
a key that lies outside the database. So whoever reads a record or the database has no address, and
one that has ended can be told from one that never was, without any row.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, NamedTuple

from hegui.store import random_bytes

PATH: Final = "/media/"
KEY_NAME: Final = "media"
KEY_BYTES: Final = 32
_ID_BYTES: Final = 16
_END_BYTES: Final = 5
_MAC_BYTES: Final = 16
_LONGEST: Final = 64
_DOMAIN: Final = b"hegui media address v1\0"
_PREFIX: Final = "M-"


class Told(NamedTuple):
    """What a token says, and is known to be true: which file, and until when (UTC ms)."""

    id: str
    until: int


def new_id() -> str:
    """Return the number of a new file: ``M-`` and 128 random bits. It opens nothing."""
    return _PREFIX + random_bytes(_ID_BYTES).hex()


@dataclass(frozen=True, slots=True)
class Addresses:
    """Makes and reads addresses. ``base`` is the service's public address, without a slash."""

    key: bytes = field(repr=False)
    base: str

    def of(self, medium: str, until: int) -> str:
        """Return the address of a file; the same each time."""
        said = bytes.fromhex(medium.removeprefix(_PREFIX))
        end = -(-until // 1_000)  # not before the row ends
        said += end.to_bytes(_END_BYTES, "big")
        return f"{self.base}{PATH}{_written(said + self._mac(said))}"

    def read(self, token: str) -> Told | None:
        """Return what a token says; None for one that we did not give out. In constant time."""
        try:
            if len(token) > _LONGEST or not token.isascii():
                return None
            whole = urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except ValueError:
            return None
        if _written(whole) != token:  # the decoder passes over what is no letter of its
            return None
        said, mac = whole[:-_MAC_BYTES], whole[-_MAC_BYTES:]
        if not hmac.compare_digest(mac, self._mac(said)) or len(said) != _ID_BYTES + _END_BYTES:
            return None
        end = int.from_bytes(said[_ID_BYTES:], "big") * 1_000
        return Told(_PREFIX + said[:_ID_BYTES].hex(), end)

    def _mac(self, said: bytes) -> bytes:
        return hmac.digest(self.key, _DOMAIN + said, sha256)[:_MAC_BYTES]


def _written(whole: bytes) -> str:
    return urlsafe_b64encode(whole).decode().rstrip("=")
