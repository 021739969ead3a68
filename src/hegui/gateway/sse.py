"""Read server-sent events from bytes, however they were cut (WHATWG HTML, 9.2).

LF, CRLF and CR end lines; an event's data lines are joined by LF; comments and other fields are
passed over. Sizes are bounded, because an upstream may send anything.
"""

from codecs import BOM_UTF8
from collections.abc import Iterator

DONE = b"[DONE]"


class EventReader:
    """Takes bytes, gives the data of each event."""

    def __init__(self, *, limit: int = 4 * 1024 * 1024) -> None:
        self._limit = limit
        self._buffer = b""
        self._data: list[bytes] = []
        self._size = 0
        self._quiet = 0  # bytes since the last event: comments and empty lines are work, too
        self._skip_lf = False
        self._begun = False

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Give the data of the events that ``chunk`` completes.

        Raises ``ValueError`` when one event is larger than the limit, or so much comes without
        one, after those before it.
        """
        whole = self.whole(chunk)
        if whole is not None:
            yield whole
            return
        self._quiet += len(chunk)
        if self._skip_lf and chunk:
            chunk = chunk.removeprefix(b"\n")
            self._skip_lf = False
        self._buffer += chunk
        if not self._begun and len(self._buffer) >= len(BOM_UTF8):
            self._buffer, self._begun = self._buffer.removeprefix(BOM_UTF8), True
        if b"\r" in self._buffer:
            self._skip_lf = self._buffer.endswith(b"\r")
            self._buffer = self._buffer.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        *lines, self._buffer = self._buffer.split(b"\n")
        for line in lines:
            event = self._line(line)
            if event is not None:
                self._quiet = 0
                yield event
        if max(len(self._buffer) + self._size, self._quiet) > self._limit:
            raise ValueError("an event is larger than the limit")

    def whole(self, chunk: bytes) -> bytes | None:
        """Return the event, where a read holds just one, of one line: so most of them arrive."""
        if (
            chunk.startswith(b"data: ")
            and chunk.find(b"\n") == len(chunk) - 2
            and chunk.endswith(b"\n\n")
            and b"\r" not in chunk
            and self._begun
            and not (self._buffer or self._data or self._skip_lf)
            and len(chunk) <= self._limit
        ):
            self._quiet = 0
            return chunk[6:-2]
        return None

    def end(self) -> Iterator[bytes]:
        """Give the last event, if the stream ended without an empty line after it."""
        for line in (self._buffer, b""):
            event = self._line(line)
            if event is not None:
                yield event
        self._buffer = b""

    def _line(self, line: bytes) -> bytes | None:
        if not line:
            if not self._data:
                return None
            event, self._data, self._size = b"\n".join(self._data), [], 0
            return event
        if line.startswith(b"data:"):
            data = line[5:].removeprefix(b" ")
            self._size += len(data) + 1  # and its end: empty lines fill the memory, too
            if self._size > self._limit:
                raise ValueError("an event is larger than the limit")
            self._data.append(data)
        return None
