"""The table of C2PA manifests on labelled files: whose certificate, and what signs with its key."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from hegui.settings.fields import says
from hegui.settings.locate import Trail
from hegui.settings.secret import Secret
from hegui.terms import Words

_TOGETHER = ("pkcs11", "pkcs11_token", "pkcs11_key", "pkcs11_pin")


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
    pkcs11: str = field(
        default="",
        metadata=says(
            "in place of key: the PKCS#11 module (.so) of a token that holds it and signs itself; "
            "needs hegui[pkcs11]",
            "不填 key 时：保管私钥并自行签名的密码设备，此处填其 PKCS#11 模块（.so）；"
            "需安装 hegui[pkcs11]",
        ),
    )
    pkcs11_token: str = field(
        default="", metadata=says("the token's label", "密码设备的标签（token label）")
    )
    pkcs11_key: str = field(
        default="",
        metadata=says("the private key's label in the token", "私钥在密码设备中的标签"),
    )
    pkcs11_pin: Secret = field(
        default=Secret(), metadata=says("the token's user PIN", "密码设备的用户 PIN")
    )
    time_stamps: str = field(
        default="",
        metadata=says(
            "the URL of a time-stamping authority (RFC 3161). It gets a digest of each signature, "
            "and its answer, within ten seconds, says when the manifest was signed; it may be http,"
            " for the answer is signed. Empty: manifests have no time stamp",
            "时间戳机构（RFC 3161）的 URL。每次签名的摘要会发送给该机构，机构须在十秒内应答，"
            "以证明清单的签署时间；应答自带签名，因此可用 http。留空则清单不带时间戳",
        ),
    )
    time_stamp_required: bool = field(
        default=True,
        metadata=says(
            "an authority that gives no good answer: true: the file is not written; false: it is "
            "signed without a time stamp, and the command says so",
            "时间戳机构未给出有效应答时：true 表示不写入文件；"
            "false 表示不带时间戳签名，命令会给出提示",
        ),
    )
    always: bool = field(
        default=False,
        metadata=says(
            "sign every file that hegui label, the media routes or /label/inspect write and whose "
            "format can hold a manifest; false: with --c2pa, and in the gateway what carries one",
            "hegui label、媒体接口和 /label/inspect 写出的文件，格式支持的一律签名；"
            "false 表示仅在使用 --c2pa 时，以及网关收到带清单的文件时签名",
        ),
    )


def c2pa_faults(c2pa: C2pa) -> Iterator[tuple[Trail, Words]]:
    """Say what is wrong with the ``[labels.c2pa]`` table."""
    given = [bool(c2pa.key.reference), bool(c2pa.key_service), bool(c2pa.pkcs11)]
    if sum(given) > 1:
        yield ("labels", "c2pa", "pkcs11" if c2pa.pkcs11 else "key_service"), _EITHER
    yield from _token_faults(c2pa)
    if c2pa.certificates is None:
        if any(given) or c2pa.always:
            yield ("labels", "c2pa", "certificates"), _CERTIFICATES
    elif not any(given):
        yield ("labels", "c2pa", "key"), _KEY
    if c2pa.key_service and not _safe(c2pa.key_service):
        yield ("labels", "c2pa", "key_service"), _URL
    if c2pa.time_stamps and not _named(c2pa.time_stamps):
        yield ("labels", "c2pa", "time_stamps"), _AUTHORITY


def _token_faults(c2pa: C2pa) -> Iterator[tuple[Trail, Words]]:
    told = {name: bool(getattr(c2pa, name)) for name in _TOGETHER}
    told["pkcs11_pin"] = bool(c2pa.pkcs11_pin.reference)
    missing = [name for name, there in told.items() if not there]
    if missing and len(missing) < len(told):
        yield ("labels", "c2pa", missing[0]), _TOKEN


def _named(url: str) -> bool:
    """Whether a URL names a host that is asked over http or https."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in url
    except ValueError:
        return False


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
    "key, key_service and pkcs11 exclude each other: name one of them",
    "key、key_service 和 pkcs11 只能填写其中一个",
)
_TOKEN = Words(
    "is needed too: pkcs11, pkcs11_token, pkcs11_key and pkcs11_pin belong together",
    "也要填写：pkcs11、pkcs11_token、pkcs11_key 和 pkcs11_pin 须一起设置",
)
_AUTHORITY = Words(
    'must be "http://…" or "https://…" without a name and password in it',
    '应为 "http://…" 或 "https://…"，且其中不带用户名和密码',
)
_CERTIFICATES = Words(
    "is needed too: the PEM file with your certificate and those that issued it",
    "也要填写：含自己的证书及其签发者证书的 PEM 文件",
)
_KEY = Words(
    "is needed too: the certificate's private key, or key_service or pkcs11, which hold it",
    "也要填写：证书对应的私钥，或者填写保管私钥的 key_service 或 pkcs11",
)
_URL = Words(
    'must be "https://…" without a name and password in it; http only on this machine',
    '应为 "https://…"，且其中不带用户名和密码；仅本机可用 http',
)
