"""Small films, made once for all tests: a plain ground, and a square that moves."""

import io
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
import pytest

SIZE: Final = (160, 120)
RATE: Final = 10


def encoded(  # what a film can be like
    path: Path,
    form: str,
    codec: str,
    *,
    pixels: str = "yuv420p",
    seconds: float = 4,
    gop: int = 10,
    sound: str = "",
    skip: Sequence[int] = (),
    turned: float = 0,
    ticks: int = 1000,
    about: dict[str, Any] | None = None,
) -> bytes:
    """Write a film, and return it; frames whose number is in ``skip`` are left out."""
    with av.open(str(path), "w", format=form) as out:
        film = out.add_stream(codec, rate=RATE)
        film.width, film.height = SIZE
        film.pix_fmt = pixels
        film.time_base = film.codec_context.time_base = Fraction(1, ticks)
        film.codec_context.gop_size = gop
        for name, value in (about or {}).items():
            setattr(film.codec_context, name, value)
        if turned:
            film.set_display_rotation(turned)
        loud = out.add_stream(sound, rate=48_000) if sound else None
        for number in range(int(seconds * RATE)):
            if number not in skip:
                frame = _frame(number, pixels)
                frame.pts, frame.time_base = number * 1000 // RATE, Fraction(1, 1000)
                out.mux(film.encode(frame))
        if loud is not None:
            _sounded(out, loud, seconds)
        out.mux(film.encode(None))
    return path.read_bytes()


def _sounded(out: Any, loud: Any, seconds: float) -> None:
    layout = loud.codec_context.format.name
    for start in range(0, int(seconds * 48_000), 960):
        wave = np.sin(np.arange(start, start + 960) / 20).astype("f4")[np.newaxis]
        part = av.AudioFrame.from_ndarray(wave * 0.3, "fltp", "mono")
        part.rate, part.pts, part.time_base = 48_000, start, Fraction(1, 48_000)
        for one in av.AudioResampler(layout, "mono", 48_000).resample(part):
            out.mux(loud.encode(one))
    out.mux(loud.encode(None))


def _frame(number: int, pixels: str) -> Any:
    picture = np.full((SIZE[1], SIZE[0], 3), (235, 240, 250), np.uint8)
    left = number * 3 % (SIZE[0] - 20)
    picture[20:40, left : left + 20] = (200, 40, 90)
    return av.VideoFrame.from_ndarray(picture, "rgb24").reformat(format=pixels)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("films")


@pytest.fixture(scope="session")
def webm(folder: Path) -> bytes:
    return encoded(folder / "a.webm", "webm", "libvpx-vp9", sound="libopus", skip=(7, 8, 23))


@pytest.fixture(scope="session")
def mp4(folder: Path) -> bytes:
    return encoded(folder / "a.mp4", "mp4", "mpeg4", sound="aac", gop=12)


def decoded(data: bytes) -> tuple[list[Any], dict[str, Any]]:
    """Return the frames, and of each stream what its packets hold and when they are shown."""
    frames, held = [], {}
    with av.open(io.BytesIO(data)) as source:
        for packet in source.demux():
            if packet.size:
                place = held.setdefault(packet.stream.type, [])
                place.append((round(packet.pts * packet.time_base, 3), bytes(packet)))
            if packet.stream.type == "video":
                frames += packet.decode()
        held["codec"] = source.streams.video[0].codec_context.name
        held["metadata"] = source.metadata
    return frames, held
