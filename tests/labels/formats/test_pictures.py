"""What holds for every picture format: one label, the same picture, and no file that harms."""

import random
from itertools import pairwise
from struct import pack

import pytest

from hegui.labels.container import Format, Memory, Slice
from hegui.labels.formats import FORMATS, bmp, jpeg, png, tiff, webp
from hegui.labels.value import Implicit
from hegui.terms import BadRequest
from hegui.testing import pictures
from hegui.testing.labelled import LABEL, OTHER, holds, labelled, labels, payload

MAYBE = Implicit("2", *list(LABEL.__struct_fields__)[1:])
FILES = {
    name: (next(form for form in FORMATS if form.matches(data)), data)
    for name, data in pictures.samples().items()
}


@pytest.fixture(params=FILES)
def file(request: pytest.FixtureRequest) -> tuple[Format, bytes]:
    return FILES[request.param]


def test_a_file_is_known_by_its_beginning(file: tuple[Format, bytes]) -> None:
    assert [one for one in FORMATS if one.matches(file[1])] == [file[0]]


def test_a_fresh_file_has_no_label(file: tuple[Format, bytes]) -> None:
    assert labels(*file) == []


def test_what_was_written_is_read_back_once_at_the_guides_place(file: tuple[Format, bytes]) -> None:
    form, data = file
    (found,) = labels(form, new := labelled(form, data))
    assert found.raw == LABEL.inner()
    assert found.guide
    assert found.parsed is not None
    assert found.parsed.implicit == LABEL
    assert b"TC260:AIGC" in new[found.offset :]


def test_the_picture_stays_as_it_was(file: tuple[Format, bytes]) -> None:
    form, data = file
    assert len(payload(form, data)) > 0
    assert payload(form, labelled(form, data)) == payload(form, data)


def test_a_second_label_takes_the_place_of_the_first(file: tuple[Format, bytes]) -> None:
    form, data = file
    once = labelled(form, data)
    again = labelled(form, labelled(form, data, OTHER))
    assert [one.raw for one in labels(form, again)] == [LABEL.inner()]
    assert b"older" not in again
    assert labelled(form, once) == once


def test_the_source_type_stands_in_the_same_packet(file: tuple[Format, bytes]) -> None:
    uri = b"http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
    assert labelled(*file).count(uri) == 1


def test_what_only_may_be_generated_is_not_said_to_be(file: tuple[Format, bytes]) -> None:
    assert b"trainedAlgorithmicMedia" not in labelled(*file, MAYBE)


def test_a_file_cut_anywhere_is_refused_or_right(file: tuple[Format, bytes]) -> None:
    form, data = file
    new = labelled(form, data)
    for whole in (data, new):
        for end in range(0, len(whole), 1 if len(whole) < 200 else 11):
            holds(form, whole[:end])


def test_a_refusal_says_where(file: tuple[Format, bytes]) -> None:
    form, data = file
    with pytest.raises(BadRequest, match=r"at byte \d+") as refusal:
        labels(form, data[:9])
    assert "字节处" in refusal.value.words.zh


def test_damaged_files_are_refused_or_right(file: tuple[Format, bytes]) -> None:
    form, data = file
    chance = random.Random(45438)
    whole = labelled(form, data, OTHER)
    for _ in range(60):
        damaged = bytearray(chance.choice((data, whole)))
        for _ in range(chance.choice((1, 1, 3))):
            at = chance.randrange(len(damaged))
            damaged[at] = chance.choice((0, 0x7F, 0x80, 0xFF, chance.randrange(256)))
        holds(form, bytes(damaged))


@pytest.mark.parametrize("huge", [b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f"])
def test_a_length_of_gigabytes_anywhere_is_refused_or_right(
    file: tuple[Format, bytes], huge: bytes
) -> None:
    form, data = file
    for at in range(0, len(data) - 4, 1 if len(data) < 200 else 3):
        holds(form, data[:at] + huge + data[at + 4 :])


class Large:
    """A file of gigabytes: a head, zeros, and a tail; counts what is read of it."""

    def __init__(self, head: bytes, zeros: int, tail: bytes = b"") -> None:
        self._head, self._tail, self._from = head, tail, len(head) + zeros
        self.size = self._from + len(tail)
        self.taken = 0

    def read(self, offset: int, count: int) -> bytes:
        count = max(0, min(count, self.size - offset))
        self.taken += count
        assert self.taken < 100_000, "more was read than metadata"
        if offset < len(self._head):
            return self._head[offset : offset + count]
        return self._tail[offset - self._from :][:count] if offset >= self._from else bytes(count)


GIGABYTES = 3 << 30


def large(form: Format) -> Large:
    if form is jpeg.JPEG:
        return Large(pictures.jpeg()[:-20], GIGABYTES)
    if form is png.PNG:
        piece = 2_000_000_000
        head = pictures.png()[:33] + pack(">I4s", piece, b"IDAT")
        return Large(head, piece + 4, pictures.png_chunk(b"IEND", b""))
    if form is webp.WEBP:
        picture = pictures.webp()[20:30]
        sizes = pack("<I4s4sI", GIGABYTES + 22, b"WEBP", b"VP8 ", GIGABYTES + 10)
        return Large(b"RIFF" + sizes + picture, GIGABYTES)
    return Large(pictures.tiff(), GIGABYTES)


@pytest.mark.parametrize("form", [jpeg.JPEG, png.PNG, webp.WEBP, tiff.TIFF])
def test_of_gigabytes_only_the_metadata_is_read(form: Format) -> None:
    source = large(form)
    parts = form.write(source, LABEL.inner())
    assert sum(len(part) for part in parts if isinstance(part, bytes)) < 3_000
    assert sum(part.length for part in parts if isinstance(part, Slice)) > source.size - 500
    assert form.read(source) == []


def test_the_stretches_of_the_picture_do_not_touch(file: tuple[Format, bytes]) -> None:
    form, data = file
    there = list(form.payload(Memory(data)))
    assert all(one.offset + one.length < two.offset for one, two in pairwise(there))


def test_bmp_has_no_place_and_says_what_to_do() -> None:
    data = pictures.bmp()
    assert bmp.BMP.matches(data)
    assert labels(bmp.BMP, data) == []
    assert payload(bmp.BMP, data) == data
    with pytest.raises(BadRequest, match=r"aigc\.json") as refusal:
        labelled(bmp.BMP, data)
    assert refusal.value.code == "no_place"
