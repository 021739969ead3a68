"""GIF: the packet as it must stand, before the frames, and block by block where others wrote so."""

import pytest

from hegui.labels import xmp
from hegui.labels.container import Memory, Slice
from hegui.labels.formats.gif import GIF
from hegui.terms import BadRequest
from hegui.testing.labelled import LABEL, OTHER, holds, labelled, labels, payload
from hegui.testing.pictures import gif

NAME = b"\x21\xff\x0bXMP DataXMP"
TRAILER = b"\x01" + bytes(range(255, -1, -1)) + b"\0"
PACKET = xmp.with_label(None, OTHER.inner())
COMMENT = b"\x21\xfe\x05hello\0"


def in_blocks(data: bytes) -> bytes:
    parts = [data[at : at + 255] for at in range(0, len(data), 255)]
    return b"".join(bytes([len(part)]) + part for part in parts) + b"\0"


SEEN = {"as it should": NAME + PACKET + TRAILER, "in blocks": NAME + in_blocks(PACKET)}


@pytest.mark.parametrize("form", SEEN)
@pytest.mark.parametrize("frames", [1, 3])
def test_a_label_is_found_and_replaced(form: str, frames: int) -> None:
    data = gif(COMMENT, SEEN[form], frames=frames)
    (found,) = labels(GIF, data)
    assert (found.form, found.guide) == ("gif-xmp", True)
    assert found.parsed is not None
    assert found.parsed.implicit == OTHER
    assert data[found.offset :].startswith(NAME)
    assert holds(GIF, data)
    assert COMMENT in labelled(GIF, data)


def test_several_packets_hold_one_label() -> None:
    assert holds(GIF, gif(*SEEN.values(), SEEN["as it should"]))


def test_a_label_behind_the_frames_is_found() -> None:
    whole = gif()
    data = whole[:-1] + SEEN["as it should"] + b"\x3b"
    assert len(labels(GIF, data)) == 1
    assert holds(GIF, data)


def test_xmp_stands_after_the_number_of_loops_and_before_the_frames() -> None:
    new = labelled(GIF, gif(COMMENT))
    loops, packet = new.index(b"NETSCAPE2.0"), new.index(NAME)
    assert packet == loops + 11 + 5
    assert packet < new.index(COMMENT)
    assert labelled(GIF, gif(frames=1)).index(NAME) == 13 + 12


def test_a_reader_of_block_lengths_gets_past_the_packet() -> None:
    new = labelled(GIF, gif(frames=1))
    at = new.index(NAME) + len(NAME)
    while new[at]:
        at += new[at] + 1
    assert new[at + 1 :] == gif(frames=1)[25:]


def test_a_file_of_1987_says_that_it_is_newer() -> None:
    assert labelled(GIF, gif(frames=1, version=b"87a"))[:6] == b"GIF89a"


def test_what_stands_behind_the_file_stays() -> None:
    assert labelled(GIF, gif() + b"tail").endswith(b"tail")
    assert holds(GIF, gif() + b"tail")


def test_a_file_without_its_last_byte_is_labelled_and_not_repaired() -> None:
    data = gif()[:-1]
    assert holds(GIF, data)
    assert labelled(GIF, data).endswith(data[-20:])


def test_a_large_file_goes_through_a_window() -> None:
    pixels = (b"\xff" + bytes(range(255))) * 8_000 + b"\0"
    whole = gif(frames=1)
    data = whole[:-6] + pixels + b"\x3b"
    largest = 0

    class Watched(Memory):
        def read(self, offset: int, count: int) -> bytes:
            nonlocal largest
            largest = max(largest, count)
            return super().read(offset, count)

    parts = GIF.write(Watched(data), LABEL.inner())
    assert largest <= 1 << 18
    assert sum(part.length for part in parts if isinstance(part, Slice)) > 2_000_000
    assert payload(GIF, labelled(GIF, data)) == payload(GIF, data)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (gif()[:-2], "ends before"),
        (gif()[:10], "ends before"),
        (gif(b"\x22"), "no block"),
        (gif(*[b"\x21\xfe\0"] * 200_001), "too many"),
        (gif(NAME + b"<no" + TRAILER), "well-formed"),
        (b"GIF88a" + gif()[6:], "GIF"),
    ],
)
def test_what_does_not_hold_together_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(BadRequest, match=why):
        labelled(GIF, data)
