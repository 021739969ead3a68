"""The tables of those who confirm the evidence from outside: witnesses and a time authority."""

import binascii
import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final

from hegui.settings.fields import Doc, says
from hegui.terms import Words

MOST_WITNESSES: Final = 16
_TYPES: Final = {4: 32, 6: 1_312}
"""Bytes of a key: Ed25519 and ML-DSA-44 cosignatures (C2SP tlog-cosignature)."""
_VKEY: Final = re.compile(r"([^+\s]+)\+([0-9a-f]{8})\+(\S+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """Somebody else's machine that signs each head which extends the one before."""

    name: str = field(
        metadata=says("its name in metrics and messages", "在指标和提示中的名称", required=True)
    )
    url: str = field(
        metadata=says(
            "its address; /add-checkpoint is put behind it (C2SP tlog-witness)",
            "地址，后面会接上 /add-checkpoint（C2SP tlog-witness）",
            required=True,
        )
    )
    vkey: str = field(
        metadata=says(
            "its verifier key, of type 04 (Ed25519) or 06 (ML-DSA-44), got from its operator",
            "验证公钥，类型为 04（Ed25519）或 06（ML-DSA-44），向其运营者索取",
            required=True,
        )
    )
    vkey_2: str = field(
        default="",
        metadata=says("its second verifier key, where it has two", "有两个验证公钥时，填写第二个"),
    )
    every_seconds: int = field(
        default=60,
        metadata=says(
            "seconds between requests at least; a head that it has signed is not sent again",
            "两次请求至少间隔多少秒；已签过的检查点不会重复提交",
            low=1,
            high=86_400,
        ),
    )

    @property
    def vkeys(self) -> tuple[str, ...]:
        """Its verifier keys."""
        return tuple(filter(None, (self.vkey, self.vkey_2)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Timestamp:
    """An authority that confirms when a head was there (RFC 3161)."""

    url: str = field(
        metadata=says("the authority's address", "时间戳机构的服务地址", required=True)
    )
    ca: Path = field(
        metadata=says(
            "a PEM file with the authority's root certificate, and any between it and the signer's",
            "PEM 文件，内含该机构的根证书，以及根与签名证书之间的证书",
            required=True,
        )
    )
    every_hours: int = field(
        default=24,
        metadata=says(
            "hours between time stamps at least; each export gets one besides",
            "两次时间戳至少间隔多少小时；每次导出另取一次",
            low=1,
            high=744,
        ),
    )


ML_DSA: Final[Mapping[str, Doc]] = says(
    "sign each head a second time, with ML-DSA-44 (safe against quantum computers)",
    "用 ML-DSA-44 对每个检查点再签一次（可抵御量子计算机）",
)
TIMESTAMP: Final[Mapping[str, Doc]] = says("time stamps (RFC 3161)", "可信时间戳（RFC 3161）")
WITNESSES: Final[Mapping[str, Doc]] = says(
    "those who witness the logs, one table each", "账本的见证方，每个一张表", toml="witness"
)


def vkey_fault(vkey: str) -> Words | None:
    """Say what is wrong with a witness's verifier key; nothing where it is right."""
    found = _VKEY.fullmatch(vkey)
    if found is None:
        return Words(
            "is not a verifier key: it reads name+8 hex digits+base64",
            "不是验证公钥，格式应为：名称+8 位十六进制+base64",
        )
    try:
        data = b64decode(found[3], validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if not data or _TYPES.get(data[0]) != len(data) - 1:
        return Words(
            "is not a witness's key: its type must be 04 (Ed25519) or 06 (ML-DSA-44)",
            "不是见证方的公钥：类型应为 04（Ed25519）或 06（ML-DSA-44）",
        )
    if sha256(found[1].encode() + b"\n" + data).hexdigest()[:8] != found[2]:
        return Words(
            "was changed: its id is not that of its name and key; copy it anew",
            "有改动：编号与名称和公钥不符，请重新复制",
        )
    return None
