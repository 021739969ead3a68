"""The notice burnt into AVI and FLV, which give pictures places and number streams as they come."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hegui.labels.explicit import film
from hegui.labels.explicit.film_frames import Overlay
from hegui.terms import BadRequest

from .conftest import RATE, decoded, encoded


def burnt(data: bytes, form: str, target: Path) -> tuple[bytes, film.Burnt]:
    done = film.burnt(io.BytesIO(data), form, str(target), "auto", lambda _: None)
    return target.read_bytes(), done


def times(frames: list[Any]) -> list[float]:
    return [round(float(one.pts * one.time_base), 2) for one in frames]


def squares(frames: list[Any]) -> list[float]:
    """Return how far to the right the square stands on each frame."""
    return [
        float(np.nonzero(one.to_ndarray(format="gray")[20:40].mean(axis=0) < 200)[0].mean())
        for one in frames
    ]


@pytest.mark.parametrize(
    ("form", "codec", "sound", "became"),
    [
        ("avi", "mpeg4", "pcm_s16le", "mpeg4"),
        ("avi", "mjpeg", "libmp3lame", "mjpeg"),
        ("avi", "libx264", "pcm_s16le", "mpeg4"),
        ("flv", "flv", "", "flv1"),
        ("flv", "libx264", "aac", "flv1"),
    ],
)
def test_the_notice_is_there_and_sound_and_order_stay(
    form: str, codec: str, sound: str, became: str, tmp_path: Path
) -> None:
    pixels = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    ticks = RATE if form == "avi" else 1000
    data = encoded(
        tmp_path / f"a.{form}", form, codec, pixels=pixels, sound=sound, ticks=ticks, seconds=3.5
    )
    made, done = burnt(data, form, tmp_path / f"b.{form}")
    if done.encoder != "libopenh264":
        assert done.became == became
    (old, before), (new, after) = decoded(data), decoded(made)
    assert len(new) == len(old) == 3.5 * RATE
    assert [one[1] for one in after.get("audio", [])] == [one[1] for one in before.get("audio", [])]
    assert np.allclose(squares(new), squares(old), atol=2)  # none was shown before another
    if codec != "libx264" or form == "flv":
        assert times(new) == times(old)
    overlay = Overlay(old[0])
    contrast = [overlay.contrast(one) for one in new]
    shown = [one - times(new)[0] < film.SHOWN for one in times(new)]
    assert 0 < sum(shown) < len(shown)
    assert all((one > 0.5) is there for one, there in zip(contrast, shown, strict=True))


def test_places_in_an_avi_are_given_in_the_order_of_showing(tmp_path: Path) -> None:
    """Its pictures are stored in the order of decoding, and no time says which comes first."""
    about = {"max_b_frames": 2}
    data = encoded(tmp_path / "a.avi", "avi", "libx264", ticks=RATE, seconds=2, about=about)
    new = decoded(burnt(data, "avi", tmp_path / "b.avi")[0])[0]
    assert times(new) == [round(at / RATE, 2) for at in range(2 * RATE)]
    assert squares(new) == sorted(squares(new))


def test_places_that_hold_no_picture_stay_empty(tmp_path: Path) -> None:
    """Who drops a frame leaves its place empty, and a film says how many places it has."""
    path, skip = tmp_path / "a.avi", (3, 4, 5, 11)
    data = encoded(path, "avi", "mpeg4", ticks=RATE, seconds=1.5, skip=skip, sound="pcm_s16le")
    new = decoded(burnt(data, "avi", tmp_path / "b.avi")[0])[0]
    assert times(new) == [number / RATE for number in range(15) if number not in skip]


def test_sound_whose_times_an_avi_would_lose_is_refused(tmp_path: Path) -> None:
    data = encoded(tmp_path / "a.avi", "avi", "mpeg4", sound="ac3", ticks=RATE, seconds=2)
    with pytest.raises(BadRequest, match="its times"):
        burnt(data, "avi", tmp_path / "b.avi")


@pytest.mark.parametrize("form", ["avi", "flv"])
def test_what_is_cut_off_is_refused(form: str, tmp_path: Path) -> None:
    codec, ticks = ("mpeg4", RATE) if form == "avi" else ("flv", 1000)
    data = encoded(tmp_path / f"a.{form}", form, codec, ticks=ticks, seconds=1)
    for end in (0, 12, 300):
        with pytest.raises(BadRequest):
            burnt(data[:end], form, tmp_path / f"b.{form}")
