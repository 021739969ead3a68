"""A PDF's cross-references and the objects that they name (ISO 32000-1, 7.5).

Tables, streams, both in one file, and the chain of updates. Entries are looked at one by one where
they stand, so that a table of a million objects needs no memory. What a viewer would repair is
refused: a label on a file that was guessed at could not be vouched for.
"""

import re
import zlib
from typing import Any, Final, NamedTuple, TypeAlias

from hegui.labels.bounded import Bounded
from hegui.labels.container import (
    CUT_SHORT,
    INCONSISTENT,
    MOST_PARTS,
    TOO_LARGE,
    TOO_MANY,
    Source,
    refused,
)
from hegui.labels.formats.pdf_syntax import (
    EMPTY,
    NO_OBJECT,
    Dictionary,
    Name,
    Reader,
    Ref,
    Short,
    skipped,
)
from hegui.terms import BadRequest, Words

HEADER: Final = b"%PDF-"
_HEAD: Final = 1024  # bytes among which the header stands
_TAIL: Final = 2048  # bytes at the end among which "startxref" stands
_STEPS: Final = (1 << 12, 1 << 16, 1 << 20, 1 << 22)  # bytes read of an object at most
_MOST_SECTIONS: Final = 2_000
_MOST_NUMBER: Final = 1 << 31
_DEEPEST: Final = 8  # objects that are needed to read one
_START: Final = re.compile(rb"startxref[\0\t\n\f\r ]+(\d{1,19})(?!\d)")
_OBJECT: Final = re.compile(rb"(\d{1,10})[\0\t\n\f\r ]+(\d{1,5})[\0\t\n\f\r ]+obj(?![A-Za-z])")
_ROWS: Final = re.compile(rb"[\0\t\n\f\r ]*(\d{1,10})[ \t]+(\d{1,10})[\0\t\n\f\r ]+(?=\d|t)")
_ROW: Final = re.compile(rb"(\d{10}) (\d{5}) ([nf])([ \r\n]{0,2})")
_TRAILER: Final = re.compile(rb"[\0\t\n\f\r ]*trailer")
_STREAM: Final = re.compile(rb"(?:\r\n|\n|\r)")
_FREE, _PLAIN, _PACKED = 0, 1, 2
_UP: Final = 10  # PNG predictors begin there


class Place(NamedTuple):
    """Where an object stands: its offset and generation, or an object stream and its index."""

    packed: bool
    where: int
    which: int


class Stream(NamedTuple):
    """A stream's dictionary, and its bytes with the filters undone."""

    about: Dictionary
    data: bytes


class _Rows(NamedTuple):
    """Rows of a table that stand at ``at``, each ``width`` bytes."""

    first: int
    rows: int
    at: int
    width: int


class _Packed(NamedTuple):
    """Rows of a cross-reference stream."""

    first: int
    rows: int
    data: bytes
    widths: tuple[int, int, int]


_Group: TypeAlias = _Rows | _Packed


class Section(NamedTuple):
    """One section of the cross-references; ``trailer`` says what it stands for."""

    at: int
    trailer: Dictionary
    groups: list[_Group]
    table: bool


