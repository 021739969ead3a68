"""Where a C2PA manifest stands in a file (C2PA specification 2.2, Annex A.3).

It is no label: GB 45438-2025 wants its own. It binds the bytes of its file, so that whoever writes
a label into such a file has to know of it. Only where it stands is looked at here; what it says and
whether it holds is for a reader of C2PA (``hegui.app.manifests``).
"""

from collections.abc import Callable, Iterator
from typing import Final

from hegui.labels import id3, riff
from hegui.labels.bounded import Bounded
from hegui.labels.boxes import Boxes
from hegui.labels.container import MOST_PARTS, TOO_MANY, Format, Slice, Source, refused
from hegui.labels.formats import gif, jpeg_segments, png
from hegui.labels.ifd import Tiff

_APP11: Final = 0xEB
_STORE: Final = bytes.fromhex("6332706100110010800000aa00389b71")  # a manifest store in JUMBF
_JUMBF_HEAD: Final = 40  # bytes of an APP11 that say what begins there
C2PA_BOX: Final = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
_FIELD: Final = 0xCD41
_ZIP_MEMBER: Final = b"META-INF/content_credential.c2pa"
_PDF_RELATION: Final = b"/C2PA_Manifest"
_WINDOW: Final = 1 << 20
_ZIP_TAIL: Final = 1 << 22


def manifests(form: Format, source: Source) -> list[Slice]:
    """Return the stretches that hold C2PA manifests, in order; none where the file has none.

    In a PDF and an Office file the name that announces a manifest is looked for, as it stands
    there uncompressed. A manifest that is kept elsewhere, on a server, is not seen. A file that
    does not hold together is ``BadRequest``.
    """
    look = _LOOKS.get(form.name)
    return list(look(source)) if look is not None else []


def _jpeg(source: Source) -> Iterator[Slice]:
    stores = set[bytes]()  # the numbers of boxes that go on in further segments
    for one in jpeg_segments.segments(source):
        if one.marker != _APP11:
            continue
        head = source.read(one.body, min(_JUMBF_HEAD, one.end - one.body))
        if head[:2] == b"JP" and (_STORE in head or head[2:4] in stores):
            stores.add(head[2:4])
            yield Slice(one.start, one.end - one.start)


def _png(source: Source) -> Iterator[Slice]:
    for one in png.chunks_of(source):
        if one.kind == png.MANIFEST:
            yield Slice(one.start, one.end - one.start)


def _gif(source: Source) -> Iterator[Slice]:
    for one in gif.Walk(source).blocks():
        if one.name == gif.MANIFEST:
            yield Slice(one.start, one.end - one.start)


def _riff(source: Source) -> Iterator[Slice]:
    # the length that the head states may be none (a stream's), or that of ds64
    at, end = 12, source.size
    for _ in range(MOST_PARTS):
        if at + riff.HEAD > end:
            return
        head = source.read(at, riff.HEAD)
        length = int.from_bytes(head[4:], "little")
        past = min(at + riff.HEAD + length + (length & 1), end)
        if head[:4] == riff.MANIFEST:
            yield Slice(at, past - at)
        at = past
    raise refused("RIFF chunk", at, TOO_MANY)


def _tiff(source: Source) -> Iterator[Slice]:
    for page in Tiff(Bounded(source)).chain():
        for entry in page.entries:
            if entry.tag == _FIELD:
                yield Slice(entry.offset, entry.length)


def _boxes(source: Source) -> Iterator[Slice]:
    for box in Boxes(source).top():
        if box.kind == b"uuid" and source.read(box.body, len(C2PA_BOX)) == C2PA_BOX:
            yield Slice(box.start, box.end - box.start)


def _id3(source: Source) -> Iterator[Slice]:
    for tag in id3.tags(source):
        if any(is_manifest(frame) for frame in tag.frames):
            yield Slice(tag.start, tag.end - tag.start)


def is_manifest(frame: id3.Frame) -> bool:
    """Whether a frame of an ID3v2 tag is a general object that holds a manifest."""
    return frame.data[:3] == b"GEO" and b"c2pa" in frame.data[:_JUMBF_HEAD]


def _pdf(source: Source) -> Iterator[Slice]:
    yield from _named(source, _PDF_RELATION, 0)


def _zip(source: Source) -> Iterator[Slice]:
    yield from _named(source, _ZIP_MEMBER, max(0, source.size - _ZIP_TAIL))


def _named(source: Source, name: bytes, start: int) -> Iterator[Slice]:
    """Look for a name, from ``start``; the first one found is enough."""
    for at in range(start, source.size, _WINDOW):
        there = source.read(at, _WINDOW + len(name)).find(name)
        if there >= 0:
            yield Slice(at + there, len(name))
            return


_LOOKS: Final[dict[str, Callable[[Source], Iterator[Slice]]]] = {
    "jpeg": _jpeg,
    "png": _png,
    "gif": _gif,
    **dict.fromkeys(("webp", "wav", "avi"), _riff),
    "tiff": _tiff,
    **dict.fromkeys(("heic", "avif", "mp4", "mov", "m4a"), _boxes),
    **dict.fromkeys(("mp3", "aac", "flac"), _id3),
    "pdf": _pdf,
    "ooxml": _zip,
}
