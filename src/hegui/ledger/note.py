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

MOST_CHARACTERS = 262_144
MOST_SIGNATURES = 64
"""What is read of a note. The specification asks for room for 16 signatures of up to 5 kB."""

_MOST_DIGITS = 19
_MOST_SIZE = (1 << 63) - 1
_CONTROLS = {*map(chr, range(0x20))} - {"\n"}

_NAME = Words(
    en="{name!r} cannot name a signing key: no spaces and no plus sign (C2SP signed-note).",
    zh="{name!r} 不能用作签名密钥名：不得含空格或加号（C2SP signed-note）。",
)
_VKEY = Words(
    en="This is not a verifier key: {vkey!r}. It reads name+8 hex digits+base64.",
    zh="{vkey!r} 不是验证公钥。格式应为：名称+8 位十六进制+base64。",
)
_UNSIGNED = Words(
    en="The note carries no signature by {name}.",
    zh="该文本没有 {name} 的签名。",
)
_FORGED = Words(
    en="The signature by {name} does not fit the text: one of the two was changed.",
    zh="{name} 的签名与文本不符：文本或签名被改动过。",
)
_OTHER_LOG = Words(
    en="The checkpoint is for the log {origin!r}, and the key that was given is that of {name!r}.",
    zh="该检查点属于账本 {origin!r}，而给出的公钥属于 {name!r}。",
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
        if not canonical or len(size) > _MOST_DIGITS or int(size) > _MOST_SIZE:
            raise Corrupt(_NOT_A_CHECKPOINT)
        if root is None or len(root) != HASH_BYTES or "" in lines[3:-1]:
            raise Corrupt(_NOT_A_CHECKPOINT)
        return cls(origin, int(size), root)


class Signer:
    """Signs a log's checkpoints with Ed25519. ``name`` is the log's origin.

    ``stamp`` is the key's id, the four bytes before each of its signatures. ``also`` adds a second
    line, by ML-DSA-44. Its time is 0: a log says by it that this is its head, and leaves it to
    witnesses to say when (C2SP tlog-cosignature).
    """

    __slots__ = ("_also", "_private", "name", "stamp", "vkey")

    def __init__(self, name: str, private: bytes, also: Cosigner | None = None) -> None:
        if not _can_name(name):
            raise Misconfigured(_NAME.fill(name=name))
        self.name = name
        self._also = also
        self._private = Ed25519PrivateKey.from_private_bytes(private)
        public = self._private.public_key().public_bytes_raw()
        self.stamp = _key_id(name, public)
        self.vkey = f"{name}+{self.stamp.hex()}+{b64encode(ED25519 + public).decode()}"

    def sign(self, text: str) -> str:
        """Return ``text`` (which ends in a line feed) as a signed note."""
        signature = b64encode(self.stamp + self._private.sign(text.encode())).decode()
        second = self._also.line(text, 0) if self._also is not None else ""
        return f"{text}\n— {self.name} {signature}\n{second}"

    @property
    def vkeys(self) -> tuple[str, ...]:
        """The verifier keys of all its signatures, Ed25519 first."""
        return (self.vkey,) if self._also is None else (self.vkey, self._also.key.vkey)


def open_note(note: str, vkey: str) -> str:
    """Return the text of a note that ``vkey`` signed; signatures by others are passed over."""
    name, stamp, public = read_vkey(vkey)
    text, signatures = split_note(note)
    signed = False
    for signature in signatures:
        if (signature.name, signature.stamp) != (name, stamp):
            continue
        try:
            public.verify(signature.data, text.encode())
        except InvalidSignature as error:
            raise Corrupt(_FORGED.fill(name=name)) from error
        signed = True
    if not signed:
        raise Corrupt(_UNSIGNED.fill(name=name))
    return text


def open_checkpoint(note: str, vkey: str) -> Checkpoint:
    """Return the checkpoint that ``vkey`` signed for the log of its own name.

    A signature covers the text alone, and one key may have signed several logs (before each tenant
    had its own, it did). So the text's origin must be the key's name: else one tenant's head would
    pass for another's.
    """
    head = Checkpoint.parse(open_note(note, vkey))
    name = read_vkey(vkey)[0]
    if head.origin != name:
        raise Corrupt(_OTHER_LOG.fill(origin=head.origin, name=name))
    return head


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: who is said to have signed, the key's id (4 bytes), the signature."""

    name: str
    stamp: bytes
    data: bytes


def split_note(note: str) -> tuple[str, list[Signature]]:
    """Return a note's text and its signature lines, of which none was checked yet.

    ``Corrupt`` where the note breaks the format, is over 262,144 characters or has over 64 lines.
    """
    if len(note) > MOST_CHARACTERS:
        raise _not_a_note(f"over {MOST_CHARACTERS} characters", f"超过 {MOST_CHARACTERS} 个字符")
    text, gap, block = note.rpartition("\n\n")
    if not gap or not block.endswith("\n"):
        raise _not_a_note("no signature block", "没有签名部分")
    if not _CONTROLS.isdisjoint(note) or not _encodes(note):
        raise _not_a_note("a control character, or no UTF-8", "含有控制字符，或不是 UTF-8")
    lines = block[:-1].split("\n")
    if len(lines) > MOST_SIGNATURES:
        raise _not_a_note(f"over {MOST_SIGNATURES} signatures", f"签名超过 {MOST_SIGNATURES} 个")
    return text + "\n", [_signature(line, number) for number, line in enumerate(lines, 1)]


def _signature(line: str, number: int) -> Signature:
    head, _, encoded = line.rpartition(" ")
    data = _base64(encoded)
    if not head.startswith("— ") or not _can_name(head[2:]) or data is None or len(data) < 5:  # noqa: PLR2004 - the key's id and at least a byte
        raise _not_a_note(f"signature line {number} is broken", f"第 {number} 行签名格式有误")
    return Signature(head[2:], data[:4], data[4:])


def _can_name(name: str) -> bool:
    spaced = any(sign.isspace() for sign in name)
    return bool(name) and not spaced and _CONTROLS.isdisjoint(name) and "+" not in name


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _not_a_note(en: str, zh: str) -> Corrupt:
    return Corrupt(
        Words(
            f"This is not a signed note (C2SP signed-note): {en}.",
            f"这不是有效的签名文本（C2SP signed-note）：{zh}。",
        )
    )


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
