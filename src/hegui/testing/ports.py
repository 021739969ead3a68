"""A port for a program that must be told one, and that nobody else is given meanwhile.

A port that the system gave for a moment (``bind`` to 0) is given to the next who asks as soon as it
is closed again: to another test that runs beside this one. The system gives no port below its own
range, so one of those stays free until the program binds it, and while it is started again.
"""

import random
import socket
from pathlib import Path
from typing import Final

_GIVEN: Final = Path("/proc/sys/net/ipv4/ip_local_port_range")
_LOWEST: Final = 10_000  # below are ports of well-known programs
_USUAL: Final = 32_768  # where Linux begins to give ports, unless it was told otherwise
_TRIES: Final = 200


def free_port() -> int:
    """Return a loopback port that is free, and that the system gives nobody by itself.

    Raises OSError where none is found.
    """
    for _ in range(_TRIES):
        port = random.randrange(_LOWEST, _first_given())
        with socket.socket() as sock:
            try:
                sock.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError(f"no port from {_LOWEST} on is free")


def _first_given() -> int:
    try:
        first = int(_GIVEN.read_text("ascii").split()[0])
    except OSError:
        first = _USUAL
    return first if first > _LOWEST + 1_000 else _USUAL
