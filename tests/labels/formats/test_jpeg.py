"""JPEG: every place where a label was seen, and what must not move or be lost."""

from hashlib import md5
from struct import pack, unpack

import pytest

from hegui.labels import xmp
from hegui.labels.container import Memory
from hegui.labels.formats.jpeg import JPEG
from hegui.labels.formats.jpeg_segments import EXTENSION_HEAD, XMP_HEAD
from hegui.terms import BadRequest
from hegui.testing.labelled import LABEL, OTHER, holds, labelled, labels, payload
from hegui.testing.pictures import exif_block, jpeg, jpeg_segment

WRAPPED = OTHER.wrapped().encode()
ICC = jpeg_segment(0xE2, b"ICC_PROFILE\0\1\1" + b"colour" * 40)
ADOBE = jpeg_segment(0xED, b"Photoshop 3.0\x008BIM")
COMMENT = jpeg_segment(0xFE, b"made by hand")


def exif(order: str, tag: int, value: bytes) -> bytes:
    return jpeg_segment(0xE1, b"Exif\0\0" + exif_block(order, tag, value))


def packet(inside: str, size: int = 0) -> bytes:
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" xmlns:n="n:"><n:a>{"x" * size}</n:a>{inside}'
        "</rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()


def main(held: bytes) -> bytes:
    return jpeg_segment(0xE1, XMP_HEAD + held)


def extended(held: bytes, part: int = 500) -> tuple[str, list[bytes]]:
    guid = md5(held, usedforsecurity=False).hexdigest().upper()
    return guid, [
        jpeg_segment(
            0xE1,
            EXTENSION_HEAD + guid.encode() + pack(">II", len(held), at) + held[at : at + part],
        )
        for at in range(0, len(held), part)
    ]


def order_of(data: bytes) -> list[str]:
    """Name the segments up to the first table."""
    names, at = [], 2
    while data[at + 1] >= 0xE0:
        head = data[at + 4 : at + 12].split(b"\0")[0].decode("latin-1")
        names.append(head)
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return names


SEEN = {
    "jpeg-xmp": main(xmp.with_label(None, OTHER.inner())),
    "jpeg-exif": exif("<", 0x9286, b"ASCII\0\0\0" + WRAPPED),
    "jpeg-exif ": exif(">", 0x9286, b"UNICODE\0" + OTHER.wrapped().encode("utf-16-be")),
    "jpeg-exif  ": exif(">", 0x9286, b"UNICODE\0" + OTHER.wrapped().encode("utf-16-le")),
    "jpeg-exif   ": exif("<", 0x9286, bytes(8) + WRAPPED),
    "jpeg-exif    ": exif("<", 0x9286, WRAPPED),
    "jpeg-exif-description": exif(">", 0x010E, WRAPPED + b"\0"),
    "jpeg-app": jpeg_segment(0xEB, b"AIGC" + OTHER.inner().encode()),
    "jpeg-app ": jpeg_segment(0xE0, b"AIGC" + OTHER.inner().encode()),
    "jpeg-app  ": jpeg_segment(0xFE, b"AIGC" + OTHER.inner().encode()),
    "jpeg-extended-xmp": b"".join(extended(xmp.with_label(None, OTHER.inner()))[1]),
}


@pytest.mark.parametrize("form", SEEN)
def test_a_label_is_found_in_every_place_and_replaced(form: str) -> None:
    data = jpeg(ICC, SEEN[form], COMMENT)
    (found,) = labels(JPEG, data)
    assert found.form == form.strip()
    assert found.parsed is not None
    assert found.parsed.implicit == OTHER
    assert found.guide is (form.strip() in ("jpeg-xmp", "jpeg-exif"))
    assert data[found.offset : found.offset + 2] in SEEN[form][:2]
    assert holds(JPEG, data)
    assert ICC in labelled(JPEG, data)
    assert COMMENT in labelled(JPEG, data)


def test_all_places_at_once_become_one() -> None:
    data = jpeg(*SEEN.values())
    assert len(labels(JPEG, data)) == len(SEEN)
    assert holds(JPEG, data)


def test_xmp_stands_after_jfif_and_exif_and_before_the_rest() -> None:
    camera = exif("<", 0x010E, b"a picture\0")
    for segments in (
        (camera, ICC),
        (main(packet("")), camera, ICC),
        (camera, ICC, main(packet(""))),
    ):
        new = labelled(JPEG, jpeg(*segments, ADOBE))
        assert order_of(new) == ["JFIF", "Exif", "http://n", "ICC_PROF", "Photosho"]
        assert camera in new


def test_exif_without_a_label_stays_byte_for_byte() -> None:
    for value in (b"ASCII\0\0\0a picture of AIGC", b'ASCII\0\0\0{"Label":"wine","AI":1}'):
        camera = exif("<", 0x9286, value)
        assert camera in labelled(JPEG, jpeg(camera))
        assert labels(JPEG, jpeg(camera)) == []


def test_the_room_of_a_label_in_exif_is_blank_and_nothing_moves() -> None:
    camera = exif(">", 0x9286, b"ASCII\0\0\0" + WRAPPED)
    blank = exif(">", 0x9286, bytes(8) + b" " * len(WRAPPED))
    assert blank in labelled(JPEG, jpeg(camera))


def test_exif_that_does_not_hold_together_stays_unless_it_names_a_label() -> None:
    broken = jpeg_segment(0xE1, b"Exif\0\0II*\0\xff\xff\xff\xff nothing")
    assert broken in labelled(JPEG, jpeg(broken))
    hidden = jpeg_segment(0xE1, b"Exif\0\0II*\0\xff\xff\xff\xff" + WRAPPED)
    assert labels(JPEG, jpeg(hidden)) == []
    with pytest.raises(BadRequest, match="TIFF directory"):
        labelled(JPEG, jpeg(hidden))


