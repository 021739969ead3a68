"""The table of C2PA manifests on labelled files: whose certificate, and what signs with its key."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from hegui.settings.fields import says
from hegui.settings.locate import Trail
from hegui.settings.secret import Secret
from hegui.terms import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class C2pa:
    """A signed manifest (C2PA) beside the label of a file; it takes no label's place."""

    certificates: Path | None = field(
        default=None,
        metadata=says(
            "a PEM file: your certificate first, then those that issued it. The key's kind says "
            "the algorithm (ES256, ES384, ES512, PS256, Ed25519). Needs hegui[c2pa]",
            "PEM 文件：先是自己的证书，再是逐级签发者的证书。签名算法由密钥种类决定"
            "（ES256、ES384、ES512、PS256、Ed25519）。需安装 hegui[c2pa]",
        ),
    )
    key: Secret = field(
        default=Secret(),
        metadata=says("the certificate's private key, PEM", "证书对应的私钥，PEM 格式"),
    )
    key_service: str = field(
        default="",
        metadata=says(
            "in place of key: the URL of a service that holds it. Each text to sign is posted "
            "there, and it answers with the signature's bytes within ten seconds",
            "不填 key 时：保管私钥的签名服务的 URL。待签内容以 POST 发送，"
            "服务须在十秒内返回签名字节",
        ),
    )
    key_service_token: Secret = field(
        default=Secret(),
        metadata=says("the bearer token that the service asks for", "签名服务要求的 Bearer 令牌"),
    )
    always: bool = field(
        default=False,
        metadata=says(
            "sign every file that hegui label writes and whose format can hold a manifest; false: "
            "with --c2pa only",
            "hegui label 写出的文件，格式支持的一律签名；false 表示仅在使用 --c2pa 时签名",
        ),
    )


def c2pa_faults(c2pa: C2pa) -> Iterator[tuple[Trail, Words]]:
    """Say what is wrong with the ``[labels.c2pa]`` table."""
    given = [bool(c2pa.key.reference), bool(c2pa.key_service)]
    if all(given):
        yield ("labels", "c2pa", "key_service"), _EITHER
    if c2pa.certificates is None:
        if any(given) or c2pa.always:
            yield ("labels", "c2pa", "certificates"), _CERTIFICATES
    elif not any(given):
        yield ("labels", "c2pa", "key"), _KEY
    if c2pa.key_service and not _safe(c2pa.key_service):
        yield ("labels", "c2pa", "key_service"), _URL


def _safe(url: str) -> bool:
    """Whether nobody on the way can answer in the service's place."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    if parts.username is not None or not host:
        return False
    local = host in ("127.0.0.1", "::1", "localhost")
    return parts.scheme == "https" or (parts.scheme == "http" and local)


_EITHER = Words(
    "key and key_service exclude each other: name one of the two",
    "key 和 key_service 只能填写一个",
)
_CERTIFICATES = Words(
    "is needed too: the PEM file with your certificate and those that issued it",
    "也要填写：含自己的证书及其签发者证书的 PEM 文件",
)
_KEY = Words(
    "is needed too: the certificate's private key, or key_service, which holds it",
    "也要填写：证书对应的私钥，或者填写保管私钥的 key_service",
)
_URL = Words(
    'must be "https://…" without a name and password in it; http only on this machine',
    '应为 "https://…"，且其中不带用户名和密码；仅本机可用 http',
)
