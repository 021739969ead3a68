"""Listen, until told to stop; then let open replies finish."""

import asyncio
import contextlib
import logging
import resource
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial
from typing import cast

import uvicorn
import uvloop
from starlette.types import ASGIApp

from hegui.app.requests import LOOK_SECONDS, MOST_CONNECTIONS, BoundedRequests
from hegui.settings.plain_files import reason
from hegui.terms import Misconfigured, Words

Listener = tuple[ASGIApp, str, int]
Hook = Callable[[], Awaitable[None]]
_BACKLOG = 2048  # connections that wait to be taken
_UNREAD_MS = 60_000  # milliseconds after which a peer that takes nothing of what is sent is gone
_MOST_FILES = 65_536
_FILES_ASIDE = 128  # for the database, the log and what else is opened

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
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # else what nobody takes stays in memory for good
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNREAD_MS)
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
    most: int = MOST_CONNECTIONS,
) -> None:
    """Serve until SIGINT or SIGTERM, or until ``ended`` is set; then ``stopping`` is awaited.

    New connections are refused from the signal on; ``stopping`` decides about those that are open.
    Each listener holds ``most`` connections, or as many as this process may open files for.
    """
    end = ended or asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end.set)
    most = min(most, _files_for(len(listeners)))
    servers = [_Server(_config(app, most)) for app, _ in listeners]
    async with asyncio.TaskGroup() as group:
        for server, (_, sock) in zip(servers, listeners, strict=True):
            group.create_task(server.serve(sockets=[sock]))
        while not all(s.started for s in servers):  # noqa: ASYNC110 - the flag is uvicorn's
            await asyncio.sleep(0.005)
        if started is not None:
            await started()
        looking = group.create_task(_look(servers))
        await end.wait()
        for server in servers:
            for each in server.servers:
                each.close()
        if stopping is not None:
            await stopping()
        looking.cancel()
        for server in servers:
            server.should_exit = True


async def _look(servers: Sequence[_Server]) -> None:
    """Hang up, every few seconds, on those who take too long."""
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        for server in servers:
            for connection in list(server.server_state.connections):
                if isinstance(connection, BoundedRequests):
                    connection.look(loop.time())


def _files_for(listeners: int) -> int:
    """Let the process open as many files as it may; return the connections of one listener.

    A request that is passed on takes a second connection, to the model server.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = _MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, _MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
            soft = allowed
    if soft == resource.RLIM_INFINITY:
        return _MOST_FILES
    return max(16, (soft - _FILES_ASIDE) // (2 * listeners))


def _config(app: ASGIApp, most: int) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        loop="none",
        http=cast("type[asyncio.Protocol]", partial(BoundedRequests, most=most)),
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        log_level=logging.ERROR,  # each request that cannot be read would be a line in the log
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=_BACKLOG,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=5,
    )


def serve_apps(listeners: Sequence[Listener]) -> None:
    """Serve ASGI applications in one loop until SIGINT or SIGTERM."""
    with contextlib.ExitStack() as undo:
        sockets = [(app, undo.enter_context(bound(host, port))) for app, host, port in listeners]
        uvloop.run(serve_sockets(sockets))
