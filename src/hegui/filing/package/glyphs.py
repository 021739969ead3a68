"""Which characters a font can show, read from its table ``cmap`` (OpenType 1.9, formats 4 and 12).

Here because a character without a glyph would print as an empty box: it is written as its number
instead, and told with its place. Bounds are checked; a broken font is refused.
"""

import struct
from collections.abc import Iterable, Iterator

from hegui.filing.package.blocks import Document
from hegui.terms import Lang, Misconfigured, Words

_MOST_CHARACTERS = 0x11_0000
_BROKEN = Words(
    "filing.font is no font that can be read (TrueType, OpenType or a collection): {why}",
    "filing.font 不是可读取的字体（TrueType、OpenType 或字体集）：{why}",
)


def characters(data: bytes) -> frozenset[int]:
    """Return the code points that a font has glyphs for; ``Misconfigured`` where it is broken."""
    try:
        start = struct.unpack_from(">I", data, 12)[0] if data[:4] == b"ttcf" else 0
        count = struct.unpack_from(">H", data, start + 4)[0]
        for place in range(start + 12, start + 12 + 16 * count, 16):
            tag, _, offset, _ = struct.unpack_from(">4sIII", data, place)
            if tag == b"cmap":
                return frozenset(_cmap(data, offset))
    except (struct.error, IndexError, ValueError) as error:
        raise Misconfigured(_BROKEN.fill(why=str(error)[:80])) from None
    raise Misconfigured(_BROKEN.fill(why="no cmap"))


def _cmap(data: bytes, at: int) -> Iterator[int]:
    count = struct.unpack_from(">H", data, at + 2)[0]
    for place in range(at + 4, at + 4 + 8 * count, 8):
        platform, _, offset = struct.unpack_from(">HHI", data, place)
        kind = struct.unpack_from(">H", data, at + offset)[0]
        if platform not in (0, 3):
            continue
        if kind == 4:  # noqa: PLR2004 - the format's number
            yield from _segments(data, at + offset)
        elif kind == 12:  # noqa: PLR2004 - the format's number
            yield from _groups(data, at + offset)


def _segments(data: bytes, at: int) -> Iterator[int]:
    count = struct.unpack_from(">H", data, at + 6)[0] // 2
    ends = struct.unpack_from(f">{count}H", data, at + 14)
    starts = struct.unpack_from(f">{count}H", data, at + 16 + 2 * count)
    for first, last in zip(starts, ends, strict=True):
        yield from range(first, min(last, 0xFFFE) + 1)


def _groups(data: bytes, at: int) -> Iterator[int]:
    count = struct.unpack_from(">I", data, at + 12)[0]
    left = _MOST_CHARACTERS
    for number in range(count):
        first, last, _ = struct.unpack_from(">III", data, at + 16 + 12 * number)
        left -= last - first + 1
        if last < first or left < 0:
            raise ValueError("cmap")
        yield from range(first, last + 1)


def shown(text: str, known: frozenset[int]) -> str:
    """Return a text with what cannot be shown written as its number: ``〔U+1F600〕``."""
    if all(ord(char) in known or char == "\n" for char in text):
        return text
    return "".join(c if ord(c) in known or c == "\n" else f"〔U+{ord(c):04X}〕" for c in text)


def missing(
    documents: Iterable[Document], known: frozenset[int], lang: Lang
) -> list[tuple[str, str, str]]:
    """Return each character that cannot be shown, once: its number, its document, its chapter."""
    found: dict[str, tuple[str, str, str]] = {}
    for document in documents:
        for under, words in document.texts:
            for char in words.say(lang):
                if ord(char) not in known and char != "\n":
                    name = f"U+{ord(char):04X}"
                    found.setdefault(name, (name, document.name, under.say(lang)))
    return [found[name] for name in sorted(found)]
