"""The table of the shelf: how media that a model server names by address are fetched and kept."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final, Literal, TypeAlias
from urllib.parse import urlsplit

from hegui.settings.fields import says
from hegui.settings.locate import Trail
from hegui.settings.secret import Secret
from hegui.terms import Words

MediaTasks: TypeAlias = Literal["", "dashscope", "zhipu", "ark", "openai-videos"]

_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST: Final = re.compile(rf"(?:\*\.{_LABEL}\.|{_LABEL}\.)?{_LABEL}(?:\.{_LABEL})*")
_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_PREFIX: Final = re.compile(r"(?:[A-Za-z0-9._-]+/)*")
_HIGHEST_PORT: Final = 65_535


@dataclass(frozen=True, slots=True, kw_only=True)
class S3:
    """A bucket of a storage that speaks the S3 protocol."""

    endpoint: str = field(
        metadata=says(
            "the storage's address, without the bucket: https://s3.example.com",
            "存储服务地址，不含存储桶名：https://s3.example.com",
            required=True,
        )
    )
    bucket: str = field(metadata=says("the bucket", "存储桶名称", required=True))
    region: str = field(
        default="us-east-1",
        metadata=says("the region that requests are signed for", "签名所用的地域"),
    )
    prefix: str = field(
        default="hegui/",
        metadata=says(
            "what every object's name begins with; empty or ending in a slash",
            "对象名的前缀；可为空，否则以斜杠结尾",
        ),
    )
    access_key: Secret = field(
        default=Secret(), metadata=says("the access key's id", "访问密钥 ID（access key）")
    )
    secret_key: Secret = field(
        default=Secret(), metadata=says("the access key's secret", "访问密钥（secret key）")
    )
    path_style: bool = field(
        default=False,
        metadata=says(
            "whether the bucket stands in the path (MinIO) instead of before the host",
            "存储桶写在路径中（如 MinIO），而不是写在主机名前",
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """Labelled media that callers fetch by an address of ours: where they lie, and how long."""

    store: Literal["disk", "s3"] = field(
        default="disk",
        metadata=says(
            "disk (data_dir/media, for one machine) or s3. Not encrypted by hegui in either",
            "disk（data_dir/media，仅供单机）或 s3。两者 hegui 都不作加密",
        ),
    )
    hours: int = field(
        default=24,
        metadata=says(
            "hours after which an address ends and its file is deleted by itself",
            "多少小时后地址失效、文件自动删除",
            low=1,
            high=8_760,
        ),
    )
    quota_mb: int = field(
        default=10_240,
        metadata=says(
            "MiB of all files that are kept at a time; beyond, requests get 503",
            "同时保存的文件总量上限，MiB；超出后请求返回 503",
            low=1,
            high=1_073_741_824,
        ),
    )
    fetch_seconds: int = field(
        default=60,
        metadata=says("seconds to fetch one file", "抓取一个文件的时限，秒", low=1, high=3_600),
    )
    fetches: int = field(
        default=4,
        metadata=says(
            "files fetched and labelled at a time", "同时抓取和标识的文件数", low=1, high=256
        ),
    )
    s3: S3 | None = field(
        default=None, metadata=says("the storage, where store is s3", "store 为 s3 时的存储服务")
    )


def host_fault(pattern: str) -> Words | None:
    """Say what is wrong with one of ``media_hosts``; nothing where it is right.

    A host name or address, exact or with ``*.`` for one level, and ``:port`` where it is not the
    usual one.
    """
    host, port = split_host(pattern)
    known = _HOST.fullmatch(host) is not None or _is_address(host)
    if known and port is not None and 0 < port <= _HIGHEST_PORT:
        return None
    return Words(
        "must be a host in lower case such as media.example.com, or *.example.com for one level "
        "below it, with :port where it is not the usual one",
        "应为小写主机名，如 media.example.com；*.example.com 表示其下一级；非常用端口时加 :端口",
    )


def split_host(pattern: str) -> tuple[str, int | None]:
    """Return host and port of a pattern; 443 where none is named, None for what is no port."""
    if pattern.startswith("["):
        host, _, rest = pattern[1:].partition("]")
        port = rest.removeprefix(":") if rest else "443"
    else:
        host, colon, port = pattern.partition(":")
        port = port if colon else "443"
    return host, int(port) if port.isascii() and port.isdecimal() else None


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def shelf_faults(shelf: Shelf) -> Iterator[tuple[Trail, Words]]:
    """Say what is wrong with the ``[shelf]`` table."""
    if shelf.store == "s3" and shelf.s3 is None:
        yield (
            ("shelf", "s3"),
            Words("a table [shelf.s3] is needed where store is s3", "store 为 s3 时须填写此表"),
        )
    if shelf.s3 is None:
        return
    place: Trail = ("shelf", "s3")
    if shelf.s3.endpoint and not _is_endpoint(shelf.s3.endpoint):
        yield (
            (*place, "endpoint"),
            Words(
                "must be https://host or http://host, without a path and without a password",
                "应为 https://主机 或 http://主机，不含路径和密码",
            ),
        )
    if shelf.s3.bucket and not _BUCKET.fullmatch(shelf.s3.bucket):
        yield (
            (*place, "bucket"),
            Words(
                "is 3 to 63 lower-case letters, digits, dots or hyphens",
                "应为 3 至 63 个小写字母、数字、点或连字符",
            ),
        )
    if not _PREFIX.fullmatch(shelf.s3.prefix):
        yield (
            (*place, "prefix"),
            Words(
                "holds letters, digits, dots, hyphens, underscores, and ends in a slash",
                "只能含字母、数字、点、连字符和下划线，并以斜杠结尾",
            ),
        )
    for name in ("access_key", "secret_key"):
        if not getattr(shelf.s3, name):
            yield (*place, name), Words("is needed", "必须填写")


def _is_endpoint(text: str) -> bool:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    bare = not (parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and bare


NO_MEDIA_HOSTS: Final = Words(
    "is needed where media_tasks is set: name the hosts that the addresses of its answers lead to",
    "设置了 media_tasks 时必须填写：列出其应答中的地址所指向的主机",
)