def test_a_packet_keeps_its_properties() -> None:
    new = labelled(JPEG, jpeg(main(packet("<n:b>kept</n:b>"))))
    assert b"<n:b>kept</n:b>" in new


def test_an_extended_packet_stays_and_is_still_named() -> None:
    guid, parts = extended(packet("", 1200))
    note = f'<m:HasExtendedXMP xmlns:m="http://ns.adobe.com/xmp/note/">{guid}</m:HasExtendedXMP>'
    new = labelled(JPEG, jpeg(main(packet(note)), *reversed(parts)))
    assert all(part in new for part in parts)
    assert note.encode() in new


def test_a_label_in_an_extended_packet_is_replaced_and_the_digest_follows() -> None:
    guid, parts = extended(
        packet(f'<q:AIGC xmlns:q="{xmp.NAMESPACE}">{OTHER.inner()}</q:AIGC>', 900)
    )
    note = f'<m:HasExtendedXMP xmlns:m="http://ns.adobe.com/xmp/note/">{guid}</m:HasExtendedXMP>'
    data = jpeg(main(packet(note)), *parts)
    assert holds(JPEG, data)
    new = labelled(JPEG, data)
    assert guid.encode() not in new
    (held,) = new.split(EXTENSION_HEAD)[1:]
    size = int.from_bytes(held[32:36], "big")
    digest = md5(held[40 : 40 + size], usedforsecurity=False).hexdigest().upper().encode()
    assert held[:32] == digest
    assert digest + b"</m:HasExtendedXMP>" in new


def test_an_extended_packet_with_a_label_that_lacks_a_part_is_refused() -> None:
    _, parts = extended(xmp.with_label(None, OTHER.inner()), part=800)
    with pytest.raises(BadRequest, match="extended XMP"):
        labelled(JPEG, jpeg(parts[0]))


def test_padding_gives_way_where_a_packet_is_full() -> None:
    full = packet("", 60_000) + b" " * 5_000 + b'<?xpacket end="w"?>'
    new = labelled(JPEG, jpeg(main(full)))
    assert EXTENSION_HEAD not in new
    assert holds(JPEG, jpeg(main(full)))


def test_a_full_packet_becomes_an_extended_one() -> None:
    full = packet("<n:b>kept</n:b>", 65_000)
    new = labelled(JPEG, jpeg(main(full)))
    assert EXTENSION_HEAD in new
    assert b"<n:b>kept</n:b>" in new
    assert holds(JPEG, jpeg(main(full)))
    assert labelled(JPEG, new, OTHER).count(EXTENSION_HEAD) == 1


def test_a_full_packet_beside_an_extended_one_is_refused() -> None:
    _, parts = extended(packet("", 100))
    with pytest.raises(BadRequest, match="XMP packet"):
        labelled(JPEG, jpeg(main(packet("", 65_000)), *parts))


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("before", [True, False])
def test_a_second_picture_is_found_where_it_now_is(order: str, *, before: bool) -> None:
    def index(offset: int, size: int) -> bytes:
        head = {"<": b"II", ">": b"MM"}[order] + pack(order + "HI", 42, 8)
        field = pack(order + "HHHIII", 1, 0xB002, 7, 32, 26, 0)
        first, second = (0x20030000, size, 0, 0, 0), (0, 177, offset, 0, 0)
        return jpeg_segment(
            0xE2,
            b"MPF\0"
            + head
            + field
            + b"".join(pack(order + "IIIHH", *one) for one in (first, second)),
        )

    old = main(packet("", 300))
    parts = (old, index(0, 0)) if before else (index(0, 0), old)
    size = len(jpeg(*parts))
    place = jpeg(*parts).index(b"MPF\0") + 4
    right = index(size - place, size)
    data = jpeg(*((old, right) if before else (right, old))) + jpeg()
    new = labelled(JPEG, data)
    place = new.index(b"MPF\0") + 4
    sizes = unpack(order + "IIIHHIIIHH", new[place + 26 : place + 58])
    assert new[place + sizes[7] :] == jpeg()
    assert sizes[1] == len(new) - len(jpeg())


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\xff\xd8\xff\xd9", "no picture"),
        (jpeg()[:20] + b"\xff\xd8", "no picture"),
        (jpeg()[:20] + b"\0\0\0\0", "no marker"),
        (jpeg()[:20] + b"\xff\xe1\0\1xx", "length"),
        (jpeg()[:20] + b"\xff\xe1\xff\xff", "ends before"),
        (jpeg()[:20] + b"\xff" * 300_000, "larger than"),
        (jpeg()[:20] + b"\xff\x01" * 200_001, "too many"),
        (jpeg(main(b"<no")), "well-formed"),
        (b"", "JPEG"),
    ],
)
def test_what_does_not_hold_together_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(BadRequest, match=why):
        labelled(JPEG, data)


def test_fill_bytes_before_a_marker_are_part_of_the_format() -> None:
    assert holds(JPEG, jpeg(b"\xff\xff\xff" + ICC))


def test_what_stands_behind_the_picture_stays() -> None:
    data = jpeg() + b"motion photo" * 9
    assert labelled(JPEG, data).endswith(b"motion photo" * 9)
    assert payload(JPEG, data).endswith(b"motion photo")
    assert holds(JPEG, data)


def test_the_label_is_the_one_that_was_given() -> None:
    assert labels(JPEG, labelled(JPEG, jpeg()))[0].parsed.implicit == LABEL  # type: ignore[union-attr]


def test_a_label_that_fits_into_no_segment_is_refused() -> None:
    with pytest.raises(BadRequest, match="larger than"):
        JPEG.write(Memory(jpeg()), "x" * 70_000)
