"""Cosignatures: what others say about a log's head (C2SP ``tlog-cosignature``, ``signed-note``).

Pure, and imports nothing of ours, so that the verifier may use it: texts and keys in, facts out.
A signature line is ``— name base64(stamp ‖ data)``; the stamp is the key's id, four bytes.

======== ============ ================================== =====================================
type     data         is signed                          by
======== ============ ================================== =====================================
``0x01`` 64 bytes     the text                           Ed25519: a log
``0x04`` time ‖ 64    two lines, then the text           Ed25519: a witness
``0x06`` time ‖ 2,420 a structure of origin, size, root  ML-DSA-44: a witness, or a log (time 0)
======== ============ ================================== =====================================

Times are POSIX seconds, eight bytes, big end first.
"""

import binascii
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

NOTE: Final = 0x01
ED25519: Final = 0x04
ML_DSA_44: Final = 0x06
COSIGNERS: Final = frozenset({ED25519, ML_DSA_44})
SIGNERS: Final = frozenset({NOTE, ML_DSA_44})
"""The types that a log signs its own heads with."""

KEY_BYTES: Final = {NOTE: 32, ED25519: 32, ML_DSA_44: 1_312}
SIGNATURE_BYTES: Final = {NOTE: 64, ED25519: 64, ML_DSA_44: 2_420}
LONGEST_NAME: Final = 255
"""Bytes of a name or an origin in what ML-DSA-44 signs."""

MOST_CHARACTERS: Final = 262_144
MOST_LINES: Final = 64
LATEST: Final = (1 << 63) - 1
_STAMP, _TIME, _HASH = 4, 8, 32
_DIGITS = 19
_LABEL = b"subtree/v1\n\0"


class UncheckableError(ValueError):
    """This machine's ``cryptography`` knows no ML-DSA: nothing can be said about the signature."""


class Line(NamedTuple):
    """A signature line, not checked: who is said to have signed, the key's id, time and all."""

    name: str
    stamp: bytes
    data: bytes


class Head(NamedTuple):
    """What a checkpoint claims, and whether lines follow that ML-DSA-44 would not cover."""

    origin: str
    size: int
    root: bytes
    extended: bool


class Seen(NamedTuple):
    """A signature that was checked. ``time`` is in POSIX seconds; 0 says nothing about time."""

    name: str
    kind: int
    time: int


@dataclass(frozen=True, slots=True)
class Key:
    """A verifier key: C2SP ``signed-note``'s vkey, taken apart."""

    name: str
    kind: int
    public: bytes

    @property
    def stamp(self) -> bytes:
        """The key's id: the first four bytes of SHA-256 over name, line feed, type and key."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    @property
    def vkey(self) -> str:
        """The key as text: name, id in hex, base64 of type and key."""
        coded = b64encode(bytes([self.kind]) + self.public).decode()
        return f"{self.name}+{self.stamp.hex()}+{coded}"

    def check(self, text: str, data: bytes) -> int:
        """Return the time at which this key signed ``text``: POSIX seconds, 0 where there is none.

        ``ValueError`` where it did not; ``UncheckableError`` where that cannot be told here.
        """
        lead = 0 if self.kind == NOTE else _TIME
        time, signature = int.from_bytes(data[:lead], "big"), data[lead:]
        if len(signature) != SIGNATURE_BYTES[self.kind] or time > LATEST:
            raise ValueError(f"the signature by {self.name} has the wrong length or time")
        try:
            _verify(self, signature, message(self.kind, self.name, time, text))
        except InvalidSignature as error:
            raise ValueError(f"the signature by {self.name} does not fit the text") from error
        return time

    def line(self, data: bytes) -> str:
        """Return the signature line that carries ``data``, with its line feed."""
        return f"— {self.name} {b64encode(self.stamp + data).decode()}\n"


def read_key(vkey: str, kinds: frozenset[int] = COSIGNERS) -> Key:
    """Return the key that ``vkey`` spells; ``ValueError`` says what is wrong with it."""
    name, _, rest = vkey.partition("+")
    stamp, _, coded = rest.partition("+")
    data = unbase64(coded) or b"\0"
    if not can_name(name) or data[0] not in KEY_BYTES or len(data) != 1 + KEY_BYTES[data[0]]:
        raise ValueError("it does not read name+8 hex digits+base64 of a type and a key")
    if data[0] not in kinds:
        wanted = " or ".join(f"0x{kind:02x}" for kind in sorted(kinds))
        raise ValueError(f"it is of type 0x{data[0]:02x}, and {wanted} is wanted")
    key = Key(name, data[0], data[1:])
    if key.stamp.hex() != stamp:
        raise ValueError("its id is not that of its name and key: part of it was changed")
    return key


def split(note: str) -> tuple[str, list[Line]]:
    """Return a note's text and its signature lines; ``ValueError`` where the format is broken."""
    if len(note) > MOST_CHARACTERS:
        raise ValueError(f"it has over {MOST_CHARACTERS} characters")
    text, gap, block = note.rpartition("\n\n")
    if not gap or not block.endswith("\n"):
        raise ValueError("it has no signature block")
    if any(sign < " " and sign != "\n" for sign in note) or not _is_utf8(note):
        raise ValueError("it holds a control character, or is not UTF-8")
    lines = block[:-1].split("\n")
    if len(lines) > MOST_LINES:
        raise ValueError(f"it has over {MOST_LINES} signatures")
    return text + "\n", [_read_line(line, number) for number, line in enumerate(lines, 1)]


