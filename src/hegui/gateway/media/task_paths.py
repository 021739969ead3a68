"""The paths of interfaces for tasks: which are served follows from what the model servers offer."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from hegui.gateway.gate import Gate, Incoming, Outbox
from hegui.gateway.http import Endpoint, Methods, not_found
from hegui.gateway.media import tasks
from hegui.gateway.media.door import AtOnce
from hegui.shelf.tasks import asking, creating

Serve = Callable[[Gate, Incoming, Outbox], Awaitable[None]]
Path = Callable[[str, Serve], Endpoint]
"""Makes an endpoint under a name that metrics know it by; requests that create bring pictures."""

BELOW: Final = ("/v1/videos", "/v1/videos/", "/api/v1/", "/api/paas/v4/", "/api/v3/")
"""Where the interfaces' paths begin."""


class TaskPaths:
    """Creates tasks (POST) and tells of them (GET); any other path is a 404."""

    def __init__(self, gate: Gate, create: Path, ask: Path) -> None:
        self._gate, self._create, self._ask = gate, create, ask
        self._offered = {upstream.media_tasks for upstream in gate.settings.upstreams}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        await self._endpoint(scope["path"])(scope, receive, send)

    def _endpoint(self, path: str) -> ASGIApp:
        if (found := creating(path)) and found[0].name in self._offered:
            interface, match = found
            serve = partial(tasks.create, interface=interface, below=match["below"])
            door = AtOnce(self._gate, self._create(f"{interface.name} tasks", serve))
            return Methods(post=door)
        if (found := asking(path)) and found[0].name in self._offered:
            interface, match = found
            wanted = tasks.content if match.groupdict().get("content") else tasks.answer
            serve = partial(wanted, interface=interface, number=match["id"])
            return Methods(get=self._ask(f"{interface.name} tasks", serve))
        return not_found
