"""Tell what of a request's time was the model's, and what was ours."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Stopwatch:
    """Runs from the moment a request has been read."""

    def __init__(self) -> None:
        self._began = time.perf_counter()
        self._upstream = 0.0

    @contextmanager
    def upstream(self) -> Iterator[None]:
        """Count the time inside as the model's."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self._upstream += time.perf_counter() - started

    def took(self) -> float:
        """Return the seconds since the request was read."""
        return time.perf_counter() - self._began

    def added(self) -> float:
        """Return the seconds that were not the model's."""
        return max(0.0, self.took() - self._upstream)
