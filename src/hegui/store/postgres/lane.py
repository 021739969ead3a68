"""One thread with an event loop of its own, in which a server's connections live.

``asyncpg`` is asynchronous, and those who read and write here are threads. The thread is there
while any session is open, and no longer.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import TimeoutError as LateError
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")


class Lane:
    """Runs coroutines for other threads. Opened and closed as often as there are sessions."""

    def __init__(self) -> None:
        self._gate = threading.Lock()
        self._users = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def enter(self) -> None:
        """Count one more session, and start the thread for the first."""
        with self._gate:
            self._users += 1
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(
                    target=self._loop.run_forever, name="hegui-postgres", daemon=True
                )
                self._thread.start()

    def leave(self) -> None:
        """Count one session less, and end the thread after the last."""
        with self._gate:
            self._users -= 1
            if self._users or self._loop is None or self._thread is None:
                return
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            _finish(loop)

    def run(self, work: Coroutine[Any, Any, T], seconds: float) -> T:
        """Return what ``work`` returns; after ``seconds`` it is cancelled: ``TimeoutError``."""
        loop = self._loop
        if loop is None:
            work.close()
            raise RuntimeError("no session is open")
        future = asyncio.run_coroutine_threadsafe(asyncio.wait_for(work, seconds), loop)
        try:
            return future.result(seconds + 5)  # the loop's own clock is the one that counts
        except LateError:
            future.cancel()
            raise TimeoutError from None

    def soon(self, call: Callable[[], object]) -> None:
        """Have ``call`` made in the loop, where there is one."""
        loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):  # it has just ended, and its sessions with it
                loop.call_soon_threadsafe(call)


def _finish(loop: asyncio.AbstractEventLoop) -> None:
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    if left:
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
    loop.close()