def head_of(text: str) -> Head:
    """Read a checkpoint's text (C2SP ``tlog-checkpoint``); ``ValueError`` where it is none."""
    lines = text.split("\n")
    if len(lines) < 4 or not all(lines[:-1]) or lines[-1]:  # noqa: PLR2004 - three lines and the last line's end
        raise ValueError("it is no checkpoint: origin, size and root expected")
    root = unbase64(lines[2])
    if root is None or len(root) != _HASH:
        raise ValueError("its root is not 32 bytes in base64")
    return Head(lines[0], read_size(lines[1]), root, len(lines) > 4)  # noqa: PLR2004 - extension lines


def read_size(digits: str) -> int:
    """Return a tree size: decimal, no leading zero, below 2^63; else ``ValueError``."""
    if not (digits.isascii() and digits.isdigit()) or len(digits) > _DIGITS:
        raise ValueError("its size is not a number")
    if int(digits) > LATEST or (digits[0] == "0" and digits != "0"):
        raise ValueError("its size is not written as sizes are")
    return int(digits)


def message(kind: int, name: str, time: int, text: str) -> bytes:
    """Return the bytes that a signature of ``kind`` by ``name`` at ``time`` is made over."""
    if kind == NOTE:
        return text.encode()
    if kind == ED25519:
        return f"cosignature/v1\ntime {time}\n{text}".encode()
    head = head_of(text)
    if head.extended:
        raise ValueError("it has extension lines, which ML-DSA-44 does not cover")
    cosigner, origin = _short(name), _short(head.origin)
    parts = (
        _LABEL,
        bytes([len(cosigner)]) + cosigner,
        time.to_bytes(_TIME, "big"),
        bytes([len(origin)]) + origin,
        bytes(8),  # where the subtree begins: a whole tree begins at 0
        head.size.to_bytes(8, "big"),
        head.root,
    )
    return b"".join(parts)


def seen_by(note: str, keys: Iterable[Key]) -> list[Seen]:
    """Return who of ``keys`` signed ``note``, in the note's order; others are passed over.

    A line by a known key that does not verify spoils the note (C2SP ``signed-note``):
    ``ValueError``; ``UncheckableError`` where it cannot be checked here.
    """
    known = {(key.name, key.stamp): key for key in keys}
    text, lines = split(note)
    found = []
    for line in lines:
        key = known.get((line.name, line.stamp))
        if key is not None:
            found.append(Seen(key.name, key.kind, key.check(text, line.data)))
    return found


def unbase64(coded: str) -> bytes | None:
    """Return the bytes of canonical base64 (RFC 4648, section 4); None for anything else."""
    try:
        data = b64decode(coded, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if b64encode(data).decode() == coded else None


def can_name(name: str) -> bool:
    """Tell whether ``name`` may name a key: not empty, no space, no plus, no control character."""
    spoilt = any(sign.isspace() or sign < " " or sign == "+" for sign in name)
    return bool(name) and not spoilt and _is_utf8(name)


def ml_dsa_ready() -> bool:
    """Tell whether this machine's ``cryptography`` knows ML-DSA-44."""
    try:
        from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

        MLDSA44PrivateKey.from_seed_bytes(bytes(32))
    except (ImportError, UnsupportedAlgorithm):
        return False
    return True


def _verify(key: Key, signature: bytes, signed: bytes) -> None:
    if key.kind != ML_DSA_44:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, signed)
        return
    if not ml_dsa_ready():
        raise UncheckableError("this machine's cryptography knows no ML-DSA")
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

    MLDSA44PublicKey.from_public_bytes(key.public).verify(signature, signed)


def _read_line(line: str, number: int) -> Line:
    head, _, coded = line.rpartition(" ")
    data = unbase64(coded)
    if not head.startswith("— ") or not can_name(head[2:]) or data is None or len(data) <= _STAMP:
        raise ValueError(f"signature line {number} is broken")
    return Line(head[2:], data[:_STAMP], data[_STAMP:])


def _short(name: str) -> bytes:
    data = name.encode()
    if not 0 < len(data) <= LONGEST_NAME:
        raise ValueError(f"a name in what ML-DSA-44 signs has 1 to {LONGEST_NAME} bytes")
    return data


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
