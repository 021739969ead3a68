"""Signed notes and checkpoints, as C2SP ``signed-note`` and ``tlog-checkpoint`` define them."""

import binascii
from base64 import b64decode, b64encode
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from hegui.ledger.cosigning import Cosigner
from hegui.ledger.tree import HASH_BYTES
from hegui.terms import Corrupt, Misconfigured, Words

ED25519 = b"\x01"
"""The signature type of C2SP signed-note for Ed25519."""

_NAME = Words(
    en="{name!r} cannot name a signing key: no spaces and no plus sign (C2SP signed-note).",
    zh="{name!r} 不能用作签名密钥名：不得含空格或加号（C2SP signed-note）。",
)
_VKEY = Words(
    en="This is not a verifier key: {vkey!r}. It reads name+8 hex digits+base64.",
    zh="{vkey!r} 不是验证公钥。格式应为：名称+8 位十六进制+base64。",
)
_NOT_A_NOTE = Words(
    en="This is not a signed note (C2SP signed-note): {why}.",
    zh="这不是有效的签名文本（C2SP signed-note）：{why}。",
)
_UNSIGNED = Words(
    en="The note carries no signature by {name}.",
    zh="该文本没有 {name} 的签名。",
)
_FORGED = Words(
    en="The signature by {name} does not fit the text: one of the two was changed.",
    zh="{name} 的签名与文本不符：文本或签名被改动过。",
)
_NOT_A_CHECKPOINT = Words(
    en="This is not a checkpoint (C2SP tlog-checkpoint): origin, size, root expected.",
    zh="这不是检查点（C2SP tlog-checkpoint）：应依次为来源、大小、根哈希。",
)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a checkpoint claims: this log, at this size, has this root."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """Return the body that is signed (C2SP tlog-checkpoint; no extension lines)."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"

    @classmethod
    def parse(cls, text: str) -> "Checkpoint":
        """Read a checkpoint's body. Extension lines are allowed and ignored."""
        lines = text.split("\n")
        if len(lines) < 4 or not lines[0] or lines[-1]:  # noqa: PLR2004 - three lines and the last line's end
            raise Corrupt(_NOT_A_CHECKPOINT)
        origin, size, root = lines[0], lines[1], _base64(lines[2])
        canonical = size.isascii() and size.isdigit() and (size == "0" or size[0] != "0")
        if not canonical or root is None or len(root) != HASH_BYTES:
            raise Corrupt(_NOT_A_CHECKPOINT)
        return cls(origin, int(size), root)


class Signer:
    """Signs a log's checkpoints with Ed25519. ``name`` is the log's origin.

    ``also`` adds a second line, by ML-DSA-44. Its time is 0: a log says by it that this is its
    head, and leaves it to witnesses to say when (C2SP tlog-cosignature).
    """

    __slots__ = ("_also", "_private", "_stamp", "name", "vkey")

    def __init__(self, name: str, private: bytes, also: Cosigner | None = None) -> None:
        if not name or "+" in name or any(sign.isspace() for sign in name):
            raise Misconfigured(_NAME.fill(name=name))
        self.name = name
        self._also = also
        self._private = Ed25519PrivateKey.from_private_bytes(private)
        public = self._private.public_key().public_bytes_raw()
        self._stamp = _key_id(name, public)
        self.vkey = f"{name}+{self._stamp.hex()}+{b64encode(ED25519 + public).decode()}"

    def sign(self, text: str) -> str:
        """Return ``text`` (which ends in a line feed) as a signed note."""
        signature = b64encode(self._stamp + self._private.sign(text.encode())).decode()
        second = self._also.line(text, 0) if self._also is not None else ""
        return f"{text}\n— {self.name} {signature}\n{second}"

    @property
    def vkeys(self) -> tuple[str, ...]:
        """The verifier keys of all its signatures, Ed25519 first."""
        return (self.vkey,) if self._also is None else (self.vkey, self._also.key.vkey)


def open_note(note: str, vkey: str) -> str:
    """Return the text of a note that ``vkey`` signed; signatures by others are passed over."""
    name, stamp, public = read_vkey(vkey)
    text, gap, signatures = note.rpartition("\n\n")
    if not gap or not signatures.endswith("\n"):
        raise Corrupt(_NOT_A_NOTE.fill(why="no signature block"))
    text += "\n"
    signed = False
    for line in signatures[:-1].split("\n"):
        head, _, encoded = line.rpartition(" ")
        data = _base64(encoded)
        if not head.startswith("— ") or data is None or len(data) < len(stamp):
            raise Corrupt(_NOT_A_NOTE.fill(why="a broken signature line"))
        if head[2:] != name or data[: len(stamp)] != stamp:
            continue
        try:
            public.verify(data[len(stamp) :], text.encode())
        except InvalidSignature as error:
            raise Corrupt(_FORGED.fill(name=name)) from error
        signed = True
    if not signed:
        raise Corrupt(_UNSIGNED.fill(name=name))
    return text


def read_vkey(vkey: str) -> tuple[str, bytes, Ed25519PublicKey]:
    """Return name, key id and key of a verifier key (C2SP signed-note)."""
    name, _, rest = vkey.partition("+")
    stamp, _, encoded = rest.partition("+")
    key = _base64(encoded) or b""
    if key[:1] != ED25519 or len(key) != 33 or stamp != _key_id(name, key[1:]).hex():  # noqa: PLR2004 - the type and 32 bytes of key
        raise Misconfigured(_VKEY.fill(vkey=vkey))
    return name, bytes.fromhex(stamp), Ed25519PublicKey.from_public_bytes(key[1:])


def _key_id(name: str, public: bytes) -> bytes:
    return sha256(name.encode() + b"\n" + ED25519 + public).digest()[:4]


def _base64(encoded: str) -> bytes | None:
    try:
        data = b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if b64encode(data).decode() == encoded else None
