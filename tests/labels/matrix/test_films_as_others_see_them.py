"""Labelled films as ffprobe, mediainfo and exiftool see them: every layout that ffmpeg writes."""

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

VIDEO = ["-c:v", "mpeg4", "-g", "5", "-c:a", "aac"]
TOLD = ["-metadata", "title=a title", "-metadata", "comment=说明"]
KEYS = ["-movflags", "use_metadata_tags", "-metadata", "own=a key of its own"]
FRAGMENTS = "frag_keyframe+empty_moov"
MADE: dict[str, list[str]] = {
    "plain.mp4": [*VIDEO, *TOLD],
    "fast.mp4": [*VIDEO, *TOLD, "-movflags", "faststart"],
    "keys.mp4": [*VIDEO, *TOLD, *KEYS],
    "ours.mp4": [*VIDEO, *KEYS, "-metadata", f"AIGC={OTHER.inner()}"],
    "fragments.mp4": [*VIDEO, *TOLD, "-movflags", FRAGMENTS],
    "dash.mp4": [*VIDEO, "-movflags", f"{FRAGMENTS}+default_base_moof+global_sidx"],
    "fast.mov": [*VIDEO, *TOLD, "-movflags", "faststart"],
    "keys.mov": [*VIDEO, *TOLD, *KEYS],
    "plain.m4a": ["-vn", "-c:a", "aac", *TOLD],
}
CASES = [
    *MADE,
    "labelled fast.mp4",
    "labelled fragments.mp4",
    "exiftool fast.mp4",
    "exiftool fast.mov",
    "xmp plain.m4a",
    "xmp fast.mov",
]
SECOND = "Duplicate tag 'meta' at MOV-Movie-UserData"
CONFIG = """
%Image::ExifTool::UserDefined = (
  'Image::ExifTool::QuickTime::Keys' => { 'AIGC' => { Name => 'Aigc' } },
  'Image::ExifTool::XMP::Main' => {
    TC260 => { SubDirectory => { TagTable => 'Image::ExifTool::UserDefined::TC260' } } } );
%Image::ExifTool::UserDefined::TC260 = ( GROUPS => { 0 => 'XMP', 1 => 'XMP-TC260', 2 => 'Image' },
  NAMESPACE => { 'TC260' => 'http://www.tc260.org.cn/ns/AIGC/1.0/' }, WRITABLE => 'string',
  AIGC => { } );
1;
"""


class Case(NamedTuple):
    form: Format
    old: Path
    new: Path


def run(*command: str) -> str:
    if shutil.which(command[0]) is None:
        missing(f"{command[0]} is not installed")
    done = subprocess.run(command, capture_output=True, check=True, timeout=100)  # noqa: S603 - fixed programs
    return done.stdout.decode()


def missing(what: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Case]:
    old, new = tmp_path_factory.mktemp("old"), tmp_path_factory.mktemp("new")
    (config := old.parent / "exiftool.config").write_text(CONFIG)
    source = ["-f", "lavfi", "-i", "testsrc=d=2:s=64x48:r=10", "-f", "lavfi", "-i", "sine=d=2"]
    outputs = [one for name, how in MADE.items() for one in (*how, str(old / name))]
    run("ffmpeg", "-v", "error", *source, *outputs)
    for case in CASES[len(MADE) :]:
        state, _, name = case.partition(" ")
        data = (old / name).read_bytes()
        form = next(one for one in FORMATS if one.matches(data[:4096]))
        (old / case).write_bytes(labelled(form, data, OTHER) if state == "labelled" else data)
    for state, field in (("exiftool", "Keys:Aigc"), ("xmp", "XMP-TC260:AIGC")):
        files = [str(old / case) for case in CASES if case.startswith(f"{state} ")]
        write = ["exiftool", "-config", str(config), "-q", "-q", "-m", "-overwrite_original"]
        run(*write, f"-{field}={OTHER.inner()}", *files)
    pairs = {}
    for case in CASES:
        data = (old / case).read_bytes()
        form = next(one for one in FORMATS if one.matches(data[:4096]))
        (new / case).write_bytes(labelled(form, data))
        pairs[case] = Case(form, old / case, new / case)
    return pairs


@pytest.fixture(scope="module")
def exiftool(cases: dict[str, Case]) -> dict[Path, dict[str, Any]]:
    folders = {str(one.parent) for case in cases.values() for one in (case.old, case.new)}
    told = json.loads(run("exiftool", "-j", "-a", "-G1", "-validate", "-all", *folders))
    return {Path(one["SourceFile"]): one for one in told}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest, cases: dict[str, Case]) -> Case:
    return cases[request.param]


def tags(path: Path) -> dict[str, Any]:
    show = ["-show_format", "-show_streams", "-show_chapters", "-of", "json"]
    told: dict[str, Any] = json.loads(run("ffprobe", "-v", "error", *show, str(path)))
    for field in ("filename", "size", "bit_rate"):
        told["format"].pop(field, None)
    return told


def packets(path: Path) -> tuple[bytes, int]:
    """Return a digest of every packet, and how many lines of warnings there were."""
    done = subprocess.run(  # noqa: S603 - a fixed program
        ["ffmpeg", "-v", "warning", "-i", str(path), "-c", "copy", "-f", "framemd5", "-"],  # noqa: S607 - the one that is installed
        capture_output=True,
        check=True,
        timeout=100,
    )
    return done.stdout, done.stderr.count(b"\n")


def test_a_label_that_was_there_was_found(case: Case) -> None:
    expected = 0 if case.old.name in MADE and case.old.name != "ours.mp4" else 1
    assert len(labels(case.form, case.old.read_bytes())) == expected


def test_ffprobe_sees_the_label_and_all_that_was_there(case: Case) -> None:
    before, after = tags(case.old), tags(case.new)
    assert after["format"]["tags"].pop("AIGC") == LABEL.inner()
    there = before["format"]["tags"]
    there.pop("AIGC", None)
    there.pop("com.apple.quicktime.AIGC", None)
    assert after == before


def test_the_packets_are_the_same_and_found_without_complaint(case: Case) -> None:
    one, two = (packets(path) for path in (case.old, case.new))
    assert one == two
    old, new = case.old.read_bytes(), case.new.read_bytes()
    assert payload(case.form, old) == payload(case.form, new)


def test_mediainfo_sees_the_label(case: Case) -> None:
    assert LABEL.inner() in run("mediainfo", "-f", str(case.new)).replace(" / ", "/")


def test_exiftool_sees_the_label_and_all_that_was_there(
    case: Case, exiftool: dict[Path, dict[str, Any]]
) -> None:
    before, after = exiftool[case.old], exiftool[case.new]
    assert [json.loads(after["Keys:AIGC"])] == [json.loads(LABEL.inner())]
    assert not any("older" in str(value) for value in after.values())
    moved = (
        "ExifTool:",
        "File:",
        "System:",
        "SourceFile",
        "Composite:AvgBitrate",
        "QuickTime:MediaDataOffset",
    )
    # beside iTunes' list, which stays, the guides' keys are a second box of that name
    assert after.get("ExifTool:Warning") in (before.get("ExifTool:Warning"), SECOND)
    for name, value in before.items():
        # of handlers JSON shows one for all: the film's last
        if not name.startswith(moved) and "AIGC" not in name.upper() and ":Handler" not in name:
            assert after.get(name) == value, name
