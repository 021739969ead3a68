"""Notice a model server that falls silent, or a caller who does not read."""

import asyncio
from collections.abc import Callable


class IdleWatch:
    """Calls ``late`` when one wait lasts too long: one timer for all waits of an exchange.

    Only what lies between ``begin`` and ``rest`` counts: while a slow caller keeps the gateway
    from reading, the model is not idle.
    """

    def __init__(self, seconds: float, late: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._seconds, self._call = seconds, late
        self._since: float | None = None
        self.late = False
        self._timer = self._loop.call_later(seconds, self._look)

    def begin(self) -> None:
        """Note that a wait begins."""
        self._since = self._loop.time()

    def rest(self) -> None:
        """Note that it is over."""
        self._since = None

    def end(self) -> None:
        """Stop watching."""
        self._timer.cancel()

    def _look(self) -> None:
        waited = 0.0 if self._since is None else self._loop.time() - self._since
        if waited >= self._seconds:
            self.late = True
            self._call()
        else:
            self._timer = self._loop.call_later(self._seconds - waited, self._look)
