"""Making cosignatures: a witness's, and the log's own second signature with ML-DSA-44."""

from typing import Final, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hegui.ledger.cosignature import (
    COSIGNERS,
    ED25519,
    LATEST,
    LONGEST_NAME,
    ML_DSA_44,
    Key,
    can_name,
    message,
    ml_dsa_ready,
)
from hegui.terms import Misconfigured, Words

SEED_BYTES: Final = 32
"""Both kinds of key are made from this many random bytes (RFC 8032; FIPS 204, 3.6.1)."""

_NAME = Words(
    en="{name!r} cannot name a witness: 1 to 255 bytes, no spaces and no plus sign. Take an address"
    " without https://, such as witness.example.com/w1.",
    zh="{name!r} 不能用作见证方名称：应为 1 至 255 字节，不得含空格或加号。"
    "建议使用不带 https:// 的网址，例如 witness.example.com/w1。",
)
_NO_ML_DSA = Words(
    en="The installed cryptography package knows no ML-DSA-44 (it needs the wheels of version 47 or"
    " newer). Install them: pip install --upgrade --only-binary :all: cryptography. Or go without"
    " the post-quantum signature: take ml_dsa out of [ledger], or --ml-dsa off the command.",
    zh="已安装的 cryptography 不支持 ML-DSA-44（需要 47 或更高版本的 wheel）。请升级："
    "pip install --upgrade --only-binary :all: cryptography。"
    "也可以不用抗量子签名：去掉 [ledger] 中的 ml_dsa，或命令中的 --ml-dsa。",
)


class _Private(Protocol):
    def sign(self, data: bytes, /) -> bytes: ...


class Cosigner:
    """Signs heads as ``name``, with a key made from ``seed`` (32 bytes).

    ``Misconfigured`` for a name that the formats cannot carry, and for ML-DSA-44 where the
    installed ``cryptography`` has none.
    """

    __slots__ = ("_private", "key")

    def __init__(self, name: str, seed: bytes, kind: int = ED25519) -> None:
        if kind not in COSIGNERS:
            raise ValueError(f"no cosigner has keys of type {kind}")
        if not can_name(name) or len(name.encode()) > LONGEST_NAME:
            raise Misconfigured(_NAME.fill(name=name))
        self._private, public = _made(seed, kind)
        self.key = Key(name, kind, public)

    @property
    def covers_extensions(self) -> bool:
        """Whether it can sign a checkpoint with extension lines."""
        return self.key.kind != ML_DSA_44

    def line(self, text: str, at: int) -> str:
        """Return the signature line for the checkpoint ``text`` at ``at`` (POSIX seconds).

        ``ValueError`` where ``text`` is no checkpoint, or holds what this kind of key cannot cover.
        """
        if not 0 <= at <= LATEST:
            raise ValueError("no time of a cosignature")
        signed = message(self.key.kind, self.key.name, at, text)
        return self.key.line(at.to_bytes(8, "big") + self._private.sign(signed))


def require_ml_dsa() -> None:
    """Raise ``Misconfigured``, with what to do, where ``cryptography`` has no ML-DSA-44."""
    if not ml_dsa_ready():
        raise Misconfigured(_NO_ML_DSA)


def _made(seed: bytes, kind: int) -> tuple[_Private, bytes]:
    if kind == ML_DSA_44:
        require_ml_dsa()
        from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

        private = MLDSA44PrivateKey.from_seed_bytes(seed)
        return private, private.public_key().public_bytes_raw()
    plain = Ed25519PrivateKey.from_private_bytes(seed)
    return plain, plain.public_key().public_bytes_raw()
