"""A port that is free stays free until the program that was told it binds it."""

import random
import socket
from pathlib import Path

from hegui.testing.ports import free_port

GIVEN = Path("/proc/sys/net/ipv4/ip_local_port_range")


def test_a_free_port_is_none_that_the_system_gives_to_others() -> None:
    first = int(GIVEN.read_text("ascii").split()[0]) if GIVEN.exists() else 32_768
    ports = {free_port() for _ in range(20)}
    assert len(ports) > 1
    assert first <= 11_000 or max(ports) < first
    for port in ports:
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", port))


def test_a_port_in_use_is_not_given() -> None:
    random.seed(7)
    taken = free_port()
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", taken))
        random.seed(7)  # the same would come first
        assert free_port() != taken
