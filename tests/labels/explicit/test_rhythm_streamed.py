"""The rhythm before sound that comes in pieces: as before the whole file."""

from struct import pack, unpack

import pytest

from hegui.labels.container import Memory
from hegui.labels.explicit import rhythm_mp3, rhythm_wav
from hegui.labels.explicit.rhythm_streamed import streamed_rhythm
from hegui.labels.formats import wav
from hegui.labels.splicing import joined
from hegui.terms import BadRequest
from hegui.testing import media, sounds

FORM = pack("<HHIIHH", 1, 64, 700_000, 0, 128, 16)
LARGE = b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0" + FORM + b"data\xff\xff\xff\xff" + bytes(256)


def through(kind: str, data: bytes, piece: int) -> bytes:
    stream = streamed_rhythm(kind)
    out = b"".join(stream.feed(data[at : at + piece]) for at in range(0, len(data), piece))
    return out + stream.end()


@pytest.mark.parametrize("piece", [1, 7, 500, 100_000])
def test_an_mp3_is_as_if_it_had_been_whole(piece: int) -> None:
    for data in (sounds.mp3(frames=5), sounds.mp3(sounds.id3_tag(b"", padding=600), frames=5)):
        whole = joined(Memory(data), rhythm_mp3.with_rhythm(Memory(data)))
        assert through("mp3", data, piece) == whole


@pytest.mark.parametrize("piece", [1, 7, 500, 100_000])
def test_a_wav_is_as_if_it_had_been_whole(piece: int) -> None:
    for data in (sounds.wav(), media.tone(0.01), media.tone(0.01, stated=True)):
        whole = joined(Memory(data), rhythm_wav.with_rhythm(Memory(data)))
        assert through("wav", data, piece) == whole


def test_a_wav_of_odd_frames_keeps_its_parity_and_its_lengths_hold() -> None:
    sound = bytes(range(128, 128 + 60))
    for rate in range(8_000, 8_004):
        head = sounds.riff_chunk(
            b"fmt ", b"\1\0\1\0" + rate.to_bytes(4, "little") * 2 + b"\1\0\x08\0"
        )
        data = sounds.riff_chunk(b"RIFF", b"WAVE" + head + sounds.riff_chunk(b"data", sound))
        made = through("wav", data, 1)
        assert made.endswith(sound)
        there = wav.file(Memory(made))
        assert there.end == len(made)
        assert unpack("<I", made[40:44])[0] == there.chunks[-1].length == len(made) - 44


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("mp3", b"<html>" * 60_000),
        ("mp3", sounds.MP3_FRAME[:100]),
        ("wav", b"<html>" * 10),
        ("wav", media.tone(0.01)[:30]),
        ("wav", sounds.wav_large()),
        ("wav", LARGE),
        ("wav", sounds.wav(size=0xFFFF_FFFF).replace(b"fmt \x10", b"fmt \x0e")),
        ("wav", sounds.wav().replace(b"\1\0\1\0", b"\6\0\1\0", 1)),
    ],
)
def test_what_is_no_such_sound_is_refused_and_nothing_given_out(kind: str, data: bytes) -> None:
    stream, out = streamed_rhythm(kind), []

    def all_of_it() -> None:
        out.extend(stream.feed(data[at : at + 50]) for at in range(0, len(data), 50))
        stream.end()

    with pytest.raises(BadRequest):
        all_of_it()
    assert not any(out)
