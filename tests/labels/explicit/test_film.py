"""The notice burnt into films."""

import io
import shutil
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from hegui.labels.explicit import film
from hegui.labels.explicit.film_encoders import chosen
from hegui.labels.explicit.film_frames import Overlay
from hegui.labels.explicit.plate import text_height
from hegui.terms import BadRequest

from .conftest import RATE, SIZE, decoded, encoded


def burnt(data: bytes, form: str, target: Path, encoder: str = "auto") -> tuple[bytes, film.Burnt]:
    done = film.burnt(io.BytesIO(data), form, str(target), encoder, lambda _: None)
    return target.read_bytes(), done


def grey(frame: Any) -> np.ndarray:
    return frame.to_ndarray(format="gray").astype(int)


def times(frames: list[Any]) -> list[float]:
    return [round(float(one.pts * one.time_base), 2) for one in frames]


def test_the_notice_is_on_every_frame_of_three_seconds_and_on_none_after(
    webm: bytes, tmp_path: Path
) -> None:
    made, done = burnt(webm, "webm", tmp_path / "b.webm")
    before, after = decoded(webm)[0], decoded(made)[0]
    assert (done.codec, done.became, done.encoder) == ("vp9", "vp9", "libvpx-vp9")
    assert times(after) == times(before)  # three were left out: they still are
    overlay = Overlay(before[0])
    shown = [float(one.pts * one.time_base) < film.SHOWN for one in after]
    contrast = [overlay.contrast(one) for one in after]
    assert all((one > 0.6) is there for one, there in zip(contrast, shown, strict=True))


def test_outside_the_plate_frames_stay_nearly_as_they_were(webm: bytes, tmp_path: Path) -> None:
    before, after = decoded(webm)[0], decoded(burnt(webm, "webm", tmp_path / "b.webm")[0])[0]
    overlay = Overlay(before[0])
    x, y = overlay.corner
    width, height = overlay.size
    assert width * height < SIZE[0] * SIZE[1] * 0.12  # letters of twelve pixels at least
    for old, new in zip(before, after, strict=True):
        apart = np.abs(grey(old) - grey(new))
        apart[max(0, y - 4) : y + height + 4, max(0, x - 4) : x + width + 4] = 0
        assert apart.mean() < 1.5


def test_sound_is_taken_over_packet_by_packet_and_so_is_the_film_behind_the_notice(
    webm: bytes, tmp_path: Path
) -> None:
    made, done = burnt(webm, "webm", tmp_path / "b.webm")
    before, after = decoded(webm)[1], decoded(made)[1]
    assert done.joined
    assert after["audio"] == before["audio"]
    late = [one for one in before["video"] if one[0] > film.SHOWN + 0.2]  # the next key frame
    assert after["video"][-len(late) :] == late


def test_an_mp4_keeps_codec_sound_and_times(mp4: bytes, tmp_path: Path) -> None:
    made, done = burnt(mp4, "mp4", tmp_path / "b.mp4")
    before, after = decoded(mp4), decoded(made)
    assert (done.encoder, done.joined, done.frames) == ("mpeg4", False, 4 * RATE)
    assert [one[1] for one in after[1]["audio"]] == [one[1] for one in before[1]["audio"]]
    assert times(after[0]) == times(before[0])


