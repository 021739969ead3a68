"""Recognise an event that says the same as the one before it but for a piece of content.

Nearly every event of a stream does. Its bytes are those of the last one around one JSON string: to
read just that string costs a tenth of reading the whole event and comparing what it holds.
"""

import json
from typing import Any, Final

import msgspec

from hegui.gateway.pieces import MARK, More, piece_of, with_content

_MOST_TRIES: Final = 8  # frames that fitted nothing; then the stream is read the long way
_read_text = msgspec.json.Decoder(str).decode


class Repeats:
    """Keeps the bytes around the content of the last event that added content only.

    An event with the same bytes around one well-formed JSON string is the same event with that
    string as content, for JSON is read from left to right and says where a string ends.
    """

    def __init__(self) -> None:
        self._chunk: dict[str, Any] = {}
        self._before = self._after = b""
        self._tries = 0

    def read(self, event: bytes) -> More | None:
        """Return what the event adds, or None if it has to be read as a whole."""
        before, after = self._before, self._after
        if not before or not (event.startswith(before) and event.endswith(after)):
            return None
        try:
            text = _read_text(event[len(before) - 1 : len(event) - len(after) + 1])
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None
        self._tries = 0
        return More(self._chunk, text)

    def learn(self, event: bytes, chunk: dict[str, Any]) -> None:
        """Take the bytes of an event that was read as a whole for the frame of the next ones."""
        self._before = b""
        content = piece_of(chunk)
        if content is None or self._tries >= _MOST_TRIES or "usage" in chunk:
            return
        self._tries += 1
        for written in _spellings(content):
            before, found, after = event.partition(written)
            if found and _is_frame(before, after, chunk):
                self._chunk, self._before, self._after = chunk, before + b'"', b'"' + after
                return


def _spellings(content: str) -> tuple[bytes, ...]:
    """Return a text as a JSON string, as servers write it: in ASCII, or in UTF-8."""
    escaped = json.dumps(content).encode()
    try:
        return json.dumps(content, ensure_ascii=False).encode(), escaped
    except UnicodeEncodeError:  # half a character, which only escapes can spell
        return (escaped,)


def _is_frame(before: bytes, after: bytes, chunk: dict[str, Any]) -> bool:
    """Whether what stands between these bytes, and nothing else, is the content of ``chunk``."""
    try:
        tried = msgspec.json.decode(before + msgspec.json.encode(MARK) + after)
    except msgspec.DecodeError:
        return False
    return bool(tried == with_content(chunk, MARK))
