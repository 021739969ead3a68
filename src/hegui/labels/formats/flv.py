"""FLV: the label as the string ``AIGC`` of onMetaData (TC260-PG-20257A).

Places in the file that onMetaData names for seeking (``keyframes.filepositions``,
``lastkeyframelocation``) and its ``filesize`` move with what is put in.
"""

from collections.abc import Iterator
from struct import pack
from typing import Final, NamedTuple

from hegui.labels import amf
from hegui.labels.bounded import Bounded
from hegui.labels.container import (
    CUT_SHORT,
    INCONSISTENT,
    TOO_LARGE,
    TOO_MANY,
    Format,
    Found,
    Slice,
    Source,
    Splice,
    exactly,
    refused,
)
from hegui.labels.splicing import Change, moved, spliced, stretches
from hegui.labels.value import MOST, parsed
from hegui.terms import Words

_AUDIO, _VIDEO, _SCRIPT = 8, 9, 18
_KIND: Final = 0x1F  # of a tag's first byte; 0x20 says that it is encrypted
_HEAD: Final = 11
_NAMES: Final = (b"onMetaData", b"@setDataFrame")
_MOST_TAGS: Final = 2_000_000  # of an hour: about 250,000
_MOST_BODY: Final = 0xFF_FFFF
_MOST_TEXT: Final = 0xFFFF
_END: Final = b"\0\0\x09"


class _Tag(NamedTuple):
    start: int
    body: int
    end: int  # of the body; its size follows, if the file does not end there


class _Script(NamedTuple):
    """An onMetaData: its tag, what it holds, and where its properties begin in that."""

    tag: _Tag
    values: amf.Values
    first: int
    properties: list[amf.Property]
    counted: bool

    def labels(self) -> Iterator[tuple[amf.Property, str]]:
        """Give the properties that are labels, with their text."""
        for one in self.properties:
            marker = self.values.data[one.value]
            if b"AIGC" not in one.name.upper() or marker not in (amf.STRING, amf.LONG):
                continue
            raw = self.values.text(one.value + 1, marker)[0][: MOST * 2].decode("utf-8", "replace")
            if one.name.upper() == b"AIGC" or parsed(raw) is not None:
                yield one, raw


class _Flv:
    name = "flv"
    suffixes = (".flv",)
    mime = ("video/x-flv", "video/flv")
    place = Words(
        en="the string AIGC of the script tag onMetaData (TC260-PG-20257A)",
        zh="脚本标签 onMetaData 中的 AIGC 字符串属性（TC260-PG-20257A）",
    )

    def matches(self, head: bytes) -> bool:
        return head[:4] == b"FLV\1"

    def read(self, source: Source) -> list[Found]:
        return [
            Found("flv-onmetadata", script.tag.start, raw, one.name == b"AIGC", parsed(raw))
            for script in _scripts(source)
            for one, raw in script.labels()
        ]

    def write(self, source: Source, inner: str) -> Splice:
        text = inner.encode()
        if len(text) > _MOST_TEXT:
            raise refused("onMetaData", 0, TOO_LARGE)
        label = b"\0\4AIGC\2" + pack(">H", len(text)) + text
        scripts = _scripts(source)
        changes: list[Change] = []
        for number, script in enumerate(scripts):
            changes += _edited(source, script, b"" if number else label)
        if not scripts:
            start = _start(source)
            body = b"\2\0\x0aonMetaData\x08\0\0\0\1" + label + _END
            tag = bytes([_SCRIPT]) + len(body).to_bytes(3) + bytes(7) + body
            changes.append(Change(start, start, tag + pack(">I", len(tag))))
        places = [one for script in scripts for one in _places(script, source.size, changes)]
        return spliced(source.size, [*changes, *places])

    def payload(self, source: Source) -> Iterator[Slice]:
        kept, past = [], 0
        for script in _scripts(source):
            kept.append((past, script.tag.start))
            past = min(script.tag.end + 4, source.size)
        return stretches([*kept, (past, source.size)])


def _start(source: Source) -> int:
    """Return where the first tag stands."""
    head = source.read(0, 9)
    start = int.from_bytes(head[5:]) + 4
    if len(head) < 9 or head[:4] != b"FLV\1" or not 13 <= start <= 4096:  # noqa: PLR2004 - its head
        raise refused("FLV", 0, INCONSISTENT)
    if start > source.size:
        raise refused("FLV", start, CUT_SHORT)
    return start


