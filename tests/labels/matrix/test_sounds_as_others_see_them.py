"""Labelled sound and film as ffprobe, exiftool and mediainfo see them, made by ffmpeg."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import numpy as np
import pytest

from hegui.labels.container import Format, Memory
from hegui.labels.explicit.rhythm import SHORT
from hegui.labels.explicit.rhythm_mp3 import with_rhythm as with_frames
from hegui.labels.explicit.rhythm_wav import with_rhythm
from hegui.labels.formats import FORMATS
from hegui.labels.splicing import joined
from hegui.testing.labelled import LABEL, OTHER, holds, labelled, labels, payload

SOUND = ["-f", "lavfi", "-i", "sine=440:d=1:r=44100"]
FILM = [*SOUND, "-f", "lavfi", "-i", "testsrc=s=64x48:d=1:r=10"]
BOTH = ["-map", "0", "-map", "1"]
RICH = ["-metadata", "title=a title", "-metadata", "artist=甲"]
MADE: dict[str, tuple[str, list[str]]] = {
    "mp3": ("mp3", []),
    "mp3-2.4": ("mp3", ["-id3v2_version", "4", "-write_id3v1", "1"]),
    "mp3-bare": ("mp3", ["-id3v2_version", "0"]),
    "aac": ("aac", []),
    "wav": ("wav", []),
    "wav-rf64": ("wav", ["-rf64", "always"]),
    "flac": ("flac", []),
    "ogg": ("ogg", ["-c:a", "libvorbis"]),
    "opus": ("opus", ["-c:a", "libopus"]),
    "avi": ("avi", BOTH),
    "flv": ("flv", BOTH),
    "flv-keyframes": ("flv", [*BOTH, "-flvflags", "add_keyframe_index", "-g", "5"]),
}
STATES = ("fresh", "rich", "labelled", "by-ffmpeg")
CASES = [f"{name}.{state}" for name in MADE for state in STATES]
NOT_SHOWN = ("wav",)  # no reader shows a chunk of its own
NOT_SHOWN_BY_EXIFTOOL = ("wav", "avi")
NO_PLACE_IN_FFMPEG = ("wav", "avi", "aac", "mp3-bare")


class Case(NamedTuple):
    name: str
    form: Format
    before: Path
    after: Path
    exiftool: dict[str, Any]
    mediainfo: str


def missing(what: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


def run(program: str, *arguments: str) -> str:
    if shutil.which(program) is None:
        missing(
            f"{program} is not installed: apt-get install ffmpeg libimage-exiftool-perl mediainfo"
        )
    done = subprocess.run(  # noqa: S603 - fixed programs, on files of the test
        [program, *arguments], capture_output=True, check=True, timeout=100
    )
    assert program != "ffmpeg" or done.stderr == b""
    return done.stdout.decode()


def tags(path: Path) -> dict[str, str]:
    told = json.loads(
        run("ffprobe", "-v", "error", "-show_format", "-show_streams", "-of", "json", str(path))
    )
    found = told["format"].get("tags", {})
    for stream in told["streams"]:
        found |= stream.get("tags", {})
    return {name.upper(): value for name, value in found.items()}


def packets(path: Path) -> str:
    return run(
        "ffmpeg", "-v", "error", "-i", str(path), "-map", "0", "-c", "copy", "-f", "streamhash", "-"
    )


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Case]:
    old, new = tmp_path_factory.mktemp("old"), tmp_path_factory.mktemp("new")
    made = {}
    for name, (suffix, given) in MADE.items():
        arguments = FILM if "-map" in given else SOUND
        for state, metadata in (
            ("fresh", []),
            ("rich", RICH),
            ("by-ffmpeg", ["-metadata", f"AIGC={OTHER.inner()}"]),
        ):
            path = old / f"{name}.{state}.{suffix}"
            arguments = [*arguments, *given, *metadata, "-threads", "1", str(path)]
        run("ffmpeg", "-v", "error", *arguments)
        plain = old / f"{name}.fresh.{suffix}"
        form = next(one for one in FORMATS if one.matches(plain.read_bytes()[:4096]))
        data = labelled(form, plain.read_bytes(), OTHER)
        (old / f"{name}.labelled.{suffix}").write_bytes(data)
        for state in STATES:
            before, after = (one / f"{name}.{state}.{suffix}" for one in (old, new))
            after.write_bytes(labelled(form, before.read_bytes()))
            made[f"{name}.{state}"] = (name, form, before, after)
    paths = [str(one[3]) for one in made.values()]
    by_exiftool = json.loads(run("exiftool", "-j", "-a", "-G1", *paths))
    by_mediainfo = json.loads(run("mediainfo", "--Output=JSON", *paths))
    return {
        case: Case(*one, exif, str(info))
        for (case, one), exif, info in zip(made.items(), by_exiftool, by_mediainfo, strict=True)
    }


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest, cases: dict[str, Case]) -> Case:
    return cases[request.param]


def test_we_read_one_label_and_the_same_content(case: Case) -> None:
    before, after = case.before.read_bytes(), case.after.read_bytes()
    assert [one.raw for one in labels(case.form, after)] == [LABEL.inner()]
    assert b"older" not in after
    assert payload(case.form, after) == payload(case.form, before)
    assert holds(case.form, before)


@pytest.mark.parametrize("name", MADE)
def test_ffprobe_reads_the_label_and_what_was_there(name: str, cases: dict[str, Case]) -> None:
    case = cases[f"{name}.rich"]
    found, before = tags(case.after), tags(case.before)
    if not case.name.startswith(NOT_SHOWN):
        assert found.pop("AIGC") == LABEL.inner()
    grown = case.after.stat().st_size - case.before.stat().st_size
    for place in {"FILESIZE", "LASTKEYFRAMELOCATION"} & before.keys():
        assert float(found.pop(place)) == float(before.pop(place)) + grown
    assert found == before


@pytest.mark.parametrize("name", MADE)
def test_ffmpeg_finds_the_same_packets_and_complains_of_nothing(
    name: str, cases: dict[str, Case]
) -> None:
    case = cases[f"{name}.labelled"]
    assert packets(case.after) == packets(case.before)


def test_mediainfo_and_exiftool_read_the_label(case: Case) -> None:
    if not case.name.startswith(NOT_SHOWN):
        assert '"ProduceID":"a-1"' in case.mediainfo
    if not case.name.startswith(NOT_SHOWN_BY_EXIFTOOL):
        assert '"ProduceID":"a-1"' in "".join(map(str, case.exiftool.values()))
    assert not any(name.endswith(":Error") for name in case.exiftool)


def test_what_ffmpeg_wrote_was_a_label(cases: dict[str, Case]) -> None:
    for name in MADE:
        found = labels(
            cases[f"{name}.by-ffmpeg"].form, cases[f"{name}.by-ffmpeg"].before.read_bytes()
        )
        assert len(found) == (0 if name.startswith(NO_PLACE_IN_FFMPEG) else 1), name


def test_seeking_in_a_film_with_an_index_still_works(cases: dict[str, Case]) -> None:
    for name in ("flv-keyframes.fresh", "avi.fresh"):
        there = [
            run(
                "ffmpeg",
                "-v",
                "error",
                "-ss",
                "0.5",
                "-i",
                str(path),
                "-map",
                "0:v",
                "-f",
                "framehash",
                "-",
            )
            for path in (cases[name].before, cases[name].after)
        ]
        assert there[0] == there[1]


def test_the_rhythm_before_a_wav_is_decoded(cases: dict[str, Case], tmp_path: Path) -> None:
    source = Memory(cases["wav.fresh"].after.read_bytes())
    (path := tmp_path / "rhythm.wav").write_bytes(joined(source, with_rhythm(source)))
    told = run(
        "ffprobe", "-v", "error", "-show_entries", "stream=duration", "-of", "csv=p=0", str(path)
    )
    assert float(told) == pytest.approx(2.4, abs=0.01)


@pytest.mark.parametrize(("rate", "channels"), [(44_100, 2), (24_000, 1)])
def test_the_rhythm_before_an_mp3_is_decoded_and_the_sound_is_the_same(
    rate: int, channels: int, tmp_path: Path
) -> None:
    before, after = tmp_path / "before.mp3", tmp_path / "after.mp3"
    sine = ["-f", "lavfi", "-i", f"sine=300:d=2:r={rate}"]
    run("ffmpeg", "-v", "error", *sine, "-ac", str(channels), str(before))
    source = Memory(before.read_bytes())
    after.write_bytes(joined(source, with_frames(source)))
    sounds = []
    for path in (before, after):
        run("ffmpeg", "-v", "error", "-i", str(path), "-ac", "1", "-f", "f32le", f"{path}.pcm")
        sounds.append(np.fromfile(f"{path}.pcm", "<f4"))
    more = len(sounds[1]) - len(sounds[0])
    assert more / rate == pytest.approx(1.45, abs=0.05)
    second = slice(rate // 2, 3 * rate // 2)
    assert np.array_equal(sounds[1][more:][second], sounds[0][second])
    short = round(SHORT * rate)
    heard = [np.abs(sounds[1][at : at + short]).max() > 0.05 for at in range(0, more, short)][:14]
    assert "".join("x" if one else "." for one in heard) == "x.xxx...x.x..."
