"""Where requests to a model server go: what is the same for each of them is made ready once."""

import fnmatch
from typing import Final, NamedTuple

import aiohttp
from yarl import URL

from hegui.settings import Upstream

_MOST: Final = 256  # a path may hold the number of a task


class Destination(NamedTuple):
    """An address, for how long one waits to be connected to it, and the headers that it gets."""

    url: URL
    timeout: aiohttp.ClientTimeout
    headers: dict[str, str]


class Destinations:
    """Keeps destinations that were asked for."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Destination] = {}

    def at(self, upstream: Upstream, path: str) -> Destination:
        """Return a path below a server's address. What it holds is not to be changed."""
        found = self._known.get((upstream.name, path))
        if found is None:
            found = Destination(
                URL(f"{upstream.base_url.rstrip('/')}{path}"),
                aiohttp.ClientTimeout(total=None, sock_connect=upstream.timeout_connect),
                headers_for(upstream),
            )
            if len(self._known) < _MOST:
                self._known[upstream.name, path] = found
        return found


def authorization(upstream: Upstream) -> dict[str, str]:
    """Return the header with the server's key; none where it has none."""
    return {"authorization": f"Bearer {upstream.key.reveal()}"} if upstream.key else {}


def headers_for(upstream: Upstream) -> dict[str, str]:
    """Return the headers of a request with JSON."""
    headers = {"content-type": "application/json", "accept-encoding": "identity"}
    return headers | authorization(upstream)


def has_model(upstream: Upstream, model: str) -> bool:
    """Whether one of the server's patterns takes a model; ``*`` does without a look."""
    return "*" in upstream.models or any(
        fnmatch.fnmatchcase(model, pattern) for pattern in upstream.models
    )
