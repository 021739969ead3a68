"""What a service does beside answering: chores that are repeated until it stops."""

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Final

from hegui.terms import HeguiError, Unavailable, Words

_log = logging.getLogger(__name__)
_LAST_WORDS: Final = 5.0  # seconds that a chore has to end
_ENDING: Final = Words(en="The service is being stopped.", zh="服务正在停止。")


class Chores:
    """The chores of one service. All are begun and ended on its loop."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._ending = threading.Event()

    def repeat(self, chore: Callable[[], Any], every: float) -> None:
        """Do something now and every so many seconds, though it fails."""

        async def forever() -> None:
            while True:
                try:
                    await chore()
                except Exception as error:  # noqa: BLE001 - what is owed (expiry, erasure) is tried again, whatever failed
                    why = error if isinstance(error, HeguiError) else type(error).__name__
                    _log.warning("%s failed: %s", chore.__name__, why)
                await asyncio.sleep(every)

        self.watch(forever())

    def watch(self, chore: Coroutine[Any, Any, None]) -> None:
        """Keep something going until the service stops."""
        self._tasks.add(asyncio.get_running_loop().create_task(chore))

    def pause(self, seconds: float) -> None:
        """Wait in a chore's thread; ``Unavailable`` when the service is being stopped."""
        if self._ending.wait(seconds):
            raise Unavailable(_ENDING)

    def cancel(self) -> None:
        """Tell all chores to end, once: who is told twice does not wait for what is in a thread."""
        if self._ending.is_set():
            return
        self._ending.set()
        for task in self._tasks:
            task.cancel()

    async def end(self) -> None:
        """Tell all chores to end, and wait: one in a thread has the database open until then."""
        self.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_LAST_WORDS)
