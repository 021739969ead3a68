"""MP3 and AAC: every version of ID3, and what stands at the end of a file."""

import zlib
from struct import pack

import pytest

from hegui.labels.formats.mpeg_audio import AAC, MP3
from hegui.terms import BadRequest
from hegui.testing.labelled import LABEL, OTHER, holds, labelled, labels
from hegui.testing.sounds import (
    AAC_FRAME,
    MP3_FRAME,
    ape,
    id3_frame,
    id3_tag,
    mp3,
    old_tag,
    syncsafe,
)

TEXT = OTHER.inner().encode()
TITLE = id3_frame(b"TIT2", b"\0a title")
PICTURE = id3_frame(b"APIC", b"\0image/png\0\3\0" + bytes(40))
WIDE = b"\1" + "AIGC\0".encode("utf-16") + OTHER.inner().encode("utf-16")


def frame4(name: bytes, held: bytes, flags: bytes = b"\0\0") -> bytes:
    return name + syncsafe(len(held)) + flags + held


FORMS = {
    "2.3 latin": id3_tag(id3_frame(b"TXXX", b"\0AIGC\0" + TEXT)),
    "2.3 utf-16": id3_tag(TITLE + id3_frame(b"TXXX", WIDE) + PICTURE),
    "2.3 packed": id3_tag(
        id3_frame(b"TXXX", pack(">I", 9) + zlib.compress(b"\0AIGC\0" + TEXT), 0x80)
    ),
    "2.2": id3_tag(b"TXX" + (6 + len(TEXT)).to_bytes(3) + b"\0AIGC\0" + TEXT, version=2),
    "2.4 utf-8": id3_tag(frame4(b"TXXX", b"\3AIGC\0" + TEXT), version=4),
    "2.4 big-endian": id3_tag(
        frame4(b"TXXX", b"\2" + "AIGC\0".encode("utf-16-be") + OTHER.inner().encode("utf-16-be")),
        version=4,
    ),
    "2.4 plain sizes": id3_tag(TITLE + id3_frame(b"TXXX", b"\3AIGC\0" + TEXT) + TITLE, version=4),
    "2.4 unsynchronised": id3_tag(
        frame4(
            b"TXXX",
            b"\1"
            + ("AIGC\0".encode("utf-16") + OTHER.inner().encode("utf-16")).replace(
                b"\xff\xfe", b"\xff\0\xfe"
            ),
            b"\0\2",
        ),
        version=4,
        flags=0x80,
    ),
    "2.3 unsynchronised": id3_tag(
        id3_frame(b"TXXX", WIDE).replace(b"\xff\xfe", b"\xff\0\xfe"), flags=0x80
    ),
    "wrapped": id3_tag(id3_frame(b"TXXX", b"\0AIGC\0" + OTHER.wrapped().encode())),
    "other name": id3_tag(id3_frame(b"TXXX", b"\0Aigc-label\0" + TEXT)),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_label_of_every_form_is_read_and_replaced(form: str) -> None:
    data = mp3(FORMS[form])
    (found,) = labels(MP3, data)
    assert found.parsed is not None
    assert found.parsed.implicit == OTHER
    assert found.guide is (form != "other name")
    assert holds(MP3, data)


def test_all_places_at_once_become_one() -> None:
    end = id3_tag(frame4(b"TXXX", b"\3AIGC\0" + TEXT), version=4, flags=0x10)
    data = mp3(FORMS["2.3 utf-16"], FORMS["2.4 utf-8"]) + ape(b"AIGC", TEXT) + end + old_tag()
    assert [one.form for one in labels(MP3, data)] == ["mp3-id3", "mp3-id3", "ape", "mp3-id3-end"]
    assert holds(MP3, data)


def test_other_frames_and_padding_stay_byte_for_byte() -> None:
    new = labelled(MP3, mp3(id3_tag(TITLE + PICTURE, padding=50)))
    assert TITLE + PICTURE + bytes(50) + MP3_FRAME in new


def test_the_ends_of_a_file_stay() -> None:
    ends = ape(b"Title", b"a title") + old_tag()
    assert labelled(MP3, mp3() + ends).endswith(MP3_FRAME + ends)


def test_an_unsynchronised_tag_stays_one() -> None:
    body = id3_frame(b"PRIV", b"x\0\xff\xe0\xff\0\xff")
    stored = body.replace(b"\xff", b"\xff\0")
    new = labelled(MP3, mp3(id3_tag(stored, flags=0x80)))
    assert new[5] == 0x80
    assert stored + MP3_FRAME in new
    assert holds(MP3, mp3(id3_tag(stored, flags=0x80)))


def test_the_checksum_of_an_extended_header_is_reckoned_anew() -> None:
    extended = pack(">IHII", 10, 0x8000, 0, zlib.crc32(TITLE))
    new = labelled(MP3, mp3(id3_tag(extended + TITLE, flags=0x40)))
    body = new[10 : new.index(MP3_FRAME)]
    assert body[:14] == extended[:10] + pack(">I", zlib.crc32(body[14:]))


def test_the_checksum_in_version_2_4_is_reckoned_anew() -> None:
    extended = syncsafe(12) + b"\1\x20\5" + bytes(5)
    new = labelled(MP3, mp3(id3_tag(extended + TITLE, version=4, flags=0x40, padding=3)))
    body = new[10 : new.index(MP3_FRAME)]
    value = 0
    for one in body[7:12]:
        value = value << 7 | one
    assert value == zlib.crc32(body[12:])


def test_a_footer_says_the_same_as_the_header() -> None:
    new = labelled(MP3, mp3(id3_tag(TITLE, version=4, flags=0x10)))
    end = new.index(MP3_FRAME)
    assert new[end - 10 : end] == b"3DI" + new[3:10]


def test_a_tag_that_is_new_stands_before_the_first_frame() -> None:
    new = labelled(MP3, mp3())
    assert new.endswith(
        b"TXXX"
        + pack(">IH", len(LABEL.inner()) + 6, 0)
        + b"\0AIGC\0"
        + LABEL.inner().encode()
        + mp3()
    )


def test_a_text_in_utf_16_is_no_sound() -> None:
    assert not MP3.matches("AIGC".encode("utf-16"))


def test_aac_is_told_from_mp3_behind_a_tag() -> None:
    assert AAC.matches(FORMS["2.3 latin"] + AAC_FRAME)
    assert not MP3.matches(FORMS["2.3 latin"] + AAC_FRAME)
    assert holds(AAC, FORMS["2.3 latin"] + AAC_FRAME)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"RIFF", "audio"),
        (id3_tag(TITLE), "nothing follows"),
        (mp3(id3_tag(TITLE))[:20], "ends before"),
        (mp3(id3_tag(TITLE[:8])), "ID3 frame"),
        (mp3(id3_tag(b"TIT2\0\0\xff\xff\0\0")), "length"),
        (mp3(id3_tag(b"", version=5)), "not known"),
        (mp3(id3_tag(b"", version=2, flags=0x40)), "not known"),
        (mp3(id3_tag(b"\0\0", flags=0x40)), "extended"),
        (mp3(b"ID3\3\0\0\x7f\x7f\x7f\x7f"), "larger"),
        (mp3() + b"APETAGEX" + pack("<IIIIQ", 2000, 31, 1, 0, 0), "APE"),
        (mp3() + b"APETAGEX" + pack("<IIIIQ", 2000, 40, 9, 0, 0), "APE"),
    ],
)
def test_what_does_not_hold_together_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(BadRequest, match=why):
        labelled(MP3, data)


@pytest.mark.parametrize("inside", [0, 1, 40, 100])
def test_an_old_tag_never_reaches_into_the_one_in_front(inside: int) -> None:
    label = id3_frame(b"TXXX", b"\0AIGC\0TAG" + bytes(inside))
    assert holds(MP3, id3_tag(label) + (MP3_FRAME * 2)[: 125 - inside])


def test_a_tag_of_ape_that_reaches_into_the_one_in_front_is_refused() -> None:
    item = pack("<II", len(MP3_FRAME), 0) + b"Artist\0"
    footer = b"APETAGEX" + pack("<IIII", 2000, len(item) + len(MP3_FRAME) + 32, 1, 0) + bytes(8)
    with pytest.raises(BadRequest, match="length"):
        labels(MP3, id3_tag(TITLE + b"\0" + item) + MP3_FRAME + footer)