@pytest.mark.parametrize("turn", [90, 180, -90])
def test_a_turned_film_stays_turned_and_has_its_notice_upright(turn: int, tmp_path: Path) -> None:
    data = encoded(tmp_path / "a.mp4", "mp4", "mpeg4", seconds=0.3, turned=turn)
    overlay = Overlay(decoded(data)[0][0])
    after = decoded(burnt(data, "mp4", tmp_path / "b.mp4")[0])[0][0]
    assert (after.rotation - turn) % 360 == 0
    (x, y), (width, height) = overlay.corner, overlay.size
    seen = np.rot90(grey(after)[y : y + height, x : x + width], turn // 90)
    flat = Overlay(av.VideoFrame(*SIZE, "yuv420p"))._light
    rows, columns = (min(pair) for pair in zip(seen.shape, flat.shape, strict=True))
    pair = [one[:rows, :columns].ravel() for one in (seen, flat)]
    assert np.corrcoef(pair)[0, 1] > 0.5


def test_ten_bits_and_their_colours_stay(tmp_path: Path) -> None:
    about = {"color_primaries": 9, "color_trc": 16, "colorspace": 9, "color_range": 1}
    data = encoded(
        tmp_path / "a.mkv", "matroska", "libsvtav1", pixels="yuv420p10le", seconds=0.4, about=about
    )
    (before, *_), (after, *_) = (
        decoded(data)[0],
        decoded(burnt(data, "mkv", tmp_path / "b.mkv")[0])[0],
    )
    assert after.format.name == "yuv420p10le"
    for name in about:
        assert getattr(after, name) == getattr(before, name)
    assert 0.6 < Overlay(before).contrast(after) < 1.2


@pytest.mark.parametrize("pixels", ["yuv422p", "yuv444p", "yuv420p12le", "gray", "nv12"])
def test_each_form_of_planes_is_drawn_upon_in_one_corner(pixels: str) -> None:
    frame = av.VideoFrame.from_ndarray(np.full((120, 160, 3), 240, np.uint8), "rgb24")
    frame = frame.reformat(format=pixels)
    before = frame.to_ndarray(format="rgb24").astype(int)
    overlay = Overlay(frame)
    after = overlay.draw(frame)
    assert overlay.contrast(after) > 0.6
    apart = np.abs(after.to_ndarray(format="rgb24").astype(int) - before).max(axis=2)
    rows, columns = np.nonzero(apart > 3)
    x, y = overlay.corner
    assert columns.min() >= x - 2
    assert rows.min() >= y - 2
    assert columns.max() < x + overlay.size[0] + 2
    assert rows.max() < y + overlay.size[1] + 2


def test_the_letters_of_a_film_are_five_per_cent_of_its_shorter_side() -> None:
    frame = av.VideoFrame(1280, 720, "yuv420p")
    assert text_height(720) >= 36
    assert Overlay(frame).size[1] > 36


def test_a_film_of_h264_becomes_av1_where_only_encoders_under_the_gpl_are_there(
    tmp_path: Path,
) -> None:
    data = encoded(tmp_path / "a.mp4", "mp4", "libx264", seconds=0.5)
    made, done = burnt(data, "mp4", tmp_path / "b.mp4")
    assert done.encoder in ("libsvtav1", "libaom-av1", "libopenh264")
    assert "264" not in done.became or done.encoder == "libopenh264"
    assert len(decoded(made)[0]) == 5
    named = burnt(data, "mp4", tmp_path / "c.mp4", "libx264")[1]
    assert (named.became, named.encoder) == ("h264", "libx264")


def test_no_encoder_under_the_gpl_is_chosen_by_itself() -> None:
    for codec in ("h264", "hevc", "mpeg4", "vp9", "av1", "prores", "theora", "flv1"):
        for container in film.CONTAINERS.values():
            names = {one.name for one in chosen(av, codec, container, "auto", 0)}
            assert not names & {"libx264", "libx264rgb", "libx265", "libxvid"}


@pytest.mark.parametrize("name", ["nothing", "aac", "srt"])
def test_what_is_no_encoder_of_films_is_refused(name: str) -> None:
    with pytest.raises(BadRequest):
        chosen(av, "h264", "mp4", name, 0)


def test_a_mov_without_an_encoder_of_its_own_names_what_to_do(tmp_path: Path) -> None:
    data = encoded(tmp_path / "a.mov", "mov", "libx264", seconds=0.2)
    with pytest.raises(BadRequest, match="--encoder"):
        burnt(data, "mov", tmp_path / "b.mov")


def test_films_that_would_lose_something_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRequest):
        burnt(
            encoded(tmp_path / "a.mkv", "matroska", "ffv1", pixels="bgra", seconds=0.2),
            "mkv",
            tmp_path / "b.mkv",
        )
    shutil.copy(tmp_path / "a.mkv", tmp_path / "c.mkv")
    with av.open(str(tmp_path / "d.mkv"), "w") as out:
        sound = out.add_stream("libopus", rate=48_000)
        part = av.AudioFrame.from_ndarray(np.zeros((1, 960), "i2"), "s16", "mono")
        part.rate = 48_000
        out.mux([*sound.encode(part), *sound.encode(None)])
    with pytest.raises(BadRequest, match="0 films"):
        burnt((tmp_path / "d.mkv").read_bytes(), "mkv", tmp_path / "e.mkv")


def test_what_is_cut_off_is_refused(mp4: bytes, webm: bytes, tmp_path: Path) -> None:
    for form, data, ends in (("mp4", mp4, (0, 40, 300, len(mp4) // 2)), ("webm", webm, (0, 40))):
        for end in ends:
            with pytest.raises(BadRequest):
                burnt(data[:end], form, tmp_path / f"b.{form}")


@pytest.mark.parametrize("form", ["mp4", "mov"])
def test_chapters_stay_though_mp4_keeps_them_in_a_track(
    mp4: bytes, form: str, tmp_path: Path
) -> None:
    told = [
        {"id": n, "start": n * 2000, "end": n * 2000 + 2000, "time_base": Fraction(1, 1000),
         "metadata": {"title": title}}
        for n, title in enumerate(("one", "two"))
    ]  # fmt: skip
    path = tmp_path / f"a.{form}"
    with av.open(io.BytesIO(mp4)) as source, av.open(str(path), "w", format=form) as out:
        streams = {one.index: out.add_stream_from_template(one) for one in source.streams}
        out.set_chapters(told)
        for packet in source.demux():
            if packet.size:
                packet.stream = streams[packet.stream.index]
                out.mux(packet)
    made, _ = burnt(path.read_bytes(), form, tmp_path / f"b.{form}")
    with av.open(io.BytesIO(made)) as new, av.open(str(path)) as old:
        assert [one.type for one in new.streams] == [one.type for one in old.streams]
        assert "data" in [one.type for one in old.streams]
        names = [
            (one["metadata"]["title"], one["start"] * one["time_base"]) for one in new.chapters()
        ]
    assert names == [("one", 0), ("two", 2)]  # in seconds
