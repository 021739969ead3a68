"""FLAC: the block of comments, alone, first, last or doubled, and a tag in front."""

from struct import pack

import pytest

from hegui.labels.formats.flac import FLAC
from hegui.labels.formats.mpeg_audio import AAC, MP3
from hegui.terms import BadRequest
from hegui.testing.labelled import LABEL, OTHER, holds, labelled, labels
from hegui.testing.sounds import comments, flac, id3_frame, id3_tag

TEXT = OTHER.inner().encode()
PICTURE = (6, bytes(60))
PADDING = (1, bytes(30))
TITLE = b"TITLE=\xe6\xa0\x87\xe9\xa2\x98"


@pytest.mark.parametrize(
    "text",
    [
        b"AIGC=" + TEXT,
        b"aigc=" + TEXT,
        b"AIGC=" + OTHER.wrapped().encode(),
        b"AIGC_LABEL=" + TEXT,
    ],
)
def test_a_label_is_found_in_every_form_and_replaced(text: bytes) -> None:
    data = flac(PICTURE, (4, comments(TITLE, text)), PADDING)
    (found,) = labels(FLAC, data)
    assert found.parsed is not None
    assert found.parsed.implicit == OTHER
    assert found.guide is not text.startswith(b"AIGC_")
    assert holds(FLAC, data)


def test_all_other_blocks_and_comments_stay() -> None:
    data = flac((4, comments(TITLE, program=b"x")), PICTURE, PADDING)
    new = labelled(FLAC, data)
    label = b"AIGC=" + LABEL.inner().encode()
    block = pack("<I", 1) + b"x" + pack("<II", 2, len(label)) + label + pack("<I", len(TITLE))
    end = data.index(TITLE)
    assert new == data[:42] + b"\4" + (len(block + TITLE)).to_bytes(3) + block + data[end:]


def test_where_there_are_no_comments_they_follow_the_first_block() -> None:
    alone, more = labelled(FLAC, flac()), labelled(FLAC, flac(PICTURE, PADDING))
    assert (alone[4], alone[42]) == (0, 0x84)
    assert (more[4], more[42]) == (0, 4)
    assert more.endswith(flac(PICTURE, PADDING)[42:])


def test_a_second_list_and_a_tag_in_front_give_up_their_labels() -> None:
    one = (4, comments(b"AIGC=" + TEXT, TITLE))
    tag = id3_tag(id3_frame(b"TIT2", b"\0a title") + id3_frame(b"TXXX", b"\0AIGC\0" + TEXT))
    data = tag + flac(one, PADDING, one)
    assert [found.form for found in labels(FLAC, data)] == [
        "flac-id3",
        "flac-comment",
        "flac-comment",
    ]
    assert holds(FLAC, data)
    assert labelled(FLAC, data).count(TITLE) == 2
    assert not MP3.matches(data)
    assert not AAC.matches(data)
    assert FLAC.matches(data)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (flac()[:20], "ends before"),
        (b"fLaC" + flac()[42:], "ends before|STREAMINFO|length"),
        (flac()[:4] + b"\x81" + flac()[5:], "STREAMINFO"),
        (flac((127, b"")), "length"),
        (flac((4, comments(TITLE)[:-1])), "comments"),
        (flac((4, b"\xff\xff\xff\xff")), "comments"),
        (flac((4, bytes(4) + b"\xff\xff\xff\xff")), "too many"),
        (flac((4, bytes(6))), "comments"),
        (flac(*[(2, b"")] * 10_001), "too many"),
        (flac((4, bytes(4) + pack("<II", 1, 0xFFFFF0) + bytes(0xFFFFF0))), "larger"),
    ],
)
def test_what_does_not_hold_together_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(BadRequest, match=why):
        labelled(FLAC, data)
