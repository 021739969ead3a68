"""The table of where hegui listens, and whom it believes about where a request comes from."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import ip_network

from hegui.settings.address import Address
from hegui.settings.fields import says
from hegui.settings.locate import Trail
from hegui.settings.secret import Secret
from hegui.terms import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Listen:
    """Where hegui listens."""

    public: Address = field(
        default=Address("127.0.0.1", 8100),
        metadata=says(
            "for callers: /v1, /media, /statements, /about, /appeal, /label, /log, /healthz",
            "供调用方使用：/v1、/media、/statements、/about、/appeal、/label、/log、/healthz",
        ),
    )
    admin: Address = field(
        default=Address("127.0.0.1", 8101),
        metadata=says(
            "for you: /metrics, /readyz, /duties. Loopback unless admin_key is set",
            "供运维使用：/metrics、/readyz、/duties。没有 admin_key 时只能是本机回环地址",
        ),
    )
    admin_key: Secret = field(
        default=Secret(),
        metadata=says("the admin listener's bearer key", "管理端口的访问密钥"),
    )
    proxies: tuple[str, ...] = field(
        default=(),
        metadata=says(
            "addresses or networks of your reverse proxies, whose X-Forwarded-For is believed when "
            "requests of one address are counted",
            "反向代理的地址或网段；按地址计数时采信它们发来的 X-Forwarded-For",
        ),
    )


def listen_faults(listen: Listen) -> Iterator[tuple[Trail, Words]]:
    """Say what is wrong with the ``[listen]`` table."""
    if not listen.admin.loopback and not listen.admin_key:
        yield (
            ("listen", "admin"),
            Words(
                "others could reach it: use a loopback address or set admin_key",
                "其他机器可以访问：请改用本机回环地址，或设置 admin_key",
            ),
        )
    if listen.public == listen.admin and listen.public.port:
        yield (
            ("listen", "admin"),
            Words("must differ from listen.public", "不能与 listen.public 相同"),
        )
    for proxy in listen.proxies:
        try:
            ip_network(proxy, strict=False)
        except ValueError:
            yield (
                ("listen", "proxies"),
                Words(
                    "each must be an address or a network: 10.0.0.7, 10.0.0.0/24, fd00::/64",
                    "每一项应为地址或网段，如 10.0.0.7、10.0.0.0/24、fd00::/64",
                ),
            )
