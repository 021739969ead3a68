"""Who sends a request, as an address, and how often an address may come.

An IPv6 caller owns a /64 at least: that counts as one. What is remembered is bounded, and only for
minutes; it lies in memory alone.
"""

import math
from collections import OrderedDict
from collections.abc import Sequence
from ipaddress import IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from starlette.types import Scope

from hegui.terms import Clock

_MOST: Final = 10_000
_MINUTE_MS: Final = 60_000
_MOST_HOPS: Final = 20
_PREFIX: Final = 64


def address_of(scope: Scope, proxies: Sequence[str]) -> str:
    """Return the address that a request comes from; an empty one where that is not known.

    ``X-Forwarded-For`` is believed only from ``proxies`` (addresses or networks), from its end on:
    the first address that is no proxy of ours is who called it.
    """
    client = scope.get("client")
    here = str(client[0]) if client else ""
    if not proxies or not _within(here, proxies):
        return here
    sent = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
    hops = b",".join(sent).decode("latin-1").split(",")
    for hop in reversed(hops[-_MOST_HOPS:]):
        told = hop.strip()
        if not _is_address(told):
            return here
        here = told
        if not _within(here, proxies):
            break
    return here


def network_of(address: str) -> str:
    """Return what counts as one caller: an IPv4 address, or the /64 of an IPv6 address."""
    try:
        known = ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if not isinstance(known, IPv6Address):
        return str(known)
    if known.ipv4_mapped is not None:
        return str(known.ipv4_mapped)
    return str(IPv6Network((known, _PREFIX), strict=False))


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _within(address: str, networks: Sequence[str]) -> bool:
    try:
        known = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(known, IPv6Address) and known.ipv4_mapped is not None:
        known = known.ipv4_mapped
    return any(known in ip_network(one, strict=False) for one in networks)


class Limiter:
    """So many a minute from one address, and so many of its requests at a time.

    A bucket that fills evenly: after a pause as many may come at once as in a minute.
    """

    def __init__(self, per_minute: int, at_once: int, clock: Clock) -> None:
        self._most, self._at_once, self._clock = per_minute, at_once, clock
        self._held: OrderedDict[str, tuple[float, int]] = OrderedDict()  # how many are left, since
        self._open: dict[str, int] = {}

    def __len__(self) -> int:
        """How many addresses are remembered."""
        return len(self._held)

    def refused(self, address: str) -> int:
        """Count a request: 0 where it may come, else the seconds after which to try again."""
        key, now = network_of(address), self._clock()
        if self._open.get(key, 0) >= self._at_once:
            return 1
        left, since = self._held.pop(key, (float(self._most), now))
        left = min(self._most, left + max(0, now - since) * self._most / _MINUTE_MS)
        wait = 0
        if left < 1:
            wait = max(1, math.ceil((1 - left) * _MINUTE_MS / self._most / 1000))
        self._held[key] = (left - (wait == 0), now)
        while len(self._held) > _MOST:
            self._held.popitem(last=False)
        return wait

    def enter(self, address: str) -> None:
        """Note that a request of this address is under way."""
        key = network_of(address)
        self._open[key] = self._open.get(key, 0) + 1

    def leave(self, address: str) -> None:
        """Note that it is over."""
        key = network_of(address)
        left = self._open.get(key, 0) - 1
        if left > 0:
            self._open[key] = left
        else:
            self._open.pop(key, None)
