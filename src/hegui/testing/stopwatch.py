"""A stopwatch for promises in seconds: it leaves out what the machine took, not what we take.

A promise such as "another gateway takes over within five seconds" is one of ours; that a busy
machine gives a process no processor for two seconds is not. A thread that only sleeps notices such
a time: it wakes late. For work that computes, ``time.process_time`` is the measure.
"""

import threading
import time
from types import TracebackType
from typing import Final, Self

_TICK: Final = 0.01  # seconds; a sleep that ends later than that tells what was lost


class Stopwatch:
    """Measures from ``with`` on. For what waits: who computes in Python makes it wake late too."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._lost = 0.0
        self._asleep_since = self._began
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="hegui-stopwatch", daemon=True)

    def __enter__(self) -> Self:
        """Begin to measure."""
        self._began = self._asleep_since = time.monotonic()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the thread; what was measured can still be asked for."""
        self._ended.set()
        self._thread.join()

    @property
    def seconds(self) -> float:
        """Seconds since the begin, without those in which this process was not let run."""
        now = time.monotonic()
        asleep = 0.0 if self._ended.is_set() else max(0.0, now - self._asleep_since - _TICK)
        return now - self._began - self._lost - asleep

    def _watch(self) -> None:
        while not self._ended.is_set():
            time.sleep(_TICK)
            now = time.monotonic()
            self._lost += max(0.0, now - self._asleep_since - _TICK)
            self._asleep_since = now
