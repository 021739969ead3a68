"""The objects of a PDF as they stand in bytes (ISO 32000-1, 7.3), with where each of them stands.

Only reading, and only as deep and as long as a document's own dictionaries are: a dictionary is
edited as bytes, so that what is not the label stays as it was.
"""

import re
from typing import Any, Final, NamedTuple

from hegui.labels.container import MOST_PARTS, TOO_MANY, refused
from hegui.terms import Words

_SPACE: Final = re.compile(rb"(?:[\0\t\n\f\r ]+|%[^\r\n]*)*")
_REFERENCE: Final = re.compile(
    rb"(\d{1,10})[\0\t\n\f\r ]+(\d{1,5})[\0\t\n\f\r ]+R(?![^\0\t\n\f\r ()<>\[\]{}/%])"
)
_NUMBER: Final = re.compile(rb"[+-]?(?:\d{1,40}\.?\d{0,40}|\.\d{1,40})")
_NAME: Final = re.compile(rb"/([^\0\t\n\f\r ()<>\[\]{}/%]*)")
_WORD: Final = re.compile(rb"[A-Za-z]+")
_HEX_STRING: Final = re.compile(rb"<([0-9A-Fa-f\0\t\n\f\r ]*)>")
_STRING_PART: Final = re.compile(rb"[^()\\\r]+")
_ESCAPED: Final = {
    b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f", b"\n": b""
}  # fmt: skip
_OCTAL: Final = re.compile(rb"[0-7]{1,3}")
_DEEPEST: Final = 50
_TELLING: Final = 64  # bytes from which one sees what a token is


class Ref(NamedTuple):
    """A reference to an object."""

    number: int
    generation: int


class Name(NamedTuple):
    """A name, its ``#`` escapes read."""

    text: bytes


class Word(NamedTuple):
    """A keyword, as ``true``, ``null`` or ``stream``."""

    text: bytes


class Entry(NamedTuple):
    """One key of a dictionary: the stretch of both, and the value."""

    key: bytes
    start: int
    value_start: int
    end: int
    value: Any


class Dictionary:
    """A dictionary: the stretch from ``<<`` to ``>>``, and its entries in order."""

    def __init__(self, data: bytes, start: int, end: int, entries: list[Entry]) -> None:
        self.raw = data[start:end]
        self.entries = [
            one._replace(
                start=one.start - start, value_start=one.value_start - start, end=one.end - start
            )
            for one in entries
        ]

    def get(self, key: bytes) -> Any:
        """Return the value of a key, None if it is not there; of several, the last."""
        return next((one.value for one in reversed(self.entries) if one.key == key), None)

    def edited(self, without: frozenset[bytes], more: bytes) -> bytes:
        """Return the dictionary's bytes without some keys, and with ``more`` at its end."""
        parts, past = [], 0
        for one in self.entries:
            if one.key in without:
                parts.append(self.raw[past : one.start])
                past = one.end
        return b"".join([*parts, self.raw[past:-2].rstrip(b" \n"), b"\n", more, b"\n>>"])


EMPTY: Final = Dictionary(b"<<>>", 0, 4, [])


class Short(Exception):
    """The bytes end inside an object: a longer stretch is needed."""


def skipped(data: bytes, at: int) -> int:
    """Return where the white space and the comments that begin at ``at`` end."""
    found = _SPACE.match(data, at)
    return found.end() if found else at


