"""A circuit breaker: a server that keeps failing is left alone for a while, then tried once.

After M. Nygard, *Release It!* (2007), chapter 5. Without one, each request would wait for a dead
guard up to its deadline, only to be refused.
"""

from collections.abc import Callable
from typing import Final, Literal

State = Literal["closed", "open", "half-open"]

FAILURES: Final = 5  # in a row
_FIRST_PAUSE: Final = 1.0  # seconds; doubled at each failed probe
_LONGEST_PAUSE: Final = 60.0
_JITTER: Final = 0.2  # of the pause, so that many gateways do not probe at the same moment


class Breaker:
    """Counts failures in a row. ``now`` gives seconds, ``chance`` a number from 0 to 1."""

    def __init__(self, now: Callable[[], float], chance: Callable[[], float]) -> None:
        self._now, self._chance = now, chance
        self._failures = 0
        self._pause = 0.0
        self._until = 0.0
        self._probing = False

    @property
    def state(self) -> State:
        """Whether questions pass (closed), none does (open), or one at a time may (half-open)."""
        if not self._pause:
            return "closed"
        return "open" if self._now() < self._until else "half-open"

    def admits(self) -> bool:
        """Whether a question may go out now. Half-open, only one may: the probe."""
        if self.state == "closed":
            return True
        if self.state == "open" or self._probing:
            return False
        self._probing = True
        return True

    def succeeded(self) -> bool:
        """Note an answer; say whether that closed the circuit."""
        closed = self._pause > 0
        self._failures, self._pause, self._probing = 0, 0.0, False
        return closed

    def failed(self) -> bool:
        """Note a failure; say whether that opened the circuit, or kept it open after a probe."""
        self._failures += 1
        probe, self._probing = self._probing, False
        if self.state == "open" or (not probe and self._failures < FAILURES):
            return False
        self._pause = min(_LONGEST_PAUSE, max(_FIRST_PAUSE, self._pause * 2))
        self._until = self._now() + self._pause * (1 + _JITTER * (2 * self._chance() - 1))
        return True

    def undecided(self) -> None:
        """Note that a question ended without telling anything of the server."""
        self._probing = False
