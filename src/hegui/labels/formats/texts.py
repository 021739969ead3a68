"""Plain text, HTML, CSV and JSON: no guide names a place for a label, so it goes beside the file.

A label that somebody put into an HTML page as ``<meta name="AIGC">`` is read. No text can be told
to be one of these by its bytes: its name decides, and what has no known one is plain text.
"""

import html
import re
from collections.abc import Iterator
from typing import Final

from hegui.labels.container import Format, Found, Slice, Source, Splice
from hegui.labels.value import parsed
from hegui.terms import BadRequest, Words

_CONTROLS: Final = re.compile(rb"[\0-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_WIDE: Final = (b"\xff\xfe", b"\xfe\xff")
_MOST: Final = 1 << 20  # bytes of a page among which its head stands
_META: Final = re.compile(
    rb"<meta\b([^<>\"']*(?:\"[^\"]*\"[^<>\"']*|'[^']*'[^<>\"']*)*)>", re.IGNORECASE
)
_ATTRIBUTE: Final = re.compile(
    rb"([a-z][a-z:_-]*)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))", re.IGNORECASE
)


def is_text(head: bytes) -> bool:
    """Whether a file that begins with ``head`` can be text, in UTF-8, GB 18030 or UTF-16."""
    if head[:2] in _WIDE:
        return True
    return bool(head) and not head.lstrip().startswith(b"%PDF-") and not _CONTROLS.search(head)


class _Beside:
    """A format that has no place."""

    place = Words(
        en="none: no guide names one for this format; the label goes into a file beside it",
        zh="无：现有指南均未规定该格式的标识位置，标识写入旁附文件",
    )

    def __init__(self, name: str, suffixes: tuple[str, ...], mime: tuple[str, ...]) -> None:
        self.name = name
        self.suffixes = suffixes
        self.mime = mime

    def matches(self, head: bytes) -> bool:
        return is_text(head)

    def read(self, source: Source) -> list[Found]:
        return _metas(source) if self.name == "html" else []

    def write(self, source: Source, inner: str) -> Splice:  # noqa: ARG002 - it goes beside the file
        raise BadRequest(_NO_PLACE.fill(form=self.name.upper()), code="no_place")

    def payload(self, source: Source) -> Iterator[Slice]:
        if source.size:
            yield Slice(0, source.size)


def _metas(source: Source) -> list[Found]:
    found = []
    for tag in _META.finditer(source.read(0, _MOST)):
        pairs = {
            name.lower(): next((one for one in values if one), b"")
            for name, *values in _ATTRIBUTE.findall(tag.group(1))
        }
        named = pairs.get(b"name", pairs.get(b"property", b"")).upper()
        raw = html.unescape(pairs.get(b"content", b"").decode("utf-8", "replace"))
        value = parsed(raw)
        if named == b"AIGC" or (b"AIGC" in named and value is not None):
            found.append(Found("html-meta", tag.start(), raw, False, value))  # noqa: FBT003 - a tuple's field
    return found


_NO_PLACE: Final = Words(
    en="No guide names a place for a label in {form} files. Keep the label in a file beside it"
    " (NAME.aigc.json).",
    zh="现有指南未规定 {form} 文件中的标识位置，请将标识保存在旁附文件（NAME.aigc.json）中。",
)
TXT: Final[Format] = _Beside("txt", (".txt", ".text", ".log"), ("text/plain",))
HTML: Final[Format] = _Beside("html", (".html", ".htm", ".xhtml"), ("text/html",))
CSV: Final[Format] = _Beside("csv", (".csv", ".tsv"), ("text/csv",))
JSON: Final[Format] = _Beside("json", (".json", ".jsonl"), ("application/json",))
FORMATS: Final = (TXT, HTML, CSV, JSON)
