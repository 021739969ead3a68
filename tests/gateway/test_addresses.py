from typing import Any

import pytest

from hegui.gateway.addresses import Limiter, address_of, network_of
from hegui.testing.clock import FixedClock


def scope(client: str | None, *forwarded: str) -> dict[str, Any]:
    headers = [(b"x-forwarded-for", one.encode()) for one in forwarded]
    return {"client": (client, 1) if client is not None else None, "headers": headers}


@pytest.mark.parametrize(
    ("client", "forwarded", "proxies", "address"),
    [
        ("203.0.113.5", ["1.2.3.4"], (), "203.0.113.5"),
        ("203.0.113.5", ["1.2.3.4"], ("10.0.0.0/8",), "203.0.113.5"),
        ("10.0.0.1", ["1.2.3.4"], ("10.0.0.0/8",), "1.2.3.4"),
        ("10.0.0.1", ["6.6.6.6, 1.2.3.4, 10.0.0.9"], ("10.0.0.0/8",), "1.2.3.4"),
        ("10.0.0.1", ["6.6.6.6", "1.2.3.4"], ("10.0.0.1",), "1.2.3.4"),
        ("10.0.0.1", ["<script>"], ("10.0.0.1",), "10.0.0.1"),
        ("10.0.0.1", [], ("10.0.0.1",), "10.0.0.1"),
        ("::ffff:10.0.0.1", ["2001:db8::7"], ("10.0.0.0/8",), "2001:db8::7"),
        (None, ["1.2.3.4"], ("10.0.0.1",), ""),
    ],
)
def test_only_our_own_proxies_are_believed(
    client: str | None, forwarded: list[str], proxies: tuple[str, ...], address: str
) -> None:
    assert address_of(scope(client, *forwarded), proxies) == address


def test_an_ipv6_caller_is_the_network_that_he_owns() -> None:
    assert network_of("2001:db8:1:2:3::4") == network_of("2001:db8:1:2:ffff::1")
    assert network_of("2001:db8:1:2::1") != network_of("2001:db8:1:3::1")
    assert network_of("::ffff:1.2.3.4") == network_of("1.2.3.4") == "1.2.3.4"
    assert network_of("fe80::1%eth0") == "fe80::/64"
    assert network_of("unix") == ""


def test_so_many_come_a_minute_and_then_one_at_a_time() -> None:
    clock = FixedClock()
    limiter = Limiter(6, 2, clock)
    waits = [limiter.refused("1.2.3.4") for _ in range(8)]
    assert waits == [0] * 6 + [10] * 2
    assert limiter.refused("1.2.3.5") == 0
    clock.forward(9_999)
    assert limiter.refused("1.2.3.4") == 1
    clock.forward(1)
    assert [limiter.refused("1.2.3.4"), limiter.refused("1.2.3.4")] == [0, 10]
    clock.forward(3_600_000)
    assert [limiter.refused("1.2.3.4") for _ in range(7)].count(0) == 6


def test_a_clock_that_steps_back_gives_nobody_more() -> None:
    clock = FixedClock()
    limiter = Limiter(2, 2, clock)
    assert [limiter.refused("a::1") for _ in range(3)] == [0, 0, 30]
    clock.forward(-86_400_000)
    assert limiter.refused("a::1") == 30


def test_what_is_remembered_is_bounded() -> None:
    limiter = Limiter(5, 2, FixedClock())
    for n in range(12_000):
        limiter.refused(f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}")
    assert len(limiter) == 10_000


def test_one_address_holds_only_so_many_at_a_time() -> None:
    limiter = Limiter(100, 2, FixedClock())
    for _ in range(2):
        assert limiter.refused("1.2.3.4") == 0
        limiter.enter("1.2.3.4")
    assert limiter.refused("1.2.3.4") == 1
    limiter.leave("1.2.3.4")
    assert limiter.refused("1.2.3.4") == 0
    limiter.leave("1.2.3.4")
    limiter.leave("1.2.3.4")
    assert limiter._open == {}
