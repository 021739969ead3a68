"""The rhythm: short long, short short, at any rate, and before a WAV in its own form."""

import wave
from io import BytesIO
from struct import pack, unpack

import numpy as np
import pytest

from hegui.labels.container import Memory
from hegui.labels.explicit.rhythm import SAMPLES, SHORT, Sample, frames, pcm, rhythm
from hegui.labels.explicit.rhythm_wav import with_rhythm
from hegui.labels.formats.wav import WAV
from hegui.labels.splicing import joined
from hegui.terms import BadRequest
from hegui.testing.labelled import LABEL, labelled, labels
from hegui.testing.sounds import FORMAT, riff_chunk, wav, wav_large

RATES = (8_000, 11_025, 16_000, 22_050, 24_000, 44_100, 48_000)
SOUND = bytes(range(64))


def tones(sound: np.ndarray, rate: int) -> list[tuple[bool, int]]:
    """Return tones and silences as one hears them, in multiples of a short tone."""
    window = round(SHORT * rate / 20)
    loud = [
        bool(np.abs(sound[at : at + window]).max() > 0.02) for at in range(0, len(sound), window)
    ]
    heard: list[tuple[bool, int]] = []
    for one in loud:
        if heard and heard[-1][0] == one:
            heard[-1] = (one, heard[-1][1] + 1)
        else:
            heard.append((one, 1))
    return [(one, round(count / 20)) for one, count in heard]


def prefixed(data: bytes) -> bytes:
    return joined(Memory(data), with_rhythm(Memory(data)))


def made(tag: int, channels: int, bits: int, sound: bytes, *chunks: bytes) -> bytes:
    align = channels * bits // 8
    fields = pack("<HHIIHH", tag, channels, 8000, 8000 * align, align, bits)
    parts = (riff_chunk(b"fmt ", fields), *chunks, riff_chunk(b"data", sound))
    return riff_chunk(b"RIFF", b"WAVE" + b"".join(parts))


@pytest.mark.parametrize("rate", RATES)
def test_one_hears_short_long_short_short(rate: int) -> None:
    assert tones(rhythm(rate), rate) == [
        (True, 1),
        (False, 1),
        (True, 3),
        (False, 3),
        (True, 1),
        (False, 1),
        (True, 1),
        (False, 3),
    ]
    assert len(rhythm(rate)) == frames(rate)
    assert len(rhythm(rate)) == pytest.approx(1.4 * rate, rel=0.01)


def test_it_is_loud_enough_and_never_cut_off() -> None:
    assert 0.45 < np.abs(rhythm(24_000)).max() <= 0.5
    assert np.abs(np.diff(rhythm(48_000))).max() < 0.07


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_it_is_the_same_in_every_form_and_channel(sample: Sample, channels: int) -> None:
    data = pcm(8_000, channels, sample)
    width = int(sample[1:]) // 8
    assert len(data) == frames(8_000) * channels * width
    if sample == "s24":
        cells = np.frombuffer(data, "u1").reshape(-1, 3)
        whole = np.concatenate([np.zeros((len(cells), 1), "u1"), cells], axis=1)
        values = whole.copy().view("<i4").ravel() / 2**31
    elif sample == "u8":
        values = (np.frombuffer(data, "u1") - 128.0) / 127
    else:
        values = np.frombuffer(data, f"<{sample[0].replace('s', 'i')}{width}").astype(float)
        values = values / (1 if sample[0] == "f" else 2 ** (width * 8 - 1))
    for channel in range(channels):
        assert np.allclose(values[channel::channels], rhythm(8_000), atol=0.005)


@pytest.mark.parametrize("rate", [0, 3_999, 768_001])
def test_a_rate_that_no_file_has_is_refused(rate: int) -> None:
    with pytest.raises(BadRequest, match="frames a second"):
        rhythm(rate)


