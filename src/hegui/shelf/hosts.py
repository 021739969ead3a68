"""Which addresses media may be fetched from: listed hosts, and no way into the own network.

What a model server names is hostile input. The host must be listed; what its name resolves to must
be an address of the public network, and that very address is connected to, so that a name cannot
change its meaning in between (DNS rebinding).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

from yarl import URL

from hegui.settings.shelf import split_host
from hegui.terms import Unavailable, Words

_MOST_CHARS: Final = 8_192
_NAT64: Final = IPv6Network("64:ff9b::/96")
_NAT64_LOCAL: Final = IPv6Network("64:ff9b:1::/48")
_USUAL: Final = {"https": 443, "http": 80}
_METADATA: Final = frozenset(
    map(
        ip_address,
        [
            "100.100.100.200",  # Alibaba Cloud
            "168.63.129.16",  # Azure: an address of the public network, yet each machine's own
            "192.0.0.192",  # Oracle Cloud
            "fd00:ec2::254",  # AWS
            "fd20:ce::254",  # Google Cloud
        ],
    )
)
"""Where clouds tell a machine about itself, its credentials too, besides 169.254.0.0/16."""


class NotFetched(Unavailable):
    """A file was not taken over. ``reason`` is a short word; the words are for the operator.

    They name the host at most: the rest of an address may open the file to whoever reads it.
    """

    def __init__(self, reason: str, words: Words) -> None:
        super().__init__(words)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Hosts:
    """The hosts of one model server's media.

    ``listed`` are hosts as the settings write them: exact, or ``*.`` for one level. ``private``:
    they may lie in a private network or on this machine, and be reached by http.
    """

    listed: tuple[str, ...]
    private: bool = False

    def checked(self, address: str | URL) -> URL:
        """Return an address that may be asked; anything else is ``NotFetched``.

        The address is read by the library that will ask for it, once: two readers could find two
        hosts in it. An ``http`` address becomes ``https`` unless ``private``.
        """
        text = str(address)
        if len(text) > _MOST_CHARS or any(char <= " " or char == "\\" for char in text):
            raise NotFetched("address", _NO_ADDRESS)
        try:
            url = URL(address, encoded=True) if isinstance(address, str) else address
            host, port, scheme = url.raw_host, url.port, url.scheme
        except (ValueError, TypeError):
            raise NotFetched("address", _NO_ADDRESS) from None
        if scheme not in _USUAL or not host or port is None:
            raise NotFetched("address", _NO_ADDRESS)
        if url.raw_user is not None or url.raw_password is not None:
            raise NotFetched("address", _CREDENTIALS.fill(host=host))
        if scheme == "http" and not self.private:
            # object stores sign host, path and query, not the scheme: https serves the same file
            port = 443 if port == _USUAL["http"] else port
            url = url.with_scheme("https").with_port(port)
        elif scheme == "http" and port == _USUAL["http"]:
            port = 443  # the usual port of either scheme is listed without a number
        if not any(_fits(host.lower(), port, pattern) for pattern in self.listed):
            raise NotFetched("host", _NOT_LISTED.fill(host=_shown(host, port)))
        return url.with_fragment(None)

    def reachable(self, host: str, addresses: Sequence[str]) -> list[str]:
        """Return the addresses of a host if all may be connected to; else ``NotFetched``.

        All: a name that leads both out and into the own network is nobody's honest media host.
        """
        if not addresses:
            raise NotFetched("unknown-host", _UNKNOWN.fill(host=host))
        if not self.private and not all(map(_is_public, addresses)):
            raise NotFetched("private-address", _PRIVATE.fill(host=host))
        if any(map(_is_never, addresses)):
            raise NotFetched("private-address", _PRIVATE.fill(host=host))
        return list(addresses)


def literal(host: str) -> str | None:
    """Return the address that a host is, written as one; None for a name."""
    try:
        return str(ip_address(host))
    except ValueError:
        return None


def _fits(host: str, port: int, pattern: str) -> bool:
    wanted, wanted_port = split_host(pattern)
    if port != wanted_port:
        return False
    if wanted.startswith("*."):
        level, dot, rest = host.partition(".")
        return bool(level and dot) and rest == wanted[2:] and literal(host) is None
    return host == wanted


def _shown(host: str, port: int) -> str:
    return host if port == _USUAL["https"] else f"{host}:{port}"


def _is_public(text: str) -> bool:
    """Whether an address is one of the public network, also in the forms that hold another."""
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address):
        inner = _inner(address)
        if inner is not None:
            return _is_public(str(inner))
        if address in _NAT64_LOCAL or "%" in text:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _inner(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that an IPv6 one stands for; None where it stands for itself."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    return IPv4Address(int(address) & 0xFFFFFFFF) if address in _NAT64 else None


def _is_never(text: str) -> bool:
    """Whether an address is no machine's: not even a private network has media there.

    169.254.0.0/16 is where clouds keep the credentials of their machines.
    """
    address = ip_address(text.partition("%")[0])
    inner = _inner(address) if isinstance(address, IPv6Address) else None
    if inner is not None:
        return _is_never(str(inner))
    if address in _METADATA:
        return True
    return address.is_link_local or address.is_multicast or address.is_unspecified


_NO_ADDRESS: Final = Words(
    en="What the model server names as a file's address is not an http or https address.",
    zh="模型服务给出的文件地址不是 http 或 https 地址。",
)
_CREDENTIALS: Final = Words(
    en="The address of a file on {host} holds a user name or password. Such addresses are not "
    "followed.",
    zh="{host} 上的文件地址含有用户名或密码，不予访问。",
)
_NOT_LISTED: Final = Words(
    en="The model server names a file on {host}, which is not in its media_hosts. If that is where "
    "it keeps its media, add the host there.",
    zh="模型服务给出的文件位于 {host}，不在其 media_hosts 之列。如确为其媒体存放处，请添加该主机。",
)
_UNKNOWN: Final = Words(
    en="The host {host} cannot be found. Check DNS on this machine.",
    zh="找不到主机 {host}。请检查本机的 DNS。",
)
_PRIVATE: Final = Words(
    en="The host {host} leads into a private network or to this machine. If it is meant to, set "
    "media_private = true for this model server; where clouds keep their machines' credentials is "
    "never asked.",
    zh="主机 {host} 指向内网或本机。如确有此意，请为该模型服务设置 media_private = true；"
    "云主机凭据所在的地址一律不访问。",
)
