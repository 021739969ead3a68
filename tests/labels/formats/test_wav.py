"""WAV: where the chunk stands, lengths that are not known or beyond 4 GB, and other places."""

from struct import pack, unpack

import pytest

from hegui.labels.container import Slice
from hegui.labels.formats.wav import WAV
from hegui.terms import BadRequest
from hegui.testing.labelled import LABEL, OTHER, holds, labelled, labels
from hegui.testing.sounds import FORMAT, id3_frame, id3_tag, riff_chunk, wav, wav_large

TEXT = OTHER.inner().encode()
TITLE = riff_chunk(b"INAM", b"a title\0")
TAG = id3_tag(id3_frame(b"TIT2", b"\0a title") + id3_frame(b"TXXX", b"\0AIGC\0" + TEXT))
SEEN = {
    "wav-chunk": riff_chunk(b"AIGC", TEXT),
    "wav-info": riff_chunk(b"LIST", b"INFO" + riff_chunk(b"AIGC", TEXT + b"\0") + TITLE),
    "wav-info ": riff_chunk(b"LIST", b"INFO" + riff_chunk(b"ICMT", OTHER.wrapped().encode())),
    "wav-id3": riff_chunk(b"id3 ", TAG),
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
@pytest.mark.parametrize("before", [True, False])
def test_a_label_is_found_in_every_place_and_replaced(form: str, *, before: bool) -> None:
    data = wav(SEEN[form]) if before else wav(after=(SEEN[form],))
    (found,) = labels(WAV, data)
    assert found.form == form.strip()
    assert found.parsed is not None
    assert found.parsed.implicit == OTHER
    assert found.guide is (form == "wav-chunk")
    assert data[found.offset :].startswith(SEEN[form])
    assert holds(WAV, data)


def test_all_places_at_once_become_one_and_what_was_beside_stays() -> None:
    new = labelled(WAV, wav(*SEEN.values(), after=tuple(SEEN.values())))
    assert chunks(new) == [b"fmt ", b"LIST", b"id3 ", b"AIGC", b"data", b"LIST", b"id3 "]
    assert new.count(b"a title") == 4
    assert [one.raw for one in labels(WAV, new)] == [LABEL.inner()]


def test_the_label_stands_before_the_sound() -> None:
    assert chunks(labelled(WAV, wav(after=(riff_chunk(b"cue ", bytes(4)),)))) == [
        b"fmt ",
        b"AIGC",
        b"data",
        b"cue ",
    ]


@pytest.mark.parametrize("size", [0, 0xFFFF_FFFF])
def test_lengths_that_were_not_known_stay_so(size: int) -> None:
    new = labelled(WAV, wav(size=size))
    assert new[4:8] == pack("<I", size)
    assert new.endswith(b"data" + pack("<I", size) + bytes(range(64)))


@pytest.mark.parametrize("kind", [b"RF64", b"BW64"])
def test_a_length_of_64_bits_is_moved(kind: bytes) -> None:
    new = labelled(WAV, wav_large(kind, SEEN["wav-info"]))
    assert new[:12] == kind + b"\xff\xff\xff\xffWAVE"
    assert unpack("<QQ", new[20:36]) == (len(new) - 8, 64)


def test_what_stands_behind_the_file_stays() -> None:
    assert labelled(WAV, wav() + b"tail").endswith(b"tail")
    assert holds(WAV, wav() + b"tail")


class Zeros:
    """A file of gigabytes, of which only the metadata may be read."""

    def __init__(self, head: bytes, size: int) -> None:
        self.size, self._head, self.taken = size, head, 0

    def read(self, offset: int, count: int) -> bytes:
        self.taken += count
        assert self.taken < 10_000
        return self._head[offset : offset + count]


def test_of_gigabytes_only_the_metadata_is_read() -> None:
    sizes = riff_chunk(b"ds64", pack("<QQQI", (6 << 30) - 8, (6 << 30) - 80, 0, 0))
    head = b"RF64\xff\xff\xff\xffWAVE" + sizes + FORMAT + b"data\xff\xff\xff\xff"
    source = Zeros(head, 6 << 30)
    assert len(head) == 80
    parts = WAV.write(source, LABEL.inner())
    assert sum(part.length for part in parts if isinstance(part, Slice)) > source.size - 100
    assert WAV.read(source) == []


def test_a_file_at_the_formats_limit_is_refused() -> None:
    size = 0xFFFF_FFF0
    head = b"RIFF" + pack("<I", size) + b"WAVE" + FORMAT + b"data" + pack("<I", size - 36)
    with pytest.raises(BadRequest, match="larger than"):
        WAV.write(Zeros(head, size + 8), LABEL.inner())


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (wav()[:-1], "ends before"),
        (wav()[:36] + b"fact" + wav()[40:], "no fmt and data"),
        (riff_chunk(b"RIFF", b"WAVE" + riff_chunk(b"data", b"")), "no fmt and data"),
        (wav(riff_chunk(b"LIST", b"INFOAIGC\xff\0\0\0")), "LIST INFO"),
        (wav(riff_chunk(b"id3 ", b"ID3\3\0\0\0\0\x7f\x7f")), "ID3"),
        (wav_large()[:12] + b"fact" + wav_large()[16:], "ds64"),
        (wav(*[riff_chunk(b"none", b"")] * 200_001), "too many"),
    ],
)
def test_what_does_not_hold_together_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(BadRequest, match=why):
        labelled(WAV, data)
