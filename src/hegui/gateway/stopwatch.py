"""Tell what of a request's time was the model's, and what was ours."""

import time


class Stopwatch:
    """Runs from the moment a request has been read."""

    __slots__ = ("_began", "_upstream")

    def __init__(self) -> None:
        self._began = time.perf_counter()
        self._upstream = 0.0

    def upstream(self) -> "_Upstream":
        """Count the time inside as the model's."""
        return _Upstream(self)

    def waited(self, seconds: float) -> None:
        """Count some time as the model's."""
        self._upstream += seconds

    def took(self) -> float:
        """Return the seconds since the request was read."""
        return time.perf_counter() - self._began

    def added(self) -> float:
        """Return the seconds that were not the model's."""
        return max(0.0, self.took() - self._upstream)


class _Upstream:
    """The time between entering and leaving, however it is left."""

    __slots__ = ("_started", "_watch")

    def __init__(self, watch: Stopwatch) -> None:
        self._watch = watch

    def __enter__(self) -> None:
        self._started = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self._watch.waited(time.perf_counter() - self._started)
