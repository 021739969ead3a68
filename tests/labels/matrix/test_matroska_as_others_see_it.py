"""Labelled Matroska files as ffprobe, mediainfo and mkvmerge see them."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import pytest

from hegui.labels.container import Format
from hegui.labels.formats import FORMATS
from hegui.testing.labelled import LABEL, OTHER, labelled, labels, payload

WEB = ["-c:v", "libvpx", "-c:a", "libopus"]
VIDEO = ["-c:v", "mpeg4", "-g", "5", "-c:a", "aac"]
TOLD = ["-metadata", "title=a title", "-metadata", "comment=说明"]
MADE: dict[str, list[str]] = {
    "plain.mkv": [*VIDEO, *TOLD],
    "front.mkv": [*VIDEO, *TOLD, "-cues_to_front", "1", "-reserve_index_space", "2000"],
    "bare.mkv": [*VIDEO, "-fflags", "+bitexact"],
    "ours.mkv": [*VIDEO, *TOLD, "-metadata", f"AIGC={OTHER.inner()}"],
    "plain.webm": [*WEB, *TOLD],
    "live.webm": [*WEB, "-live", "1"],
}
CASES = [*MADE, "merged.mkv", "labelled plain.mkv", "labelled live.webm"]


class Case(NamedTuple):
    form: Format
    old: Path
    new: Path


def missing(what: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


def run(*command: str) -> tuple[bytes, bytes]:
    if shutil.which(command[0]) is None:
        missing(f"{command[0]} is not installed: apt-get install ffmpeg mediainfo mkvtoolnix")
    done = subprocess.run(command, capture_output=True, check=True, timeout=100)  # noqa: S603 - fixed programs
    return done.stdout, done.stderr


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Case]:
    old, new = tmp_path_factory.mktemp("old"), tmp_path_factory.mktemp("new")
    source = ["-f", "lavfi", "-i", "testsrc=d=2:s=64x48:r=10", "-f", "lavfi", "-i", "sine=d=2"]
    outputs = [one for name, how in MADE.items() for one in (*how, str(old / name))]
    run("ffmpeg", "-v", "error", *source, *outputs)
    run("mkvmerge", "-q", "-o", str(old / "merged.mkv"), str(old / "plain.mkv"))
    pairs = {}
    for case in CASES:
        name = case.removeprefix("labelled ")
        data = (old / name).read_bytes()
        form = next(one for one in FORMATS if one.matches(data[:4096]))
        if case != name:
            (old / case).write_bytes(data := labelled(form, data, OTHER))
        (new / case).write_bytes(labelled(form, data))
        pairs[case] = Case(form, old / case, new / case)
    return pairs


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest, cases: dict[str, Case]) -> Case:
    return cases[request.param]


def tags(path: Path) -> dict[str, Any]:
    show = ["-show_format", "-show_streams", "-show_chapters", "-of", "json"]
    told: dict[str, Any] = json.loads(run("ffprobe", "-v", "error", *show, str(path))[0])
    for field in ("filename", "size", "bit_rate"):
        told["format"].pop(field, None)
    return told


def test_a_label_that_was_there_was_found(case: Case) -> None:
    expected = 1 if case.old.name.startswith(("labelled", "ours")) else 0
    assert len(labels(case.form, case.old.read_bytes())) == expected


def test_ffprobe_sees_the_label_and_all_that_was_there(case: Case) -> None:
    before, after = tags(case.old), tags(case.new)
    assert after["format"]["tags"].pop("AIGC") == LABEL.inner()
    before["format"].setdefault("tags", {}).pop("AIGC", None)
    assert after == before


def test_the_packets_are_the_same_and_found_without_complaint(case: Case) -> None:
    copy = ["-c", "copy", "-f", "framemd5", "-"]
    one, two = (
        run("ffmpeg", "-v", "warning", "-i", str(path), *copy) for path in (case.old, case.new)
    )
    assert one == two
    old, new = case.old.read_bytes(), case.new.read_bytes()
    assert payload(case.form, old) == payload(case.form, new)


def test_the_middle_of_a_film_is_found(case: Case) -> None:
    seek = ["-f", "framemd5", "-"]
    one, two = (
        run("ffmpeg", "-v", "error", "-ss", "1.2", "-i", str(path), "-c", "copy", *seek)
        for path in (case.old, case.new)
    )
    assert one == two


def test_mediainfo_and_mkvmerge_see_a_whole_file(case: Case) -> None:
    told = run("mediainfo", "-f", str(case.new))[0].decode()
    assert LABEL.inner() in told.replace(" / ", "/")
    seen = json.loads(run("mkvmerge", "-J", str(case.new))[0])
    assert not seen["errors"]
    assert not seen["warnings"]
    assert sum(one["num_entries"] for one in seen["global_tags"]) >= 1
