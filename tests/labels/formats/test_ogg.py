"""Ogg: pages that keep their number, ones that cannot, and streams that are chained."""

from struct import pack

import pytest

from hegui.labels import ogg
from hegui.labels.container import Memory
from hegui.labels.formats.ogg import OGG, OPUS
from hegui.terms import BadRequest
from hegui.testing.labelled import LABEL, OTHER, holds, labelled, labels
from hegui.testing.sounds import comments, opus, page, stream, vorbis

TEXT = OTHER.inner().encode()
FIRST = b"OpusHead" + pack("<BBHIHB", 1, 1, 312, 48000, 0, 0)


def pages(data: bytes) -> list[ogg.Page]:
    there = list(ogg.pages(Memory(data)))
    assert there[-1].end == len(data)
    for one in there:
        ogg.checked(Memory(data), one)
    return there


@pytest.mark.parametrize("name", [b"AIGC", b"aigc", b"AIGC_LABEL"])
def test_a_label_is_found_in_every_form_and_replaced(name: bytes) -> None:
    for form, data in ((OGG, vorbis(name + b"=" + TEXT)), (OPUS, opus(name + b"=" + TEXT))):
        (found,) = labels(form, data)
        assert found.parsed is not None
        assert found.parsed.implicit == OTHER
        assert holds(form, data)


def test_a_label_that_fits_changes_no_other_page() -> None:
    data = vorbis(b"TITLE=a title")
    new = labelled(OGG, data)
    before, after = pages(data), pages(new)
    assert len(after) == len(before)
    assert new[after[2].start :] == data[before[2].start :]
    assert new.count(b"TITLE=a title") == 1


def test_headers_on_pages_of_their_own_stay_there() -> None:
    first = vorbis()[28:58]
    setup = b"\5vorbis" + bytes(600)
    data = stream([(first,), (b"\3vorbis" + comments() + b"\1",), (setup,)], 7)
    new = labelled(OGG, data)
    assert new[pages(new)[2].start :] == data[pages(data)[2].start :]
    assert holds(OGG, data)


def test_headers_that_need_one_more_page_number_the_others_anew() -> None:
    cover = b"METADATA_BLOCK_PICTURE=" + b"x" * (255 * 254 + 100)
    data = stream([(FIRST,), (b"OpusTags" + comments(cover),)], 9)
    new = labelled(OPUS, data)
    after = pages(new)
    assert len(after) == len(pages(data)) + 1
    assert [one.number for one in after] == list(range(len(after)))
    assert after[2].flags == ogg.CONTINUED
    assert holds(OPUS, data)


def test_only_the_stream_whose_headers_grew_is_numbered_anew() -> None:
    cover = b"METADATA_BLOCK_PICTURE=" + b"x" * (255 * 254 + 100)
    other = opus(serial=3)
    data = stream([(FIRST,), (b"OpusTags" + comments(cover),)], 9) + other
    assert labelled(OPUS, data).endswith(other)
    assert holds(OPUS, data)


def test_of_chained_streams_the_first_holds_the_label() -> None:
    data = vorbis() + vorbis(b"AIGC=" + TEXT, b"TITLE=a title", serial=8)
    assert len(labels(OGG, data)) == 1
    new = labelled(OGG, data)
    assert new.index(b"ProduceID") < len(vorbis())
    assert new.count(b"TITLE=a title") == 1
    pages(new)
    assert holds(OGG, data)


def test_binary_data_after_opus_comments_stays() -> None:
    new = labelled(OPUS, opus(rest=b"\1 kept as RFC 7845 asks"))
    assert b"\1 kept as RFC 7845 asks" in new


def test_a_wrong_checksum_of_sound_stays_wrong_and_one_of_headers_is_refused() -> None:
    data = bytearray(vorbis())
    data[-1] ^= 1
    assert labelled(OGG, bytes(data))[-10:] == data[-10:]
    second = pages(vorbis())[1]
    data[second.end - 1] ^= 1
    with pytest.raises(BadRequest, match="checksum"):
        labelled(OGG, bytes(data))


def test_numbering_anew_needs_no_content_and_gives_the_right_checksum() -> None:
    for number in (0, 1, 255, 0xFFFF_FFFF):
        whole = page(7, number, 0, bytes(range(200)), b"x" * 700)
        (one,) = ogg.pages(Memory(whole))
        made = page(7, (number + 3) & 0xFFFF_FFFF, 0, bytes(range(200)), b"x" * 700)
        assert ogg.renumbered(one, 3) == made[18:26]


def test_a_page_that_is_cut_off_at_the_end_stays() -> None:
    data = vorbis()[:-7]
    assert labelled(OGG, data).endswith(data[-200:])
    assert holds(OGG, data)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (vorbis()[:70], "ends before"),
        (vorbis() + b"tail", "Ogg page"),
        (page(7, 0, 2, b"\x80theora"), "neither Vorbis nor Opus"),
        (page(7, 0, 0, b"\1vorbis"), "Ogg"),
        (page(7, 0, 2, FIRST) + page(8, 0, 2, FIRST), "several streams"),
        (page(7, 0, 2, FIRST) + page(8, 1, 0, b"OpusTags"), "several streams"),
        (page(7, 0, 2, FIRST, b"more") + page(7, 1, 0, b"OpusTags"), "Ogg header"),
        (page(7, 0, 2, FIRST) + page(7, 1, 0, b"OpusTags", b"more"), "Ogg header"),
        (page(7, 0, 2, FIRST) + page(7, 1, 0, b"OpusMore"), "Ogg header"),
        (page(7, 0, 2, FIRST) + page(7, 1, 0, b"OpusTags\xff\xff\xff\xff"), "comments"),
        (vorbis()[:4] + b"\1" + vorbis()[5:], "Ogg page"),
    ],
)
def test_what_does_not_hold_together_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(BadRequest, match=why):
        labelled(OGG, data)


def test_each_kind_is_known_by_its_first_packet() -> None:
    assert OPUS.matches(opus())
    assert not OGG.matches(opus())
    assert OGG.matches(vorbis())
    assert b"AIGC=" + LABEL.inner().encode() in labelled(OPUS, opus())
