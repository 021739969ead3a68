"""Where a listener listens."""

import ipaddress
from typing import NamedTuple

_HIGHEST_PORT = 65_535


class Address(NamedTuple):
    """A host and a TCP port. Port 0 asks the system for a free one."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> "Address | None":
        """Read ``host:port`` or ``[v6]:port``; None when it is neither."""
        host, colon, port = text.rpartition(":")
        if host.startswith("[") and host.endswith("]"):
            host = host[1:-1]
        elif ":" in host:
            return None
        if not colon or not host or any(char.isspace() or char in "/@" for char in host):
            return None
        if not (port.isascii() and port.isdigit() and len(port) <= len(str(_HIGHEST_PORT))):
            return None
        return cls(host, int(port)) if int(port) <= _HIGHEST_PORT else None

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"
