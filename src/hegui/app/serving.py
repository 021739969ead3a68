"""Listen, until told to stop; then let open replies finish."""

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator, Sequence

import uvicorn
import uvloop
from starlette.types import ASGIApp

from hegui.settings.plain_files import reason
from hegui.terms import Misconfigured, Words

Listener = tuple[ASGIApp, str, int]
Hook = Callable[[], Awaitable[None]]
_BACKLOG = 2048  # connections that wait to be taken

_BUSY = Words(
    en="{host}:{port} cannot be listened on: {why}. Stop what uses it, or change the address in "
    "[listen].",
    zh="无法监听 {host}:{port}：{why}。请停止占用它的程序，或修改 [listen] 中的地址。",
)


class _Server(uvicorn.Server):
    """A server whose end is decided outside: signals go to one place, for all listeners."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def bound(host: str, port: int) -> socket.socket:
    """Return a listening socket; a port in use is ``Misconfigured``. Port 0 takes a free one.

    It listens at once: a port that is only bound can be taken by who listens on it first. Who
    connects before it is served waits.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
        sock.listen(_BACKLOG)
    except OSError as error:
        sock.close()
        why = reason(error)
        raise Misconfigured(_BUSY.fill(host=host, port=port, why=why)) from None
    sock.setblocking(False)  # noqa: FBT003 - the socket's own signature
    return sock


async def serve_sockets(
    listeners: Sequence[tuple[ASGIApp, socket.socket]],
    *,
    started: Hook | None = None,
    stopping: Hook | None = None,
    ended: asyncio.Event | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM, or until ``ended`` is set; then ``stopping`` is awaited.

    New connections are refused from the signal on; ``stopping`` decides about those that are open.
    """
    end = ended or asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end.set)
    servers = [_Server(_config(app)) for app, _ in listeners]
    async with asyncio.TaskGroup() as group:
        for server, (_, sock) in zip(servers, listeners, strict=True):
            group.create_task(server.serve(sockets=[sock]))
        while not all(s.started for s in servers):  # noqa: ASYNC110 - the flag is uvicorn's
            await asyncio.sleep(0.005)
        if started is not None:
            await started()
        await end.wait()
        for server in servers:
            for each in server.servers:
                each.close()
        if stopping is not None:
            await stopping()
        for server in servers:
            server.should_exit = True


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        loop="none",
        http="httptools",
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        log_level=logging.WARNING,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=_BACKLOG,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=5,
    )


def serve_apps(listeners: Sequence[Listener]) -> None:
    """Serve ASGI applications in one loop until SIGINT or SIGTERM."""
    sockets = [(app, bound(host, port)) for app, host, port in listeners]
    uvloop.run(serve_sockets(sockets))