class Pdf:
    """A PDF whose objects can be looked up; refused if encrypted or if it is inconsistent."""

    def __init__(self, source: Source) -> None:
        self._source = Bounded(source)
        self.size = source.size
        self.shift = self._source.read(0, min(_HEAD, self.size)).find(HEADER)
        if self.shift < 0:
            raise refused("PDF header", 0, NO_OBJECT)
        tail_at = max(0, self.size - _TAIL)
        starts = list(_START.finditer(self._source.read(tail_at, self.size - tail_at)))
        if not starts:
            raise refused("PDF startxref", tail_at, CUT_SHORT)
        self.start = int(starts[-1].group(1))
        shifted = self.start + self.shift
        if self.shift and self._is_section(self.start) and not self._is_section(shifted):
            self.shift = 0  # offsets count from the file's first byte after all
        self._depth = 0
        self.sections = self._chain()
        self.trailer = self.sections[0].trailer
        if self.trailer.get(b"Encrypt") is not None:
            raise BadRequest(ENCRYPTED, code="file_encrypted")

    @property
    def next_number(self) -> int:
        """Return a number that no object has."""
        size = self.trailer.get(b"Size")
        ends = [one.first + one.rows for section in self.sections for one in section.groups]
        number = max([1, size if isinstance(size, int) else 1, *ends])
        if number > _MOST_NUMBER:
            raise refused("PDF cross-references", self.offset(self.start), TOO_LARGE)
        return number

    def resolved(self, value: Any) -> Any:
        """Return what a reference stands for (None for nothing), or the value itself."""
        if not isinstance(value, Ref):
            return value
        place = self.place(value.number)
        if place is None:
            return None
        found = self._packed(value, place) if place.packed else self._object(place.where, value)[0]
        return found if not isinstance(found, Ref) else None

    def place(self, number: int) -> Place | None:
        """Return where an object stands, by the newest section that names it."""
        for section in self.sections:
            for group in section.groups:
                if group.first <= number < group.first + group.rows:
                    kind, where, which = self._row(group, number - group.first)
                    if kind == _FREE:
                        return None
                    return Place(kind == _PACKED, where, which)
        return None

    def stream(self, ref: Ref) -> Stream | None:
        """Return a stream; None where there is none, or where its filters are not ours."""
        place = self.place(ref.number)
        if place is None or place.packed:
            return None
        about, data, at = self._object(place.where, ref)
        return self._stream(about, data, at) if isinstance(about, Dictionary) else None

    def offset(self, at: int) -> int:
        """Return where in the file an offset of the cross-references points to."""
        return at + self.shift

    # Objects

    def _object(self, at: int, ref: Ref | None) -> tuple[Any, bytes, int]:
        at = self.offset(at)
        count = step = 0
        for step in _STEPS:
            count, data = self._stretch(at, step)
            head = _OBJECT.match(data, skipped(data, 0))
            if head is None or (ref is not None and int(head.group(1)) != ref.number):
                raise refused("PDF object", at, NO_OBJECT)
            try:
                value, end = Reader(data, at).value(head.end())
            except Short:
                if count < step:
                    break
                continue
            return value, self._stretch(at + end, 64)[1], at + end
        raise refused("PDF object", at, CUT_SHORT if count < step else TOO_LARGE)

    def _stretch(self, at: int, most: int) -> tuple[int, bytes]:
        """Return how many bytes there are, and them; behind the file's end stand spaces."""
        count = max(0, min(most, self.size - at))
        data = self._source.read(at, count)
        return count, data if count == most else data + b" " * 80

    def _packed(self, ref: Ref, place: Place) -> Any:
        held = self._nested(Ref(place.where, 0))
        if held is None:
            raise refused("PDF object stream", 0, INCONSISTENT)
        first = held.about.get(b"First")
        if not isinstance(first, int) or first < 0 or place.which > MOST_PARTS:
            raise refused("PDF object stream", 0, INCONSISTENT)
        pairs = held.data[:first].split(maxsplit=2 * place.which + 2)
        try:
            number, offset = (int(one) for one in pairs[2 * place.which : 2 * place.which + 2])
        except ValueError:
            raise refused("PDF object stream", 0, INCONSISTENT) from None
        if number != ref.number or not 0 <= first + offset < len(held.data):
            raise refused("PDF object stream", 0, INCONSISTENT)
        try:
            return Reader(held.data + b" " * 65, 0).value(first + offset)[0]
        except Short:
            raise refused("PDF object stream", 0, CUT_SHORT) from None

    def _nested(self, ref: Ref) -> Stream | None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise refused("PDF object", 0, TOO_MANY)
        try:
            return self.stream(ref)
        finally:
            self._depth -= 1

    def _stream(self, about: Dictionary, behind: bytes, at: int) -> Stream | None:
        word = skipped(behind, 0)
        if behind[word : word + 6] != b"stream":
            return None
        line = _STREAM.match(behind, word + 6)
        length = about.get(b"Length")
        if isinstance(length, Ref):
            self._depth += 1
            if self._depth > _DEEPEST:
                raise refused("PDF stream", at, TOO_MANY)
            length = self.resolved(length)
            self._depth -= 1
        start = at + (line.end() if line else word + 6)
        if not isinstance(length, int) or length < 0 or start + length > self.size:
            raise refused("PDF stream", at, INCONSISTENT)
        data = self._source.read(start, length)
        return _unfiltered(about, data, self._source, at)

    # Cross-references

    def _is_section(self, at: int) -> bool:
        data = self._source.read(at, 32) if at < self.size else b""
        data = data[skipped(data, 0) :]
        return data[:4] == b"xref" or _OBJECT.match(data) is not None

    def _chain(self) -> list[Section]:
        """Return every section, the newest first; of a hybrid file, the stream after its table."""
        sections: list[Section] = []
        seen: set[int] = set()
        ahead = [self.start]
        while ahead:
            at = ahead.pop()
            if at in seen or len(seen) >= _MOST_SECTIONS:
                raise refused("PDF cross-references", self.offset(at), TOO_MANY)
            seen.add(at)
            section = self._section(at)
            sections.append(section)
            hybrid, before = section.trailer.get(b"XRefStm"), section.trailer.get(b"Prev")
            if isinstance(before, int):
                ahead.append(before)
            if section.table and isinstance(hybrid, int):
                seen.add(hybrid)
                sections.append(self._section(hybrid))
        return sections

    def _section(self, at: int) -> Section:
        start = self.offset(at)
        head = self._source.read(start, min(32, max(self.size - start, 0)))
        word = skipped(head, 0)
        if head[word : word + 4] == b"xref":
            return self._table(at, start + word + 4)
        about, behind, end = self._object(at, None)
        held = self._stream(about, behind, end) if isinstance(about, Dictionary) else None
        if held is None or about.get(b"Type") != Name(b"XRef"):
            raise refused("PDF cross-references", start, NO_OBJECT)
        return Section(at, about, _stream_groups(held, start), table=False)

    def _table(self, at: int, past: int) -> Section:
        groups: list[_Group] = []
        while True:
            data = self._source.read(past, min(128, max(self.size - past, 0)))
            if end := _TRAILER.match(data):
                return Section(at, self._trailer(past + end.end()), groups, table=True)
            rows = _ROWS.match(data)
            if rows is None or len(groups) >= _MOST_SECTIONS * 10:
                raise refused("PDF cross-references", past, NO_OBJECT)
            first, count = int(rows.group(1)), int(rows.group(2))
            past += rows.end()
            if count:
                row = _ROW.match(data, rows.end())
                if row is None or past + count * 18 > self.size:
                    raise refused("PDF cross-references", past, INCONSISTENT)
                groups.append(_Rows(first, count, past, len(row.group())))
                past += count * len(row.group())

    def _trailer(self, at: int) -> Dictionary:
        count = step = 0
        for step in _STEPS:
            count, data = self._stretch(at, step)
            try:
                value, _ = Reader(data, at).value(0)
            except Short:
                if count < step:
                    break
                continue
            if isinstance(value, Dictionary):
                return value
            raise refused("PDF trailer", at, NO_OBJECT)
        raise refused("PDF trailer", at, CUT_SHORT if count < step else TOO_LARGE)

    def _row(self, group: _Group, index: int) -> tuple[int, int, int]:
        if isinstance(group, _Packed):
            at, fields = index * sum(group.widths), []
            for width in group.widths:
                fields.append(int.from_bytes(group.data[at : at + width], "big"))
                at += width
            kind = fields[0] if group.widths[0] else _PLAIN
            return kind, fields[1], fields[2]
        at = group.at + index * group.width
        row = _ROW.match(self._source.read(at, group.width))
        if row is None:
            raise refused("PDF cross-references", at, INCONSISTENT)
        kind = _PLAIN if row.group(3) == b"n" else _FREE
        return kind, int(row.group(1)), int(row.group(2))


