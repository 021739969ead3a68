"""Run an ASGI app on a free loopback port, inside a test or a tour."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import AsyncIterator, Iterator

import uvicorn
from starlette.types import ASGIApp


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to whoever runs this process: a test, or the demo."""
        yield

    async def main_loop(self) -> None:
        """Look every few milliseconds whether to end: a test should not wait for its server."""
        await self.on_tick(0)
        while not self.should_exit:  # noqa: ASYNC110 - the flag is uvicorn's, set from any thread
            await asyncio.sleep(0.005)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End as uvicorn does, which sleeps a tenth of a second first: a test should not.

        Open replies have ``timeout_graceful_shutdown`` seconds; then their tasks are cancelled.
        """
        for server in self.servers:
            server.close()
        for sock in sockets or []:
            sock.close()
        state = self.server_state
        await asyncio.sleep(0)  # a connection that was just accepted is made known
        for connection in list(state.connections):
            connection.shutdown()
        try:
            async with asyncio.timeout(self.config.timeout_graceful_shutdown):
                while state.connections or state.tasks:  # noqa: ASYNC110 - uvicorn's own books
                    await asyncio.sleep(0.002)
                for server in self.servers:
                    await server.wait_closed()
        except TimeoutError:
            for task in state.tasks:
                task.cancel()


def loopback(port: int = 0) -> socket.socket:
    """Return a listening loopback socket; port 0 takes a free one. OSError when it is busy."""
    # the protocol is named, or asyncio leaves Nagle's algorithm on: 40 ms a reply
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("127.0.0.1", port))
        sock.listen(512)
    except OSError:
        sock.close()
        raise
    return sock


def _server(app: ASGIApp) -> _Server:
    return _Server(
        uvicorn.Config(
            app,
            log_config=None,
            log_level="critical",  # an app that dies on purpose is no news
            access_log=False,
            proxy_headers=False,  # as the service is served
            lifespan="off",
            timeout_graceful_shutdown=1,
        )
    )


@contextlib.asynccontextmanager
async def running(app: ASGIApp, port: int = 0) -> AsyncIterator[str]:
    """Serve ``app`` in this event loop; yield its base URL (``http://127.0.0.1:port``)."""
    server, sock = _server(app), loopback(port)
    url = f"http://127.0.0.1:{sock.getsockname()[1]}"
    served = asyncio.ensure_future(server.serve(sockets=[sock]))
    try:
        yield url  # the socket listens already: who connects now is served in a moment
    finally:
        server.should_exit = True
        await served
    sock.close()


@contextlib.contextmanager
def running_in_thread(app: ASGIApp, port: int = 0) -> Iterator[str]:
    """Serve ``app`` in a loop and thread of its own, for tests that block; yield its base URL."""
    server, sock = _server(app), loopback(port)
    thread = threading.Thread(
        target=lambda: asyncio.run(server.serve(sockets=[sock])), name="hegui-test-server"
    )
    thread.start()
    try:
        yield f"http://127.0.0.1:{sock.getsockname()[1]}"  # the socket listens already
    finally:
        server.should_exit = True
        thread.join()
        sock.close()