def _scripts(source: Source) -> list[_Script]:
    """Return every onMetaData; a last tag that is cut off is left as it is."""
    bounded = Bounded(source)
    there: list[_Script] = []
    at = _start(source)
    for _ in range(_MOST_TAGS):
        head = source.read(at, _HEAD)
        if len(head) < _HEAD:
            return there
        kind = head[0]
        if kind & _KIND not in (_AUDIO, _VIDEO, _SCRIPT) or kind >> 6:
            raise refused("FLV tag", at, INCONSISTENT)
        tag = _Tag(at, at + _HEAD, at + _HEAD + int.from_bytes(head[1:4]))
        if tag.end > source.size:
            return there
        if kind == _SCRIPT and (script := _script(bounded, tag)) is not None:
            there.append(script)
        at = tag.end + 4
    raise refused("FLV tag", at, TOO_MANY)


def _script(source: Bounded, tag: _Tag) -> _Script | None:
    head = source.read(tag.body, min(16, tag.end - tag.body))
    if not head.startswith(tuple(b"\2" + pack(">H", len(one)) + one for one in _NAMES)):
        return None
    data = exactly(source, tag.body, tag.end - tag.body, "onMetaData")
    values = amf.Values(data, tag.body)
    name, past = values.text(1, amf.STRING)
    if name == _NAMES[1]:
        if data[past : past + 1] != bytes([amf.STRING]):
            return None
        name, past = values.text(past + 1, amf.STRING)
    marker = data[past : past + 1]
    if name != _NAMES[0] or marker not in (bytes([amf.OBJECT]), bytes([amf.MIXED])):
        return None
    counted = marker == bytes([amf.MIXED])
    first = past + (5 if counted else 1)
    if first > len(data):
        raise refused("onMetaData", tag.body + past, CUT_SHORT)
    return _Script(tag, values, first, values.properties(first)[0], counted)


def _edited(source: Source, script: _Script, label: bytes) -> list[Change]:
    """Return the changes after which ``label`` is the only label of an onMetaData."""
    old = [one for one, _ in script.labels()]
    if not old and not label:
        return []
    at, tag = script.tag.body, script.tag
    size = tag.end - at + len(label) - sum(one.end - one.start for one in old)
    if size > _MOST_BODY:
        raise refused("onMetaData", at, TOO_LARGE)
    changes = [Change(tag.start + 1, tag.start + 4, size.to_bytes(3))]
    if script.counted:
        place = script.first - 4
        count = int.from_bytes(script.values.data[place : script.first])
        count = max(0, min(count - len(old) + (1 if label else 0), 0xFFFF_FFFF))
        changes.append(Change(at + place, at + script.first, pack(">I", count)))
    changes.append(Change(at + script.first, at + script.first, label))
    changes += [Change(at + one.start, at + one.end, b"") for one in old]
    if tag.end + 4 <= source.size:
        changes.append(Change(tag.end, tag.end + 4, pack(">I", size + _HEAD)))
    return changes


def _places(script: _Script, size: int, changes: list[Change]) -> Iterator[Change]:
    """Give the changes of the numbers that are places in the file, or its size."""
    values, markers = script.values, []
    for one in script.properties:
        if one.name in (b"filesize", b"lastkeyframelocation"):
            markers.append(one.value)
        elif one.name == b"keyframes" and values.data[one.value] == amf.OBJECT:
            for inner in values.properties(one.value + 1)[0]:
                if inner.name == b"filepositions":
                    markers += values.items(inner.value)
    grown = moved(script.tag.end, changes) - script.tag.end
    alone = all(one.end <= script.tag.end + 4 for one in changes)
    for marker in markers:
        number = values.number(marker)
        if number is None or not script.tag.end <= number <= size or number != int(number):
            continue
        new = number + grown if alone else moved(int(number), changes)
        if new != number:
            at = script.tag.body + marker + 1
            yield Change(at, at + 8, pack(">d", float(new)))


FLV: Final[Format] = _Flv()
FORMATS: Final = (FLV,)
