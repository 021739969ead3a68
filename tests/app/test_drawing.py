"""Films and HEIC through the door: by a process of their own."""

from pathlib import Path

import av
import numpy as np
import pillow_heif
import pytest
from PIL import Image

from hegui.app import drawing, labelling
from hegui.app.apart import environment
from hegui.terms import BadRequest
from hegui.testing.labelled import LABEL


def made(path: Path, codec: str = "mpeg4") -> Path:
    with av.open(str(path), "w") as out:
        film = out.add_stream(codec, rate=10)
        film.width, film.height, film.pix_fmt = 160, 120, "yuv420p"
        for number in range(8):
            picture = np.full((120, 160, 3), 200 + number, np.uint8)
            out.mux(film.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        out.mux(film.encode(None))
    return path


def test_a_film_gets_its_notice_and_its_label_by_one_command(tmp_path: Path) -> None:
    path, told = made(tmp_path / "a.mp4"), []
    written = labelling.label(
        path, tmp_path / "b.mp4", LABEL, "auto", how=drawing.How("auto", told.append)
    )
    assert (written.explicit, written.form) == ("drawn", "mp4-keys")
    assert written.encoded == "mpeg4, mpeg4, whole"
    (found,) = labelling.seen(tmp_path / "b.mp4").found
    assert found.parsed is not None
    assert found.parsed.implicit == LABEL
    with av.open(str(tmp_path / "b.mp4")) as opened:
        frame = next(opened.decode(video=0)).to_ndarray(format="gray")
    assert int(frame.max()) - int(frame.min()) > 120  # letters and plate, on a plain ground
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.mp4", "b.mp4"]


def heic(path: Path) -> Path:
    pillow_heif.from_pillow(Image.new("RGB", (160, 120), (200, 210, 220))).save(path)
    return path


def test_a_heic_gets_its_notice_and_its_label_by_one_command(tmp_path: Path) -> None:
    path, told = heic(tmp_path / "a.heic"), []
    written = labelling.label(
        path, tmp_path / "b.heic", LABEL, "auto", how=drawing.How(told=told.append)
    )
    assert (written.explicit, written.form) == ("drawn", "heif-xmp")
    assert written.encoded.startswith("hevc, x265, quality ")
    (found,) = labelling.seen(tmp_path / "b.heic").found
    assert found.parsed is not None
    assert found.parsed.implicit == LABEL
    shown = np.asarray(pillow_heif.open_heif(tmp_path / "b.heic"))
    assert int(shown.max()) - int(shown.min()) > 120  # letters and plate, on a plain ground
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.heic", "b.heic"]


def test_a_heic_that_would_lose_something_is_left_as_it_is(tmp_path: Path) -> None:
    path = heic(tmp_path / "a.heic")
    path.write_bytes(before := path.read_bytes().replace(b"pixi", b"cmex"))
    with pytest.raises(BadRequest) as caught:
        labelling.label(path, path, LABEL, "auto")
    assert caught.value.code == "heic_parts"
    assert "cmex" in caught.value.words.zh
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["a.heic"]


def test_a_refusal_of_the_process_is_a_refusal_here_and_leaves_nothing(tmp_path: Path) -> None:
    path = made(tmp_path / "a.mp4")
    before = path.read_bytes()
    with pytest.raises(BadRequest) as caught:
        labelling.label(path, path, LABEL, "auto", how=drawing.How("nothing"))
    assert "nothing" in caught.value.words.zh
    assert caught.value.param == "encoder"
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["a.mp4"]


def test_a_process_that_stands_still_is_ended(tmp_path: Path) -> None:
    path = made(tmp_path / "a.mp4")
    with pytest.raises(BadRequest, match="stood still"):
        labelling.label(path, path, LABEL, "auto", how=drawing.How(stalled=0.0))
    assert [one.name for one in tmp_path.iterdir()] == ["a.mp4"]


def test_what_a_library_prints_is_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = made(tmp_path / "a.mp4")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "av.py").write_text(
        "print('SVT [warn]\\n7', flush=True)\nraise SystemExit"
    )
    monkeypatch.syspath_prepend(tmp_path / "other")  # this process has the right one
    with pytest.raises(BadRequest, match="broke over"):
        labelling.label(path, path, LABEL, "auto")


def test_a_film_with_a_manifest_is_refused_before_it_is_drawn_upon(tmp_path: Path) -> None:
    path = made(tmp_path / "a.mp4")
    kind = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
    path.write_bytes(path.read_bytes() + b"\0\0\0\x20uuid" + kind + bytes(8))
    with pytest.raises(BadRequest) as caught:
        labelling.label(path, tmp_path / "b.mp4", LABEL, "auto", how=drawing.How("nothing"))
    assert caught.value.code == "manifest"
    assert not (tmp_path / "b.mp4").exists()


def test_a_process_that_dies_is_a_refusal() -> None:
    with pytest.raises(BadRequest, match="broke over"):
        drawing._outcome({})


def test_the_process_sees_nothing_of_our_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UPSTREAM_KEY", "made up")
    assert "made up" not in environment().values()
