"""Where evidence and sealed content are kept when it is not a file: a PostgreSQL server."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qs, urlsplit

from hegui.settings.fields import says
from hegui.settings.locate import Trail
from hegui.settings.secret import Secret
from hegui.terms import Words

_SCHEMES: Final = ("postgresql", "postgres")
_HERE: Final = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Postgres:
    """A PostgreSQL server, 15 or newer. Without ``url`` the database is a file in ``data_dir``."""

    url: str = field(
        default="",
        metadata=says(
            "PostgreSQL (15 or newer) instead of a file in data_dir: "
            "postgresql://user@host:5432/name?sslmode=verify-full. Several gateways may share it",
            "改用 PostgreSQL（15 或更新），而不用 data_dir 里的文件："
            "postgresql://用户@主机:5432/库名?sslmode=verify-full。多个网关可共用",
            default_words=Words("a file in data_dir", "data_dir 里的文件"),
        ),
    )
    password: Secret = field(
        default=Secret(),
        metadata=says("the password of the user in url", "url 中用户的密码"),
    )
    spool_mb: int = field(
        default=256,
        metadata=says(
            "MiB of records that this machine takes on its own disk while the server is away",
            "服务器不可用期间，本机磁盘最多暂存多少 MiB 记录",
            low=1,
            high=65_536,
        ),
    )
    spool_minutes: int = field(
        default=60,
        metadata=says(
            "minutes for which it does so, and goes on with the keys and sanctions that it last "
            "read; then requests get 503",
            "最多暂存多少分钟；其间沿用最后读到的密钥和处置名单，之后请求返回 503",
            low=1,
            high=1_440,
        ),
    )


def database_faults(postgres: Postgres) -> Iterator[tuple[Trail, Words]]:
    """Say what is wrong with the ``[database]`` table."""
    if not postgres.url:
        if postgres.password:
            yield (
                ("database", "password"),
                Words("means nothing without url", "没有 url 时不起作用"),
            )
        return
    fault = _fault(postgres.url)
    if fault is not None:
        yield ("database", "url"), fault


def _fault(url: str) -> Words | None:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    asked = parse_qs(parts.query)
    host = parts.hostname or (asked.get("host") or [""])[0]
    if parts.scheme not in _SCHEMES or not host or len(parts.path) < 2:  # noqa: PLR2004 - a slash and a name
        return Words(
            "must read postgresql://user@host:5432/name", "应写作 postgresql://用户@主机:5432/库名"
        )
    if parts.password is not None or "password" in asked:
        return Words(
            'holds a password: take it out, and write password = "env:NAME" or "file:PATH"',
            '含有密码：请删去，另写 password = "env:变量名" 或 "file:路径"',
        )
    if host not in _HERE and not host.startswith("/") and "sslmode" not in asked:
        return Words(
            "is on another machine: say how it is reached, best ?sslmode=verify-full (and "
            "&sslrootcert=FILE)",
            "在另一台机器上：请写明连接方式，最好是 ?sslmode=verify-full（加 &sslrootcert=文件）",
        )
    return None