def test_too_many_channels_are_refused() -> None:
    with pytest.raises(BadRequest, match="channels"):
        pcm(8_000, 65, "s16")


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_pythons_own_reader_finds_the_rhythm_and_then_the_sound(width: int, channels: int) -> None:
    file = BytesIO()
    with wave.open(file, "wb") as out:
        out.setparams((channels, width, 11_025, 0, "NONE", ""))
        out.writeframes(SOUND[: 5 * width * channels])
    with wave.open(BytesIO(prefixed(file.getvalue()))) as back:
        assert back.getnframes() == 5 + frames(11_025)
        sample: Sample = ("u8", "s16", "s24", "s32")[width - 1]
        assert back.readframes(frames(11_025)) == pcm(11_025, channels, sample)
        assert back.readframes(5) == SOUND[: 5 * width * channels]


def test_both_labels_go_together() -> None:
    new = labelled(WAV, prefixed(wav()))
    assert [one.raw for one in labels(WAV, new)] == [LABEL.inner()]
    assert new.endswith(pcm(8000, 1, "s16") + SOUND)
    assert unpack("<I", new[4:8])[0] == len(new) - 8


@pytest.mark.parametrize("size", [0, 0xFFFF_FFFF])
def test_a_length_that_was_not_known_stays_so(size: int) -> None:
    new = prefixed(wav(size=size))
    assert new[4:8] == pack("<I", size)
    assert new.endswith(b"data" + pack("<I", size) + pcm(8000, 1, "s16") + SOUND)


def test_lengths_of_64_bits_grow() -> None:
    new = prefixed(wav_large())
    added = len(pcm(8000, 1, "s16"))
    assert unpack("<QQQ", new[20:44]) == (len(new) - 8, 64 + added, 32 + frames(8000))


def test_what_counts_frames_moves() -> None:
    cue = pack("<I", 2) + pack("<II4sIII", 1, 5, b"data", 0, 0, 5) * 2
    loop = pack("<9I", *[0] * 7, 1, 0) + pack("<6I", 0, 0, 3, 9, 0, 0)
    fact = pack("<I", 8)
    chunks = (riff_chunk(b"fact", fact), riff_chunk(b"cue ", cue), riff_chunk(b"smpl", loop))
    new = prefixed(made(3, 2, 32, SOUND, *chunks))
    more = frames(8000)
    assert unpack("<I", new[new.index(b"fact") + 8 :][:4]) == (8 + more,)
    assert unpack("<II4sIII", new[new.index(b"cue ") + 12 :][:24]) == (
        *(1, 5 + more, b"data", 0, 0, 5 + more),
    )
    assert unpack("<6I", new[new.index(b"smpl") + 44 :][:24]) == (0, 0, 3 + more, 9 + more, 0, 0)


def test_the_extensible_form_is_read() -> None:
    fields = pack("<HHIIHH", 0xFFFE, 1, 8000, 16000, 2, 16) + pack("<HHIH", 22, 16, 4, 1)
    data = riff_chunk(
        b"RIFF",
        b"WAVE" + riff_chunk(b"fmt ", fields + bytes(14)) + riff_chunk(b"data", SOUND),
    )
    assert prefixed(data).endswith(pcm(8000, 1, "s16") + SOUND)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (made(7, 1, 8, SOUND), "not compressed"),
        (made(2, 1, 4, SOUND), "not compressed"),
        (made(1, 1, 12, SOUND), "not compressed"),
        (wav(riff_chunk(b"cue ", pack("<I", 9))), "length"),
        (wav().replace(FORMAT, FORMAT[:20] + b"\7\0" + FORMAT[22:]), "fmt"),
        (wav().replace(FORMAT, riff_chunk(b"fmt ", FORMAT[8:22] + bytes(1))), "fmt"),
        (wav()[:-1], "ends before"),
    ],
)
def test_what_cannot_hold_the_rhythm_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(BadRequest, match=why):
        prefixed(data)
