"""Read one field of JSON records, past everything else in them, and write it anew.

A key may stand twice in an object. Programs take the last one, but some take the first: both are
judged, so that nothing gets by as the one that was not looked at.
"""

import json
import re
from collections.abc import Iterator, Sequence
from functools import reduce
from typing import Any, Final, NamedTuple

import msgspec

from hegui.cli.batches import Batch
from hegui.cli.documents_fields import readings
from hegui.terms import TextColumn

_PLAIN: Final = re.compile(r"[A-Za-z0-9_. -]+")
_UNREAD: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_ESCAPED_ASCII: Final = re.compile(rb"\\u00[2-7]")  # a key may be written so


class _Held(NamedTuple):
    """The texts of a record: what programs take, and what stands under the same keys before."""

    earlier: list[str]
    taken: str | None


class Records:
    """Reads batches of lines. ``null`` is no text, and nothing to be judged.

    A record without the field is malformed: it may be the name that is wrong, and then nothing at
    all would be judged. So is one in which a name with dots can be read in two ways.
    """

    def __init__(self, field: str) -> None:
        self._readings = [(names, _decoder(names)) for names in readings(field)]
        keys = {key for names, _ in self._readings for key in names}
        self._keys = [msgspec.json.encode(key) for key in sorted(keys)]
        self._plain = _PLAIN.fullmatch(field) is not None
        self._first = [msgspec.json.encode(key) for key in self._readings[0][0]]
        self._joined = [key for key in self._keys if key not in self._first]

    def __call__(self, lines: list[bytes], first: int) -> Batch:
        """Return the texts of lines; ``first`` is the number of the first line."""
        return self._at_once(lines, first) or self._one_by_one(lines, first)

    def _at_once(self, lines: list[bytes], first: int) -> Batch | None:
        """Read lines each of which holds each key once; None where that is not sure."""
        whole = b"\n".join(lines)
        escaped = b"\\" in whole and b"\\u00" in whole  # one byte is looked for much faster
        if not self._plain or escaped or any(key in whole for key in self._joined):
            return None
        if any(whole.count(key) != len(lines) for key in self._first):
            return None
        names, decode = self._readings[0]
        try:  # a line without a key is none that can be read: so no other has it twice
            found = [reduce(_inner, names, decode(line)) for line in lines]
        except _UNREAD:
            return None
        numbers = [number for number, text in enumerate(found, first) if text is not None]
        return Batch(TextColumn.of([text for text in found if text is not None]), numbers)

    def _one_by_one(self, lines: list[bytes], first: int) -> Batch:
        texts: list[str] = []
        numbers: list[int] = []
        malformed: list[int] = []
        earlier: set[int] = set()
        for number, line in enumerate(lines, first):
            if not line or line.isspace():
                continue
            held = self._held(line)
            if held is None:
                malformed.append(number)
                continue
            earlier.update(range(len(texts), len(texts) + len(held.earlier)))
            found = [*held.earlier, held.taken] if held.taken is not None else held.earlier
            texts += found
            numbers += [number] * len(found)
        column = TextColumn.of(texts)
        return Batch(column, numbers, malformed=tuple(malformed), earlier=frozenset(earlier))

    def _held(self, line: bytes) -> _Held | None:
        found: list[tuple[tuple[str, ...], str | None]] = []
        for names, decode in self._readings:
            try:
                found.append((names, reduce(_inner, names, decode(line))))
            except _UNREAD:
                continue
        if len(found) != 1:
            return None
        ((names, taken),) = found
        if not self._may_repeat(line):
            return _Held([], taken)
        try:
            values = list(_values(_WITH_ALL.decode(line.decode()), names))
        except (ValueError, RecursionError):
            return None
        return _Held([each for each in values[:-1] if isinstance(each, str)], taken)

    def _may_repeat(self, line: bytes) -> bool:
        """Tell whether a key may stand twice: seldom, and then the line is read once more."""
        if any(line.count(key) > 1 for key in self._keys):
            return True
        if b"\\" not in line:
            return False
        return not self._plain or _ESCAPED_ASCII.search(line) is not None


class _Pairs(list[tuple[str, Any]]):
    """An object with every key that stands in it."""


_WITH_ALL: Final = json.JSONDecoder(object_pairs_hook=_Pairs, parse_int=str, parse_float=str)


def _values(value: Any, names: Sequence[str]) -> Iterator[Any]:
    """Give every value that stands under the names, in order; the last is what programs take."""
    if not names:
        yield value
    elif isinstance(value, _Pairs):
        for key, child in value:
            if key == names[0]:
                yield from _values(child, names[1:])


def _inner(value: Any, _name: str) -> Any:
    return value.value


def _decoder(names: Sequence[str]) -> Any:
    shape: Any = str | None
    for name in reversed(names):
        shape = msgspec.defstruct("Record", [("value", shape)], rename={"value": name})
    return msgspec.json.Decoder(shape).decode


def rewritten(record: bytes, field: str, text: str | None) -> bytes:
    """Return a JSON object with its text replaced; all other values stand as they stood.

    Of a key that stands twice only the last is kept: with ``text``, or as it is where that is None.
    """
    for names in readings(field):
        try:
            return _rewritten(record, names, text)
        except (msgspec.MsgspecError, KeyError):
            continue
    raise KeyError(field)


def _rewritten(record: bytes, names: Sequence[str], text: str | None) -> bytes:
    if not names:
        held = msgspec.json.decode(record, type=str | None)
        return msgspec.json.encode(held if text is None else text)
    fields = msgspec.json.decode(record, type=dict[str, msgspec.Raw])
    new = _rewritten(bytes(fields[names[0]]), names[1:], text)
    fields[names[0]] = msgspec.Raw(new)
    return msgspec.json.encode(fields)
