"""AVI: the label takes room that is free, and nothing that an index names moves."""

from struct import unpack

import pytest

from hegui.labels.formats.avi import AVI
from hegui.terms import BadRequest
from hegui.testing.labelled import OTHER, holds, labelled, labels
from hegui.testing.sounds import avi, riff_chunk

TEXT = OTHER.inner().encode() + b"\0"
TITLE = riff_chunk(b"INAM", b"a title\0")
ALONE = riff_chunk(b"LIST", b"INFO" + riff_chunk(b"AIGC", TEXT))
BESIDE = riff_chunk(b"LIST", b"INFO" + TITLE + riff_chunk(b"AIGC", TEXT) + TITLE)
COMMENT = riff_chunk(b"LIST", b"INFO" + riff_chunk(b"ICMT", OTHER.wrapped().encode()))
JUNK = riff_chunk(b"JUNK", bytes(400))


def names(data: bytes) -> list[bytes]:
    there, at, end = [], 12, 8 + unpack("<I", data[4:8])[0]
    while at < end:
        kind, length = unpack("<4sI", data[at : at + 8])
        there.append(kind + data[at + 8 : at + 12] if kind == b"LIST" else kind)
        at += 8 + length + (length & 1)
    assert at == end
    return there


@pytest.mark.parametrize("held", [ALONE, BESIDE, COMMENT])
@pytest.mark.parametrize("before", [True, False])
def test_a_label_is_found_in_every_place_and_replaced(held: bytes, *, before: bool) -> None:
    data = avi(held) if before else avi(after=(held,))
    (found,) = labels(AVI, data)
    assert found.parsed is not None
    assert found.parsed.implicit == OTHER
    assert found.guide is (held != COMMENT)
    assert holds(AVI, data)
    assert labelled(AVI, data).count(b"a title") == data.count(b"a title")


def test_the_label_takes_the_room_of_junk_and_nothing_moves() -> None:
    new = labelled(AVI, avi(JUNK))
    assert len(new) == len(avi(JUNK))
    assert names(new) == [b"LISThdrl", b"LISTINFO", b"JUNK", b"LISTmovi", b"idx1"]
    assert new.index(b"00dc") == avi(JUNK).index(b"00dc")


def test_without_room_the_label_stands_at_the_end() -> None:
    new = labelled(AVI, avi())
    assert names(new) == [b"LISThdrl", b"LISTmovi", b"idx1", b"LISTINFO"]
    assert new.startswith(avi()[8:], 8)


def test_what_an_old_label_leaves_is_junk() -> None:
    new = labelled(AVI, avi(BESIDE))
    assert names(new) == [b"LISThdrl", b"LISTINFO", b"JUNK", b"LISTmovi", b"idx1", b"LISTINFO"]
    assert new.index(b"00dc") == avi(BESIDE).index(b"00dc")


def test_junk_that_holds_something_stays() -> None:
    notes = riff_chunk(b"JUNK", bytes(300) + b"a camera's notes")
    new = labelled(AVI, avi(notes))
    assert notes in new
    assert names(new)[-1] == b"LISTINFO"


def test_a_longer_label_at_the_end_takes_the_place_of_a_shorter() -> None:
    short = riff_chunk(b"LIST", b"INFO" + riff_chunk(b"AIGC", b'{"Label":"1"}\0'))
    assert labelled(AVI, avi(after=(short,))) == labelled(AVI, avi())


def test_parts_that_follow_do_not_move() -> None:
    data = avi(JUNK, parts=3)
    new = labelled(AVI, data)
    assert len(new) == len(data)
    assert new.endswith(data[-300:])
    assert holds(AVI, data)


def test_where_parts_follow_and_no_room_is_free_the_file_is_refused() -> None:
    with pytest.raises(BadRequest, match="no JUNK"):
        labelled(AVI, avi(parts=1))


def test_a_shorter_label_fills_the_room_of_a_longer_one() -> None:
    new = labelled(AVI, avi(ALONE, parts=1))
    assert len(new) == len(avi(ALONE, parts=1))
    assert names(new) == names(avi(ALONE))
    assert holds(AVI, avi(ALONE, parts=1))


def test_what_stands_behind_the_file_stays() -> None:
    assert labelled(AVI, avi() + b"tail").endswith(b"tail")
    assert holds(AVI, avi() + b"tail")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (avi()[:-1], "ends before"),
        (avi(JUNK, parts=1)[:-1], "ends before"),
        (riff_chunk(b"RIFF", b"AVI "), "no hdrl and movi"),
        (avi(riff_chunk(b"LIST", b"INFOAIGC\xff\0\0\0")), "LIST INFO"),
        (avi(*[riff_chunk(b"none", b"")] * 200_001), "too many"),
    ],
)
def test_what_does_not_hold_together_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(BadRequest, match=why):
        labelled(AVI, data)
