"""Small documents made by plain code: whole files that any program opens."""

import zlib
from collections.abc import Mapping
from struct import pack
from typing import Final

_PAGE: Final = b"BT /F1 24 Tf 20 100 Td (Hello) Tj ET"
XMP_OBJECT: Final = 7
INFO: Final = b"<< /Title (A \\(title\\)) /Author <FEFF7532> >>"


def _objects(info: bytes, packet: bytes) -> dict[int, bytes]:
    metadata = b" /Metadata %d 0 R" % XMP_OBJECT if packet else b""
    there = {
        1: b"<< /Type /Catalog /Pages 2 0 R%b >>" % metadata,
        2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        4: b"<< /Length %d >>\nstream\n%b\nendstream" % (len(_PAGE), _PAGE),
        5: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    }
    if info:
        there[6] = info
    if packet:
        head = b"<< /Type /Metadata /Subtype /XML /Length %d >>" % len(packet)
        there[XMP_OBJECT] = head + b"\nstream\n" + packet + b"\nendstream"
    return there


def pdf(info: bytes = INFO, *, packet: bytes = b"", ahead: bytes = b"", more: bytes = b"") -> bytes:
    """Return a PDF of one page with a table of cross-references.

    ``ahead`` stands before its header, ``more`` in its trailer.
    """
    objects = _objects(info, packet)
    body, places = _body(objects)
    start, last = len(body), max(objects)
    rows = b"".join(
        b"%010d 00000 n \n" % places[one] if one in places else b"0000000000 00000 f \n"
        for one in range(1, last + 1)
    )
    table = b"xref\n0 %d\n0000000000 65535 f \n%b" % (last + 1, rows)
    has = b" /Info 6 0 R" if info else b""
    trailer = b"trailer\n<< /Size %d /Root 1 0 R%b%b >>" % (last + 1, has, more)
    return ahead + body + table + trailer + b"\nstartxref\n%d\n%%%%EOF\n" % start


def pdf_packed(info: bytes = INFO, *, packet: bytes = b"", predictor: bool = False) -> bytes:
    """Return a PDF of version 1.5: objects in an object stream, cross-references in a stream."""
    objects = _objects(info, packet)
    inside = {one: held for one, held in objects.items() if b"stream" not in held}
    body, places = _body({one: held for one, held in objects.items() if one not in inside})
    store, own, at = 8, 9, len(body)
    body += _object_stream(store, inside)
    start = len(body)
    rows = {one: (2, store, index) for index, one in enumerate(inside)}
    rows |= {one: (1, place, 0) for one, place in places.items()}
    rows |= {0: (0, 0, 255), store: (1, at, 0), own: (1, start, 0)}
    packed = [pack(">BIB", *rows.get(one, (0, 0, 0))) for one in range(own + 1)]
    settings = b""
    if predictor:
        packed = _predicted(packed)
        settings = b" /DecodeParms << /Predictor 12 /Columns 6 >>"
    held = zlib.compress(b"".join(packed))
    has = b" /Info 6 0 R" if info else b""
    head = b"%d 0 obj\n<< /Type /XRef /Size %d /W [1 4 1] /Root 1 0 R%b" % (own, own + 1, has)
    head += b" /Filter /FlateDecode%b /Length %d >>" % (settings, len(held))
    tail = b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % start
    return body + head + b"\nstream\n" + held + tail


def pdf_hybrid() -> bytes:
    """Return a PDF whose table leaves an object to a stream of cross-references beside it."""
    objects = _objects(b"", b"")
    body, places = _body(objects)
    at = len(body)
    body += _object_stream(8, {6: INFO})
    stream_at = len(body)
    rows = pack(">BIB", 2, 8, 0) + pack(">BIB", 1, at, 0)
    head = b"9 0 obj\n<< /Type /XRef /Size 10 /W [1 4 1] /Index [6 1 8 1] /Length %d" % len(rows)
    body += head + b" >>\nstream\n" + rows + b"\nendstream\nendobj\n"
    start = len(body)
    table = b"xref\n0 6\n0000000000 65535 f \n"
    table += b"".join(b"%010d 00000 n \n" % places[one] for one in range(1, 6))
    trailer = b"trailer\n<< /Size 10 /Root 1 0 R /Info 6 0 R /XRefStm %d >>" % stream_at
    return body + table + trailer + b"\nstartxref\n%d\n%%%%EOF\n" % start


