"""The rhythm before an MP3: frames that stand alone, and a Xing header that counts them."""

from importlib.resources import files
from struct import pack, unpack

import pytest

from hegui.labels.container import Memory
from hegui.labels.explicit import rhythm_mp3
from hegui.labels.formats.mpeg_audio import MP3
from hegui.labels.splicing import joined
from hegui.terms import BadRequest
from hegui.testing.labelled import LABEL, labelled, labels
from hegui.testing.sounds import id3_frame, id3_tag, mp3

TAG = id3_tag(id3_frame(b"TIT2", b"\0a title"))
SNIPPETS = [
    f"{rate}-{n}.mp3" for rate in (16000, 22050, 24000, 32000, 44100, 48000) for n in (1, 2)
]


def snippet(name: str) -> bytes:
    return (files("hegui.labels.explicit") / "rhythms" / name).read_bytes()


def prefixed(data: bytes) -> bytes:
    return joined(Memory(data), rhythm_mp3.with_rhythm(Memory(data)))


def frames(data: bytes) -> list[rhythm_mp3._Frame]:
    there, at = [], 0
    while at < len(data):
        there.append(rhythm_mp3._frame(Memory(data), at))
        at += len(there[-1].data)
    return there


def with_xing(flags: int, count: int, size: int, *, lame: bool = False) -> bytes:
    table = bytes(n * 256 // 100 for n in range(100))
    held = b"Xing" + pack(">III", flags, count, size) + table
    frame = bytearray(b"\xff\xfb\x90\xc4" + bytes(17) + held).ljust(417, b"\0")
    if lame:
        frame[190:192] = rhythm_mp3._crc16(bytes(frame[:190])).to_bytes(2)
    return bytes(frame)


@pytest.mark.parametrize("name", SNIPPETS)
def test_every_frame_of_ours_stands_alone_and_lasts_as_long_as_the_rhythm(name: str) -> None:
    rate, channels = map(int, name.removesuffix(".mp3").split("-"))
    there = frames(snippet(name))
    for one in there:
        assert (one.rate, one.channels) == (rate, channels)
        rhythm_mp3._standing_alone(one)
    seconds = len(there) * (1152 if rate > 31_999 else 576) / rate
    assert 1.4 <= seconds < 1.6
    assert len(snippet(name)) < 20_000


@pytest.mark.parametrize("name", SNIPPETS)
def test_the_rhythm_stands_before_the_sound_in_its_own_form(name: str) -> None:
    sound = frames(snippet(name))[0].data * 3
    assert prefixed(TAG + sound) == TAG + snippet(name) + sound
    assert prefixed(sound) == snippet(name) + sound


def test_both_labels_go_together() -> None:
    new = labelled(MP3, prefixed(mp3(TAG)))
    assert [one.raw for one in labels(MP3, new)] == [LABEL.inner()]
    assert new.endswith(snippet("44100-1.mp3") + mp3())


def test_a_xing_header_stays_first_and_counts_the_rhythm() -> None:
    ours = snippet("44100-1.mp3")
    head = with_xing(7, 1000, 417_000, lame=True)
    new = prefixed(TAG + head + mp3())
    assert new.endswith(ours + mp3())
    made = new[len(TAG) : len(TAG) + 417]
    assert unpack(">II", made[29:37]) == (1000 + len(frames(ours)), 417_000 + len(ours))
    assert rhythm_mp3._crc16(made[:190]) == int.from_bytes(made[190:192])
    table = made[37:137]
    assert list(table) == sorted(table)
    # the third hundredth lies in the rhythm, the sixth just behind it
    at = (417 + len(ours) * 0.03 * (1000 + len(frames(ours))) / len(frames(ours))) * 256
    assert table[3] == int(at / (417_000 + len(ours)))
    assert table[6] >= int(256 * len(ours) / (417_000 + len(ours)))
    assert table[99] >= 250


def test_a_xing_header_without_counts_stays_as_it_is() -> None:
    head = with_xing(0, 0, 0)
    assert prefixed(head + mp3()) == head + snippet("44100-1.mp3") + mp3()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (mp3()[:100], "ends before"),
        (b"RIFF" + bytes(50), "MP3 frame"),
        (b"\xff\xfd\x90\xc4" + bytes(413), "encoding it anew"),
        (b"\xff\xe3\x90\xc4" + bytes(413), "encoding it anew"),
        (b"\xff\xfb\x00\xc4" + bytes(413), "encoding it anew"),
        (b"\xff\xfb\x90\xc4\x80" + bytes(412), "encoding it anew"),
        (b"\xff\xfb\x90\xc4" + bytes(32) + b"VBRI" + bytes(377), "encoding it anew"),
        (with_xing(7, 9, 9), "ends before"),
        (with_xing(7, 9, 9) + b"\xff\xfb\x94\xc4" + bytes(413), "MP3 frame"),
    ],
)
def test_what_cannot_hold_the_rhythm_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(BadRequest, match=why):
        prefixed(data)
