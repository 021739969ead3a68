"""PNG: every place where a label was seen, checksums, and compressed text that grows."""

import zlib

import pytest

from hegui.labels import xmp
from hegui.labels.formats.png import PNG
from hegui.terms import BadRequest
from hegui.testing.labelled import OTHER, holds, labelled, labels, payload
from hegui.testing.pictures import exif_block, png, png_chunk

INNER, WRAPPED = OTHER.inner().encode(), OTHER.wrapped().encode()
PACKET = xmp.with_label(None, OTHER.inner())
NAME = b"XML:com.adobe.xmp"
SEEN = {
    "png-xmp": png_chunk(b"iTXt", NAME + b"\0\0\0\0\0" + PACKET),
    "png-xmp ": png_chunk(b"iTXt", NAME + b"\0\0\0de\0XMP\0" + PACKET),
    "png-xmp, compressed": png_chunk(b"iTXt", NAME + b"\0\1\0\0\0" + zlib.compress(PACKET)),
    "png-text": png_chunk(b"tEXt", b"AIGC\0" + WRAPPED),
    "png-text ": png_chunk(b"tEXt", b"AIGC\0" + INNER),
    "png-text, other name": png_chunk(b"tEXt", b"TC260:AIGC\0" + INNER),
    "png-ztxt": png_chunk(b"zTXt", b"AIGC\0\0" + zlib.compress(WRAPPED)),
    "png-itxt": png_chunk(b"iTXt", b"AIGC\0\0\0\0\0" + WRAPPED),
    "png-itxt, compressed": png_chunk(b"iTXt", b"AIGC\0\1\0\0\0" + zlib.compress(WRAPPED)),
    "png-exif": png_chunk(b"eXIf", exif_block(">", 0x9286, b"ASCII\0\0\0" + WRAPPED)),
    "png-exif-description": png_chunk(b"eXIf", exif_block("<", 0x010E, WRAPPED)),
}
GUIDE = ("png-xmp", "png-xmp ", "png-text", "png-text ", "png-text, other name", "png-exif")


@pytest.mark.parametrize("form", SEEN)
def test_a_label_is_found_in_every_place_and_replaced(form: str) -> None:
    data = png(SEEN[form])
    (found,) = labels(PNG, data)
    assert found.form == form.split(",", maxsplit=1)[0].strip()
    assert found.parsed is not None
    assert found.parsed.implicit == OTHER
    assert found.guide is (form in GUIDE)
    assert data[found.offset :].startswith(SEEN[form])
    assert holds(PNG, data)


def test_all_places_at_once_become_one() -> None:
    data = png(*SEEN.values())
    assert len(labels(PNG, data)) == len(SEEN)
    assert holds(PNG, data)


def test_a_label_behind_the_picture_is_found() -> None:
    whole = png()
    assert holds(PNG, whole[:-12] + SEEN["png-text"] + whole[-12:])


def test_xmp_stands_directly_after_the_header() -> None:
    new = labelled(PNG, png(SEEN["png-xmp"], SEEN["png-text"]))
    assert new[33 + 4 : 33 + 8] == b"iTXt"
    assert new[33 + 8 :].startswith(NAME + b"\0\0\0\0\0<?xpacket")


def test_every_checksum_is_right() -> None:
    new = labelled(PNG, png(*SEEN.values(), frames=2))
    at = 8
    while at < len(new):
        length = int.from_bytes(new[at : at + 4], "big")
        held, crc = new[at + 4 : at + 8 + length], new[at + 8 + length : at + 12 + length]
        assert zlib.crc32(held) == int.from_bytes(crc, "big")
        at += 12 + length


def test_other_text_stays_byte_for_byte() -> None:
    others = [
        png_chunk(b"tEXt", b"parameters\0a cat, AIGC"),
        png_chunk(b"tEXt", b"AIGC\0yes"),
        png_chunk(b"tIME", bytes(7)),
        png_chunk(b"eXIf", exif_block("<", 0x010E, b"a cat\0")),
        png_chunk(b"iTXt", b"AIGC without an end"),
    ]
    assert labels(PNG, png(*others)) == []
    new = labelled(PNG, png(*others))
    assert b"".join(others) in new


def test_a_packet_keeps_its_properties() -> None:
    rest = b'<rdf:Description rdf:about="" xmlns:n="n:" n:a="kept"/></rdf:RDF>'
    held = NAME + b"\0\0\0\0\0" + PACKET.replace(b"</rdf:RDF>", rest)
    assert rest in labelled(PNG, png(png_chunk(b"iTXt", held)))


def test_a_checksum_that_is_wrong_is_not_repaired() -> None:
    for form in ("png-xmp", "png-text", "png-exif"):
        data = png(SEEN[form][:-1] + bytes([SEEN[form][-1] ^ 1]))
        assert len(labels(PNG, data)) == 1
        with pytest.raises(BadRequest, match="checksum"):
            labelled(PNG, data)


def test_compressed_text_cannot_grow_without_end() -> None:
    packer = zlib.compressobj(9)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(40)) + packer.flush()
    for chunk in (
        png_chunk(b"zTXt", b"AIGC\0\0" + bomb),
        png_chunk(b"iTXt", NAME + b"\0\1\0\0\0" + bomb),
    ):
        with pytest.raises(BadRequest, match="larger than"):
            labels(PNG, png(chunk))
    small = zlib.compress(bytes(6 << 20))
    with pytest.raises(BadRequest, match="larger than"):
        labels(PNG, png(*[png_chunk(b"zTXt", b"AIGC\0\0" + small)] * 3))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (png()[:8] + png()[33:], "IHDR"),
        (png(png_chunk(b"zTXt", b"AIGC\0\0" + b"no zlib")), "decompressed"),
        (png(png_chunk(b"zTXt", b"AIGC\0\0" + zlib.compress(WRAPPED)[:-9])), "decompressed"),
        (png(png_chunk(b"1234", b"")), "length"),
        (png()[:33] + b"\xff\xff\xff\xffIDAT", "length"),
        (png()[:33] + b"\x7f\xff\xff\xffIDAT", "ends before"),
        (png()[:-12], "ends before"),
        (png(*[png_chunk(b"abCD", b"")] * 200_001), "too many"),
    ],
)
def test_what_does_not_hold_together_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(BadRequest, match=why):
        labelled(PNG, data)


def test_apples_chunk_before_the_header_stays_the_first() -> None:
    whole = png()
    data = whole[:8] + png_chunk(b"CgBI", bytes(4)) + whole[8:]
    assert holds(PNG, data)
    assert labelled(PNG, data)[12:16] == b"CgBI"


def test_what_stands_behind_the_picture_stays() -> None:
    assert labelled(PNG, png() + b"tail").endswith(b"tail")
    assert holds(PNG, png() + b"tail")


def test_picture_data_in_many_chunks_stays_with_what_stands_between() -> None:
    part, time = png_chunk(b"IDAT", b"123"), png_chunk(b"tIME", bytes(7))
    data = png()[:33] + part * 3 + SEEN["png-text"] + part * 2 + time + part + png()[-12:]
    (found,) = labels(PNG, data)
    assert found.offset == 33 + 3 * len(part)
    assert payload(PNG, data) == data[:33] + part * 6 + data[-12:]
    assert holds(PNG, data)


def test_a_header_behind_two_chunks_is_none() -> None:
    part = png_chunk(b"IDAT", b"123")
    with pytest.raises(BadRequest, match="IHDR"):
        labels(PNG, png()[:8] + part * 2 + png()[8:])