def _body(objects: Mapping[int, bytes]) -> tuple[bytes, dict[int, int]]:
    body, places = b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n", {}
    for number, held in objects.items():
        places[number] = len(body)
        body += b"%d 0 obj\n%b\nendobj\n" % (number, held)
    return body, places


def _object_stream(number: int, objects: Mapping[int, bytes]) -> bytes:
    pairs, held = b"", b""
    for one, body in objects.items():
        pairs += b"%d %d " % (one, len(held))
        held += body + b"\n"
    data = zlib.compress(pairs + held)
    head = b"%d 0 obj\n<< /Type /ObjStm /N %d /First %d" % (number, len(objects), len(pairs))
    head += b" /Filter /FlateDecode /Length %d >>" % len(data)
    return head + b"\nstream\n" + data + b"\nendstream\nendobj\n"


def _predicted(rows: list[bytes]) -> list[bytes]:
    """Apply PNG's "up" to rows."""
    done, before = [], bytes(len(rows[0]))
    for row in rows:
        done.append(b"\2" + bytes((one - up) & 0xFF for one, up in zip(row, before, strict=True)))
        before = row
    return done


_TYPES: Final = "[Content_Types].xml"
_CUSTOM: Final = "docProps/custom.xml"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006/"
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/"
_CUSTOM_TYPE: Final = "application/vnd.openxmlformats-officedocument.custom-properties+xml"
_WORD: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_WORDS: Final = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def custom_properties(*properties: str) -> str:
    """Return the part for custom properties."""
    return (
        f'<?xml version="1.0"?><Properties xmlns="{_OFFICE}custom-properties"'
        f' xmlns:vt="{_OFFICE}docPropsVTypes">{"".join(properties)}</Properties>'
    )


def custom_property(name: str, value: str, number: int = 2) -> str:
    """Return one custom property."""
    return (
        f'<property fmtid="{{D5CDD505-2E9C-101B-9397-08002B2CF9AE}}" pid="{number}" name="{name}">'
        f"<vt:lpwstr>{value}</vt:lpwstr></property>"
    )


def docx_members(custom: str = "") -> dict[str, bytes]:
    """Return the members of a Word document of one paragraph."""
    override = f'<Override PartName="/{_CUSTOM}" ContentType="{_CUSTOM_TYPE}"/>'
    relation = (
        f'<Relationship Id="rId9" Type="{_OFFICE}relationships/custom-properties"'
        f' Target="{_CUSTOM}"/>'
    )
    there = {
        _TYPES: f'<?xml version="1.0"?><Types xmlns="{_PACKAGE}content-types"><Default'
        ' Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/word/document.xml" ContentType="{_WORD}"/>'
        f"{override if custom else ''}</Types>",
        "_rels/.rels": f'<?xml version="1.0"?><Relationships xmlns="{_PACKAGE}relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}relationships/officeDocument"'
        f' Target="word/document.xml"/>{relation if custom else ""}</Relationships>',
        "word/document.xml": f'<?xml version="1.0"?><w:document xmlns:w="{_WORDS}"><w:body><w:p>'
        "<w:r><w:t>Hello</w:t></w:r></w:p></w:body></w:document>",
    }
    if custom:
        there[_CUSTOM] = custom
    return {name: held.encode() for name, held in there.items()}


def docx(custom: str = "") -> bytes:
    """Return a Word document; ``custom`` is its part for custom properties."""
    return zipped(docx_members(custom))


def zipped(members: Mapping[str, bytes], *, streamed: bool = False) -> bytes:
    """Return an archive; a streamed one has its sizes behind each member."""
    files, directory = b"", b""
    for name, held in members.items():
        packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
        data, flags = packer.compress(held) + packer.flush(), 8 if streamed else 0
        sizes = pack("<III", zlib.crc32(held), len(data), len(held))
        head = pack("<HHHHH", 20, flags, 8, 0x6000, 0x5A21)
        named = name.encode()
        directory += b"PK\1\2" + pack("<H", 20) + head + sizes
        directory += pack("<HHHHHII", len(named), 0, 0, 0, 0, 0, len(files)) + named
        files += b"PK\3\4" + head + (bytes(12) if streamed else sizes)
        files += pack("<HH", len(named), 0) + named + data
        if streamed:
            files += b"PK\7\10" + sizes
    count = len(members)
    end = pack("<HHHHIIH", 0, 0, count, count, len(directory), len(files), 0)
    return files + directory + b"PK\5\6" + end
