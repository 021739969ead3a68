"""HMAC-SHA-256 (RFC 2104, FIPS 198-1) for short messages, without handing the interpreter over.

The standard library's ``hmac.digest`` lets other threads run while it computes: right for long
messages, but for a few bytes the way back costs ten times the digest. ``hashlib`` keeps the
interpreter for inputs under 2 KB.
"""

from hashlib import sha256
from typing import Final

_BLOCK: Final = 64  # bytes (FIPS 180-4)
_INNER: Final = bytes(byte ^ 0x36 for byte in range(256))
_OUTER: Final = bytes(byte ^ 0x5C for byte in range(256))


def keyed(key: bytes, message: bytes) -> bytes:
    """Return HMAC-SHA-256 of ``message`` under ``key``: 32 bytes."""
    if len(key) > _BLOCK:
        key = sha256(key).digest()
    block = key.ljust(_BLOCK, b"\0")
    inner = sha256(block.translate(_INNER) + message).digest()
    return sha256(block.translate(_OUTER) + inner).digest()
