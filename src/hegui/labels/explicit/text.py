"""The notice in texts: at the start, at the end or at both (GB 45438-2025, 5.1).

Plain text, Markdown and HTML; every other byte stays. In plain text the notice is written in the
file's own encoding, in HTML by character numbers, which hold in any. CSV and JSON have no place
where a notice would not become data: the service shows it beside them.
"""

import codecs
import re
from typing import Final, Literal

from hegui.labels.container import MOST_METADATA, TOO_LARGE, Memory, Source, Splice, refused
from hegui.labels.formats.markdown import MARKDOWN
from hegui.labels.splicing import Change, joined, spliced
from hegui.labels.text import FenceTracker, notice
from hegui.terms import BadRequest, Words

Where = Literal["start", "end", "both"]
FORMATS: Final = ("txt", "markdown", "html")
"""The names of the formats that this puts a notice into."""
_CHUNK: Final = 1 << 20
_NEAR: Final = 4096  # bytes at the ends among which a notice is looked for
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NAME: Final = re.compile(rb"<(/?)([a-z][^\s/>]*)")
_REST: Final = re.compile(rb"""(?:[^>"']|"[^"]*"|'[^']*')*+>""")
_AS_TEXT: Final = (b"script", b"style", b"title", b"textarea", b"template", b"noscript")
_BEFORE: Final = (b"html", b"head")  # tags behind which the body's may be left out


def with_notice(source: Source, form: str, language: str, where: Where = "start") -> Splice:
    """Return a text of the format named ``form`` with the notice in ``language``.

    ``language`` is ``zh`` or ``zh+en``: the Chinese elements are always there. Where the notice
    stands already, it is not written twice. Refused are formats without a place, and texts whose
    encoding cannot be told.
    """
    if form == "html":
        return _html(source, language, where)
    if form not in FORMATS:
        raise BadRequest(_NO_PLACE.fill(form=form.upper()), code="no_place")
    mark, encoding = _encoding(source)
    start = len(mark)
    if form == "markdown":
        if encoding.startswith("utf-16"):
            raise refused("text", 0, NO_ENCODING)
        start = next((one.offset for one in MARKDOWN.payload(source)), source.size)
    return _plain(source, (start, encoding), (language, where), fences=form == "markdown")


def _plain(
    source: Source, place: tuple[int, str], how: tuple[str, Where], *, fences: bool
) -> Splice:
    (start, encoding), (language, where), size = place, how, source.size
    words = notice(language).encode(encoding)
    head = source.read(start, min(_NEAR, size - start)) if size > start else b""
    tail_at = max(start, size - _NEAR)
    tail = source.read(tail_at, size - tail_at) if size > tail_at else b""
    line = ("\r\n" if "\r\n".encode(encoding) in head else "\n").encode(encoding)
    changes = []
    blank = tuple(one.encode(encoding) for one in "\r\n \t")
    if where != "end" and not _stripped(head, blank).startswith(words):
        changes.append(Change(start, start, words + line + line))
    if where != "start" and not _stripped(tail, blank, end=True).endswith(words):
        fence = _open_fence(source, start, encoding) if fences else ""
        ahead = b"" if not tail or tail.endswith(line) else line
        closing = fence.encode(encoding) + line if fence else b""
        changes.append(Change(size, size, ahead + closing + line + words + line))
    return spliced(size, changes)


def _stripped(data: bytes, blank: tuple[bytes, ...], *, end: bool = False) -> bytes:
    while data and (data.endswith(blank) if end else data.startswith(blank)):
        data = data[: -len(blank[0])] if end else data[len(blank[0]) :]
    return data


def _encoding(source: Source) -> tuple[bytes, str]:
    """Return the text's mark and its encoding, by all of it: an English start tells nothing."""
    head = source.read(0, 3)
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return mark, encoding
    for encoding in ("utf-8", "gb18030"):
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            for at in range(0, source.size, _CHUNK):
                decoder.decode(source.read(at, _CHUNK))
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return b"", encoding
    raise refused("text", 0, NO_ENCODING)


def _open_fence(source: Source, start: int, encoding: str) -> str:
    """Return the code fence that is open at the end, so that the notice does not land in it."""
    tracker, decoder = FenceTracker(), codecs.getincrementaldecoder(encoding)("replace")
    for at in range(start, source.size, _CHUNK):
        tracker.feed(decoder.decode(source.read(at, _CHUNK)))
    return tracker.close()


def _html(source: Source, language: str, where: Where) -> Splice:
    if source.size > MOST_METADATA:
        raise refused("HTML", 0, TOO_LARGE)
    data = source.read(0, source.size)
    if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        raise refused("HTML", 0, NO_ENCODING)
    first, last = _body(data)
    words = notice(language).encode("ascii", "xmlcharrefreplace")
    made = b'<p class="aigc-notice">' + words + b"</p>"
    changes = []
    if where != "end" and not data[first:].lstrip().startswith(made):
        changes.append(Change(first, first, made))
    if where != "start" and not data[:last].rstrip().endswith(made):
        changes.append(Change(last, last, made))
    return spliced(source.size, changes)


def _body(data: bytes) -> tuple[int, int]:
    """Return where a page's body begins and ends; comments and scripts are passed over."""
    lower = data.lower()
    at, first, last, opened = 0, 0, len(data), False
    while (at := lower.find(b"<", at)) >= 0:
        if lower.startswith(b"<!--", at):
            at = _past(lower, b"-->", at + 4)
            continue
        if lower.startswith(b"<!", at):
            at = _past(lower, b">", at)
            first = at if not opened else first
            continue
        named = _NAME.match(lower, at)
        if named is None:
            at += 1
            continue
        closing, name = named.groups()
        tag = _REST.match(lower, named.end())
        if tag is None:
            break  # a tag without an end: what follows belongs to it
        if name == b"body":
            last = at if closing else last
            first, opened = (first, opened) if closing or opened else (tag.end(), True)
        elif not opened and name in _BEFORE:
            first = tag.end()
        at = tag.end()
        if not closing and name in _AS_TEXT:
            at = _past(lower, b"</" + name, at)
    return (first, last) if first <= last else (first, len(data))


def _past(data: bytes, mark: bytes, at: int) -> int:
    found = data.find(mark, at)
    return len(data) if found < 0 else found + len(mark)


def noticed(data: bytes, form: str, language: str, where: Where = "start") -> bytes:
    """Return a text in memory with the notice."""
    return joined(Memory(data), with_notice(Memory(data), form, language, where))


NO_ENCODING: Final = Words(
    en="its encoding is neither UTF-8 nor GB 18030; save it as UTF-8",
    zh="编码既不是 UTF-8 也不是 GB 18030；请另存为 UTF-8",
)
_NO_PLACE: Final = Words(
    en="A notice in a {form} file would become part of its data. Show it beside the file"
    " (--explicit interface).",
    zh="在 {form} 文件中写入提示会成为数据的一部分。"
    "请在文件旁由界面显示标识（--explicit interface）。",
)
