"""Signed notes, checkpoints and verifier keys as C2SP defines them, read by the verifier itself."""

import binascii
from base64 import b64decode, b64encode
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from hegui.ledger.tree import HASH_BYTES

_ED25519 = b"\x01"
_MOST_SIZE = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Claim:
    """What a checkpoint claims."""

    origin: str
    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Key:
    """A verifier key."""

    name: str
    stamp: bytes
    public: Ed25519PublicKey


def read_claim(note: str) -> Claim | None:
    """Return what a checkpoint claims; None where it cannot be read as one."""
    origin, counted, encoded = [*note.split("\n"), "", ""][:3]
    root = from_base64(encoded)
    plain = counted.isascii() and counted.isdigit() and counted == str(int(counted[:19]))
    if root is None or len(root) != HASH_BYTES or not plain or int(counted) > _MOST_SIZE:
        return None
    return Claim(origin, int(counted), root)


def read_vkey(vkey: str) -> Key | None:
    """Return a verifier key; None where it is not one."""
    name, _, rest = vkey.strip().partition("+")
    stamp, _, encoded = rest.partition("+")
    data = from_base64(encoded) or b""
    expected = sha256(name.encode() + b"\n" + data).digest()[:4]
    if data[:1] != _ED25519 or len(data) != 33 or stamp != expected.hex():  # noqa: PLR2004 - the type and 32 bytes of key
        return None
    return Key(name, expected, Ed25519PublicKey.from_public_bytes(data[1:]))


def signed_by(note: str, key: Key) -> bool:
    """Tell whether ``key`` signed the note, and every signature line is well formed."""
    text, gap, block = note.rpartition("\n\n")
    if not gap or not block.endswith("\n"):
        return False
    signed = False
    for line in block[:-1].split("\n"):
        head, _, encoded = line.rpartition(" ")
        data = from_base64(encoded)
        if not head.startswith("— ") or data is None:
            return False
        if head[2:] == key.name and data[:4] == key.stamp:
            try:
                key.public.verify(data[4:], (text + "\n").encode())
            except InvalidSignature:
                return False
            signed = True
    return signed


def from_base64(encoded: str) -> bytes | None:
    """Return the bytes of canonical base64; None where it is none."""
    try:
        data = b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if b64encode(data).decode() == encoded else None