def _stream_groups(held: Stream, at: int) -> list[_Group]:
    widths, index = held.about.get(b"W"), held.about.get(b"Index")
    index = [0, held.about.get(b"Size")] if index is None else index
    for numbers in (widths, index):
        if not isinstance(numbers, list) or any(type(one) is not int or one < 0 for one in numbers):
            raise refused("PDF cross-references", at, INCONSISTENT)
    width = sum(widths)
    if len(widths) != 3 or not 0 < width <= 64 or len(index) % 2:  # noqa: PLR2004 - kind, place, which
        raise refused("PDF cross-references", at, INCONSISTENT)
    groups: list[_Group] = []
    past = 0
    for first, count in zip(index[::2], index[1::2], strict=True):
        if past + count * width > len(held.data):
            raise refused("PDF cross-references", at, INCONSISTENT)
        groups.append(_Packed(first, count, held.data[past : past + count * width], tuple(widths)))
        past += count * width
    return groups


def _unfiltered(about: Dictionary, data: bytes, bound: Bounded, at: int) -> Stream | None:
    filters, settings = about.get(b"Filter"), about.get(b"DecodeParms")
    filters = filters if isinstance(filters, list) else [filters]
    settings = settings[0] if isinstance(settings, list) and settings else settings
    if filters in ([None], []):
        return Stream(about, data)
    if filters not in ([Name(b"FlateDecode")], [Name(b"Fl")]):
        return None
    opened = zlib.decompressobj()
    try:
        data = opened.decompress(data, bound.left + 1)
    except zlib.error:
        raise refused("PDF stream", at, NOT_FLATE) from None
    bound.take(at, len(data))
    if not opened.eof:
        raise refused("PDF stream", at, CUT_SHORT)
    settings = settings if isinstance(settings, Dictionary) else EMPTY
    predictor = settings.get(b"Predictor")
    if predictor in (None, 1):
        return Stream(about, data)
    columns = settings.get(b"Columns") or 1
    if type(predictor) is not int or predictor < _UP or type(columns) is not int or columns < 1:
        return None
    if settings.get(b"Colors") not in (None, 1) or settings.get(b"BitsPerComponent") not in (
        None,
        8,
    ):
        return None
    return Stream(about, _unpredicted(data, columns, at))