class Reader:
    """Reads objects from bytes that stand at ``shift`` in the file."""

    def __init__(self, data: bytes, shift: int) -> None:
        self.data = data
        self._shift = shift
        self._count = 0

    def value(self, at: int, depth: int = 0) -> tuple[Any, int]:
        """Return the object that begins at ``at`` or after white space, and where it ends."""
        data, at = self.data, skipped(self.data, at)
        self._count += 1
        if self._count > MOST_PARTS:
            raise refused("PDF object", self._shift + at, TOO_MANY)
        if depth > _DEEPEST:
            raise refused("PDF object", self._shift + at, TOO_DEEP)
        first = data[at : at + 1]
        if first == b"/":
            name = self._token(_NAME, at)
            return Name(_unescaped(name.group(1))), name.end()
        if first == b"(":
            return self._string(at)
        if first == b"[":
            return self._array(at, depth)
        if first == b"<":
            if data[at : at + 2] == b"<<":
                return self._dictionary(at, depth)
            text = self._token(_HEX_STRING, at)
            digits = re.sub(rb"[^0-9A-Fa-f]", b"", text.group(1))
            return bytes.fromhex((digits + b"0" * (len(digits) & 1)).decode()), text.end()
        return self._plain(at)

    def _plain(self, at: int) -> tuple[Any, int]:
        if found := _REFERENCE.match(self.data, at):
            self._in_full(found.end())
            return Ref(int(found.group(1)), int(found.group(2))), found.end()
        if found := _NUMBER.match(self.data, at):
            self._in_full(found.end() + _TELLING)  # it may become a reference
            text = found.group()
            return (float(text) if b"." in text else int(text)), found.end()
        word = self._token(_WORD, at)
        return Word(word.group()), word.end()

    def _token(self, form: re.Pattern[bytes], at: int) -> re.Match[bytes]:
        found = form.match(self.data, at)
        if found is None:
            if len(self.data) - at < _TELLING or form is _HEX_STRING:
                raise Short
            raise refused("PDF object", self._shift + at, NO_OBJECT)
        self._in_full(found.end())
        return found

    def _in_full(self, end: int) -> None:
        """Ask for more bytes if a token touches their end: it may go on behind it."""
        if end >= len(self.data):
            raise Short

    def _array(self, at: int, depth: int) -> tuple[list[Any], int]:
        values, at = [], skipped(self.data, at + 1)
        while self.data[at : at + 1] != b"]":
            value, at = self.value(at, depth + 1)
            values.append(value)
            at = skipped(self.data, at)
        return values, at + 1

    def _dictionary(self, start: int, depth: int) -> tuple[Dictionary, int]:
        entries, at = [], skipped(self.data, start + 2)
        while self.data[at : at + 2] != b">>":
            name, value_start = self.value(at, depth + 1)
            if not isinstance(name, Name):
                raise refused("PDF dictionary", self._shift + at, NO_OBJECT)
            value, end = self.value(value_start, depth + 1)
            entries.append(Entry(name.text, at, skipped(self.data, value_start), end, value))
            at = skipped(self.data, end)
        return Dictionary(self.data, start, at + 2, entries), at + 2

    def _string(self, at: int) -> tuple[bytes, int]:
        data, parts, opened, at = self.data, [], 1, at + 1
        while opened:
            if at >= len(data):
                raise Short
            if plain := _STRING_PART.match(data, at):
                parts.append(plain.group())
                at = plain.end()
                continue
            one = data[at : at + 1]
            at += 1
            if one == b"\\":
                part, at = _escape(data, at)
                parts.append(part)
                continue
            if one == b"\r":
                at += data[at : at + 1] == b"\n"
                parts.append(b"\n")
                continue
            opened += 1 if one == b"(" else -1
            if opened:
                parts.append(one)
        return b"".join(parts), at


def literal(text: str) -> bytes:
    """Return ASCII as a literal string."""
    return b"(" + re.sub(rb"([\\()])", rb"\\\1", text.encode("ascii")) + b")"


def text_of(value: bytes) -> str:
    """Return a text string: UTF-16 or UTF-8 by its mark; without one, UTF-8 if it is that."""
    if value[:2] in (b"\xfe\xff", b"\xff\xfe"):
        return value.decode("utf-16", "replace")
    try:
        return value.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _escape(data: bytes, at: int) -> tuple[bytes, int]:
    if at >= len(data):
        raise Short
    if octal := _OCTAL.match(data, at):
        return bytes([int(octal.group(), 8) & 0xFF]), octal.end()
    one = data[at : at + 1]
    if one == b"\r":
        return b"", at + 1 + (data[at + 1 : at + 2] == b"\n")
    return _ESCAPED.get(one, one), at + 1


def _unescaped(name: bytes) -> bytes:
    return re.sub(rb"#([0-9A-Fa-f]{2})", lambda hex_: bytes.fromhex(hex_[1].decode()), name)


NO_OBJECT: Final = Words(en="no object of a PDF begins there", zh="该处没有 PDF 对象")
TOO_DEEP: Final = Words(en="it is nested too deeply", zh="嵌套层数过多")
