"""A clock that stands still until a test moves it."""


class FixedClock:
    """A ``terms.Clock``: returns UTC milliseconds since 1970, the same until it is moved."""

    def __init__(self, at_ms: int = 1_764_000_000_000) -> None:
        self.at_ms = at_ms

    def __call__(self) -> int:
        """Return the time it stands at."""
        return self.at_ms

    def forward(self, ms: int) -> None:
        """Move the clock on by ``ms`` milliseconds."""
        self.at_ms += ms

    def back(self, ms: int) -> None:
        """Set the clock back by ``ms`` milliseconds, as a badly kept machine does."""
        self.at_ms -= ms