def _unpredicted(data: bytes, columns: int, at: int) -> bytes:
    """Undo PNG's predictors, of which cross-reference streams use "none", "sub" and "up"."""
    if columns > len(data):
        raise refused("PDF stream", at, INCONSISTENT)
    before, rows = bytes(columns), []
    for start in range(0, len(data) - columns, columns + 1):
        kind, row = data[start], data[start + 1 : start + 1 + columns]
        if kind == 2:  # noqa: PLR2004 - up
            row = bytes((one + up) & 0xFF for one, up in zip(row, before, strict=True))
        elif kind == 1:
            sub, left = bytearray(), 0
            for one in row:
                left = (left + one) & 0xFF
                sub.append(left)
            row = bytes(sub)
        elif kind:
            raise refused("PDF stream", at, NOT_FLATE)
        rows.append(row)
        before = row
    return b"".join(rows)


NOT_FLATE: Final = Words(en="it cannot be decompressed", zh="无法解压")
ENCRYPTED: Final = Words(
    en="The PDF is encrypted: its label can be neither read nor written without its key. Remove the"
    " encryption, label the file, and encrypt it again. It was not changed.",
    zh="该 PDF 已加密：没有密钥既不能读取也不能写入标识。请先解除加密，"
    "写入标识后再重新加密。文件未作任何改动。",
)
