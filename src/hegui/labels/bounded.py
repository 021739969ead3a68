"""What a format reads of one file, within ``MOST_METADATA`` in all."""

from hegui.labels.container import MOST_METADATA, TOO_LARGE, Source, refused


class Bounded:
    """A source of which only so much can be read: however many parts a file claims to have."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._left = MOST_METADATA

    @property
    def size(self) -> int:
        """How many bytes there are."""
        return self._source.size

    def read(self, offset: int, count: int) -> bytes:
        """Return ``count`` bytes from ``offset``; what goes beyond the bound is refused."""
        if not 0 <= offset < self._source.size:
            return b""  # an offset may be larger than a file system takes
        self.take(offset, count)
        return self._source.read(offset, count)

    def take(self, offset: int, count: int) -> None:
        """Count ``count`` bytes against the bound, as what was decompressed from ``offset``."""
        if count > self._left:
            raise refused("metadata", offset, TOO_LARGE)
        self._left -= count

    @property
    def left(self) -> int:
        """How many more bytes may be read."""
        return self._left
