"""Decode the inside of a JSON string as its source arrives, remembering how it was spelt."""

_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_REPLACEMENT = "\ufffd"


class Spelling:
    """The characters of one JSON string, and the source of each.

    ``take`` consumes source; ``spelt`` gives back the source of decoded characters, in order.
    Two escapes that make one character (a surrogate pair) are its one spelling; half a pair
    decodes to U+FFFD.
    """

    def __init__(self) -> None:
        self._spellings: list[str] = []
        self._gone = 0  # decoded characters whose spelling was given back
        self._high = ""  # the spelling of a high surrogate that waits for its other half

    def take(self, source: str, at: int, *, final: bool) -> tuple[str, int]:
        """Return what ``source`` decodes to from ``at`` to its closing quote, and where it ends."""
        out: list[str] = []
        while at < len(source) and source[at] != '"':
            size = 1 if source[at] != "\\" else 6 if source[at + 1 : at + 2] == "u" else 2
            if at + size > len(source):
                break
            self._put(source[at : at + size], out)
            at += size
        if final or source[at : at + 1] == '"':
            if final and source[at : at + 1] == "\\":  # an escape that never ended
                self._put(source[at:], out)
                at = len(source)
            self._flush_high(out)
        return "".join(out), at

    def spelt(self, start: int, end: int) -> str:
        """Return the source of decoded characters, and forget it. Ask in order, once."""
        first, last = start - self._gone, end - self._gone
        source = "".join(self._spellings[first:last])
        del self._spellings[:last]
        self._gone = end
        return source

    def _put(self, source: str, out: list[str]) -> None:
        char = _decoded(source)
        if "\udc00" <= char <= "\udfff" and self._high:
            pair = _decoded(self._high) + char
            out.append(pair.encode("utf-16", "surrogatepass").decode("utf-16"))
            self._spellings.append(self._high + source)
            self._high = ""
            return
        self._flush_high(out)
        if "\ud800" <= char <= "\udbff" and len(source) > 1:
            self._high = source
            return
        out.append(_REPLACEMENT if "\ud800" <= char <= "\udfff" else char)
        self._spellings.append(source)

    def _flush_high(self, out: list[str]) -> None:
        if self._high:
            out.append(_REPLACEMENT)
            self._spellings.append(self._high)
            self._high = ""


def _decoded(source: str) -> str:
    if len(source) == 1:
        return source
    if source[1] != "u":
        return _ESCAPES.get(source[1], _REPLACEMENT)
    try:
        return bytes.fromhex(source[2:]).decode("utf-16-be", "surrogatepass")[:1] or _REPLACEMENT
    except ValueError:
        return _REPLACEMENT
