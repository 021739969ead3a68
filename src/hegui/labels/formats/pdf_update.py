"""A PDF's incremental update (ISO 32000-1, 7.5.6): new objects behind all that is there."""

from typing import Final, NamedTuple

from hegui.labels.container import TOO_LARGE, Slice, Source, Splice, refused
from hegui.labels.formats.pdf_file import Pdf
from hegui.labels.formats.pdf_syntax import Ref

_OURS: Final = frozenset({b"Prev", b"Size", b"XRefStm"})
_OF_STREAM: Final = frozenset(
    {b"Type", b"W", b"Index", b"Length", b"Filter", b"DecodeParms", b"DL", b"F", b"FFilter"}
)
_MOST_GENERATION: Final = 65_535
_MOST_OF_TABLE: Final = 9_999_999_999


class Object(NamedTuple):
    """An object, new or in place of an older one of its number."""

    ref: Ref
    body: bytes


def updated(
    pdf: Pdf,
    source: Source,
    objects: list[Object],
    number: int,
    more: bytes = b"",
    without: frozenset[bytes] = frozenset(),
) -> Splice:
    """Return the file with ``objects`` behind it; ``number`` is one that no object has.

    The section of cross-references is of the file's own kind. Its trailer is the newest one,
    ``without`` some keys and with ``more``.
    """
    last = source.read(source.size - 1, 1)
    start = b"" if last in (b"\n", b"\r") else b"\n"
    at = pdf.size + len(start) - pdf.shift
    parts, places = [start], []
    for one in sorted(objects):
        if one.ref.generation > _MOST_GENERATION:
            raise refused("PDF object", pdf.offset(pdf.start), TOO_LARGE)
        places.append((one.ref, at))
        parts.append(b"%d %d obj\n%b\nendobj\n" % (*one.ref, one.body))
        at += len(parts[-1])
    more += b" /Prev %d" % pdf.start
    gone = _OURS | without
    if pdf.sections[0].table:
        trailer = pdf.trailer.edited(gone, more + b" /Size %d" % number)
        parts.append(_table(pdf, places, at, trailer))
    else:
        places.append((Ref(number, 0), at))
        parts.append(_references(pdf, places, gone, more + b" /Size %d" % (number + 1)))
    parts.append(b"startxref\n%d\n%%%%EOF\n" % at)
    return [Slice(0, source.size), b"".join(parts)]


def _table(pdf: Pdf, places: list[tuple[Ref, int]], at: int, trailer: bytes) -> bytes:
    if at > _MOST_OF_TABLE:
        raise refused("PDF cross-references", pdf.size, TOO_LARGE)
    rows = b"".join(
        b"%d 1\n%010d %05d n \n" % (ref.number, where, ref.generation) for ref, where in places
    )
    return b"xref\n" + rows + b"trailer\n" + trailer + b"\n"


def _references(
    pdf: Pdf, places: list[tuple[Ref, int]], gone: frozenset[bytes], more: bytes
) -> bytes:
    rows = b"".join(
        b"\1" + where.to_bytes(8, "big") + ref.generation.to_bytes(2, "big")
        for ref, where in places
    )
    index = b" ".join(b"%d 1" % ref.number for ref, _ in places)
    more += b" /Type /XRef /W [1 8 2] /Index [%b] /Length %d" % (index, len(rows))
    about = pdf.trailer.edited(gone | _OF_STREAM, more)
    head = b"%d 0 obj\n" % places[-1][0].number
    return head + about + b"\nstream\n" + rows + b"\nendstream\nendobj\n"
