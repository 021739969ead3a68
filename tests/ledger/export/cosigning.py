"""A witness of the tests: it signs heads as C2SP tlog-cosignature says."""

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import mldsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.ledger.export.folders import ORIGIN, restore_manifest

from hegui.ledger.export.data import verify

AT = 1_780_000_123
NAME = "witness.example/w1"


@dataclass
class Cosigner:
    """A key, and how its kind signs a head."""

    kind: int
    public: bytes
    sign: Callable[[bytes], bytes]
    name: str = NAME

    @property
    def stamp(self) -> bytes:
        return sha256(f"{self.name}\n".encode() + bytes([self.kind]) + self.public).digest()[:4]

    @property
    def vkey(self) -> str:
        key = b64encode(bytes([self.kind]) + self.public).decode()
        return f"{self.name}+{self.stamp.hex()}+{key}"

    def line(self, text: str, at: int = AT) -> str:
        """Return the signature line under a checkpoint's text."""
        origin, size, root = text.split("\n")[:3]
        message = f"cosignature/v1\ntime {at}\n{text}".encode()
        if self.kind == verify.COSIGN_ML_DSA:
            message = b"subtree/v1\n\x00" + bytes([len(self.name)]) + self.name.encode()
            message += at.to_bytes(8, "big") + bytes([len(origin)]) + origin.encode()
            message += bytes(8) + int(size).to_bytes(8, "big") + verify.unbase64(root)
        signed = self.stamp + at.to_bytes(8, "big") + self.sign(message)
        return f"— {self.name} {b64encode(signed).decode()}\n"


def cosigner_of(kind: int) -> Cosigner:
    """Return the witness with its key of one kind."""
    if kind == verify.COSIGN_ED25519:
        one = Ed25519PrivateKey.from_private_bytes(b"w" * 32)
        return Cosigner(kind, one.public_key().public_bytes_raw(), one.sign)
    two = mldsa.MLDSA44PrivateKey.from_seed_bytes(b"w" * 32)
    return Cosigner(kind, two.public_key().public_bytes_raw(), two.sign)


def log_cosigner(seed: bytes) -> Cosigner:
    """Return a log's own second key, ML-DSA-44."""
    key = mldsa.MLDSA44PrivateKey.from_seed_bytes(seed)
    public = key.public_key().public_bytes_raw()
    return Cosigner(verify.COSIGN_ML_DSA, public, key.sign, ORIGIN)


def add(folder: Path, line: str) -> None:
    with (folder / "checkpoint").open("a", encoding="utf-8") as file:
        file.write(line)
    restore_manifest(folder)


def text_of(folder: Path) -> str:
    return (folder / "checkpoint").read_text(encoding="utf-8").partition("\n\n")[0] + "\n"
