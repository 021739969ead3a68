"""WebP: the simple form becomes the extended one, and every place where a label was seen."""

from struct import pack, unpack

import pytest

from hegui.labels import xmp
from hegui.labels.formats.webp import WEBP
from hegui.terms import BadRequest
from hegui.testing.labelled import OTHER, holds, labelled, labels
from hegui.testing.pictures import exif_block, riff_chunk, webp

PACKET = riff_chunk(b"XMP ", xmp.with_label(None, OTHER.inner()))
COMMENT = exif_block("<", 0x9286, b"ASCII\0\0\0" + OTHER.wrapped().encode())
SEEN = {
    "webp-xmp": PACKET,
    "webp-exif": riff_chunk(b"EXIF", COMMENT),
    "webp-exif ": riff_chunk(b"EXIF", b"Exif\0\0" + COMMENT),
    "webp-exif-description": riff_chunk(b"EXIF", exif_block(">", 0x010E, OTHER.wrapped().encode())),
}


def chunks(data: bytes) -> list[bytes]:
    names, at = [], 12
    assert unpack("<I", data[4:8])[0] == len(data) - 8
    while at < len(data):
        names.append(data[at : at + 4])
        length = unpack("<I", data[at + 4 : at + 8])[0]
        at += 8 + length + (length & 1)
    return names


@pytest.mark.parametrize("form", SEEN)
def test_a_label_is_found_in_every_place_and_replaced(form: str) -> None:
    data = webp("animated", SEEN[form])
    (found,) = labels(WEBP, data)
    assert found.form == form.strip()
    assert found.parsed is not None
    assert found.parsed.implicit == OTHER
    assert found.guide is (form != "webp-exif-description")
    assert data[found.offset :].startswith(SEEN[form])
    assert holds(WEBP, data)


def test_all_places_at_once_become_one() -> None:
    assert holds(WEBP, webp("animated", *SEEN.values(), PACKET))


@pytest.mark.parametrize(
    ("kind", "flags", "size"),
    [("lossy", 0x04, (16, 12)), ("lossless", 0x04, (4, 4)), ("alpha", 0x14, (4, 4))],
)
def test_the_simple_form_becomes_the_extended_one(
    kind: str, flags: int, size: tuple[int, int]
) -> None:
    new = labelled(WEBP, webp(kind))
    assert chunks(new) == [b"VP8X", webp(kind)[12:16], b"XMP "]
    assert new[20] == flags
    canvas = int.from_bytes(new[24:27], "little") + 1, int.from_bytes(new[27:30], "little") + 1
    assert canvas == size


def test_the_extended_form_keeps_its_flags() -> None:
    new = labelled(WEBP, webp("animated", riff_chunk(b"EXIF", b"II"), flags=0x28))
    assert new[20] == 0x2E
    assert chunks(new) == [b"VP8X", b"ANIM", b"ANMF", b"ANMF", b"EXIF", b"XMP "]


def test_xmp_stands_at_the_end_and_other_chunks_stay() -> None:
    other = riff_chunk(b"odd ", b"odd")
    new = labelled(WEBP, webp("animated", PACKET, other))
    assert chunks(new)[-2:] == [b"odd ", b"XMP "]
    assert other in new


def test_a_pad_byte_that_is_missing_at_the_end_is_put_in() -> None:
    data = bytearray(webp("lossless", riff_chunk(b"odd ", b"odd"))[:-1])
    data[4:8] = pack("<I", len(data) - 8)
    assert chunks(labelled(WEBP, bytes(data))) == [b"VP8X", b"VP8L", b"odd ", b"XMP "]
    assert holds(WEBP, bytes(data))


def test_what_stands_behind_the_file_stays() -> None:
    assert labelled(WEBP, webp() + b"tail").endswith(b"tail")
    assert holds(WEBP, webp() + b"tail")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (webp()[:-1], "ends before"),
        (webp()[:16] + b"\xff\xff\xff\xff" + webp()[20:], "length"),
        (webp()[:12] + b"EXIF" + webp()[16:], "no picture"),
        (webp()[:23] + b"???" + webp()[26:], "VP8"),
        (webp("lossless")[:20] + b"?" + webp("lossless")[21:], "VP8L"),
        (webp()[:26] + bytes(4) + webp()[30:], "WebP"),
        (b"RIFF\x04\0\0\0WEBP", "no picture"),
        (webp("animated", *[riff_chunk(b"none", b"")] * 200_001), "too many"),
        (webp("animated", riff_chunk(b"XMP ", b"<no")), "well-formed"),
    ],
)
def test_what_does_not_hold_together_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(BadRequest, match=why):
        labelled(WEBP, data)


def test_a_file_at_the_formats_limit_is_refused() -> None:
    class Full:
        size = 0xFFFF_FFFE + 8

        def read(self, offset: int, count: int) -> bytes:
            head = b"RIFF" + pack("<I4s4sI", self.size - 8, b"WEBP", b"VP8 ", self.size - 20)
            return (head + webp()[20:30])[offset : offset + count]

    with pytest.raises(BadRequest, match="larger than"):
        WEBP.write(Full(), OTHER.inner())
