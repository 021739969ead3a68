"""Streamed sound: the label in front, whatever the pieces, and nothing held but the header."""

import random
from struct import pack

import pytest

from hegui.labels.container import Format
from hegui.labels.formats import flac, mpeg_audio, ogg, wav
from hegui.labels.streamed import Kind, streamed
from hegui.terms import BadRequest
from hegui.testing import sounds
from hegui.testing.labelled import LABEL, OTHER, labelled, labels, payload

FORMS: dict[str, Format] = {
    "mp3": mpeg_audio.MP3,
    "aac": mpeg_audio.AAC,
    "wav": wav.WAV,
    "flac": flac.FLAC,
    "ogg": ogg.OGG,
    "opus": ogg.OPUS,
}
KINDS: tuple[Kind, ...] = ("mp3", "aac", "wav", "flac", "ogg", "opus")
COVER = b"METADATA_BLOCK_PICTURE=" + b"x" * (255 * 254 + 100)
FIRST = sounds.opus()[28:47]
TAG = sounds.id3_tag(sounds.id3_frame(b"TIT2", b"\0a title"))
FILES: dict[str, tuple[Kind, bytes]] = {
    name: (kind, data)
    for name, data in sounds.samples().items()
    for kind in KINDS
    if name.split()[0] == kind
}
FILES["opus that grows by a page"] = (
    "opus",
    sounds.stream([(FIRST,), (b"OpusTags" + sounds.comments(COVER),)], 9),
)
FILES["flac behind a tag"] = ("flac", TAG + sounds.flac())


@pytest.fixture(params=FILES)
def file(request: pytest.FixtureRequest) -> tuple[Kind, bytes]:
    return FILES[request.param]


def through(kind: Kind, data: bytes, *cuts: int) -> bytes:
    stream = streamed(kind, LABEL.inner())
    out, past = b"", 0
    for cut in (*sorted(cuts), len(data)):
        out += stream.feed(data[past:cut])
        past = cut
    return out + stream.end()


def file_name(data: bytes) -> str:
    return next(name for name, (_, one) in FILES.items() if one is data)


def test_a_stream_is_the_same_as_the_labelled_file(file: tuple[Kind, bytes]) -> None:
    kind, data = file
    assert through(kind, data) == labelled(FORMS[kind], data)


def test_a_stream_that_has_a_label_gets_ours_alone(file: tuple[Kind, bytes]) -> None:
    kind, data = file
    new = through(kind, labelled(FORMS[kind], data, OTHER))
    assert [one.raw for one in labels(FORMS[kind], new)] == [LABEL.inner()]
    assert payload(FORMS[kind], new) == payload(FORMS[kind], data)


def test_it_does_not_matter_where_a_stream_is_cut(file: tuple[Kind, bytes]) -> None:
    kind, data = file
    whole = through(kind, data)
    chance = random.Random(12)
    if len(data) < 5000:
        assert through(kind, data, *range(1, len(data))) == whole
    for _ in range(20):
        assert through(kind, data, *(chance.randrange(len(data)) for _ in range(4))) == whole


def test_the_label_leaves_before_the_sound_has_come(file: tuple[Kind, bytes]) -> None:
    kind, data = file
    stream = streamed(kind, LABEL.inner())
    out, fed = b"", 0
    while not out:
        assert not stream.labelled
        out = stream.feed(data[fed : fed + 1])
        fed += 1
    assert stream.labelled
    assert b"ProduceID" in out
    assert len(out) >= fed
    if "grows" not in file_name(data):
        assert stream.feed(data[fed : fed + 1]) == data[fed : fed + 1]


def test_a_stream_that_ends_within_its_header_is_refused(file: tuple[Kind, bytes]) -> None:
    kind, data = file
    stream = streamed(kind, LABEL.inner())
    assert stream.feed(data[:3]) == b""
    with pytest.raises(BadRequest, match="ends before"):
        stream.end()


def test_a_stream_of_nothing_is_nothing(file: tuple[Kind, bytes]) -> None:
    assert through(file[0], b"") == b""


def test_pcm_goes_through_as_it_is() -> None:
    stream = streamed("pcm", LABEL.inner())
    assert stream.feed(b"\1\2") + stream.end() == b"\1\2"
    assert not stream.labelled


@pytest.mark.parametrize("size", [0, 0xFFFF_FFFF])
def test_a_wav_of_unknown_length_stays_so(size: int) -> None:
    new = through("wav", sounds.wav(size=size))
    assert new[4:8] == pack("<I", size)
    assert new.endswith(b"data" + pack("<I", size) + bytes(range(64)))


def test_a_wav_whose_length_is_known_says_the_new_one() -> None:
    new = through("wav", sounds.wav())
    assert int.from_bytes(new[4:8], "little") == len(new) - 8


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("mp3", b'{"error": "no"}'),
        ("mp3", TAG + b"no frame at all"),
        ("mp3", b"ID3\3\0\0\x7f\x7f\x7f\x7f"),
        ("mp3", sounds.id3_tag(b"") * 1001 + sounds.mp3()),
        ("aac", b"<html></html>"),
        ("wav", b'{"error": "no"}'),
        ("wav", sounds.wav()[:12] + b"LIST\xff\xff\xff\x7f"),
        ("wav", sounds.wav()[:12] + sounds.wav()[36:]),
        ("wav", sounds.wav(*[sounds.riff_chunk(b"none", b"")] * 1001)),
        ("wav", b"RF64" + sounds.wav()[4:]),
        ("wav", b"RIFF\xfe\xff\xff\xff" + sounds.wav()[8:]),
        ("flac", b'{"error": "no"}'),
        ("flac", sounds.flac(*[(2, b"")] * 1001)),
        ("ogg", b'{"error": "no"}'),
        ("ogg", sounds.page(7, 0, 2, b"\x80theora", b"", b"")),
        ("opus", sounds.page(7, 0, 2, FIRST) + sounds.page(7, 1, 0, b"OpusMore")),
    ],
)
def test_a_malformed_start_is_refused_before_a_byte_is_sent(kind: Kind, data: bytes) -> None:
    stream = streamed(kind, LABEL.inner())
    with pytest.raises(BadRequest):
        stream.feed(data)
    assert not stream.labelled
