"""Labelled pictures as exiftool and Pillow see them: fresh, with rich metadata, and relabelled."""

import io
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import pytest

from hegui.labels.container import Format
from hegui.labels.formats import gif, jpeg, png, tiff, webp
from hegui.testing import pictures
from hegui.testing.labelled import LABEL, OTHER, labelled, labels, payload

CONFIG = """
%Image::ExifTool::UserDefined = ('Image::ExifTool::XMP::Main' => {
  TC260 => { SubDirectory => { TagTable => 'Image::ExifTool::UserDefined::TC260' } } });
%Image::ExifTool::UserDefined::TC260 = ( GROUPS => { 0 => 'XMP', 1 => 'XMP-TC260', 2 => 'Image' },
  NAMESPACE => { 'TC260' => 'http://www.tc260.org.cn/ns/AIGC/1.0/' }, WRITABLE => 'string',
  AIGC => { } );
1;
"""
SOURCE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
FRESH: dict[str, tuple[Format, bytes]] = {
    "jpeg": (jpeg.JPEG, pictures.jpeg()),
    "png": (png.PNG, pictures.png()),
    "apng": (png.PNG, pictures.png(frames=3)),
    **{
        f"webp-{kind}": (webp.WEBP, pictures.webp(kind))
        for kind in ("lossy", "lossless", "alpha", "animated")
    },
    "gif": (gif.GIF, pictures.gif(frames=3)),
    "tiff-ii": (tiff.TIFF, pictures.tiff("<", pages=2)),
    "tiff-mm": (tiff.TIFF, pictures.tiff(">", pages=2)),
    "tiff-large": (tiff.TIFF, pictures.tiff(big=True)),
}
STATES = ("fresh", "rich", "labelled", "by-exiftool", "by-exiftool-as-attribute")
CASES = [
    f"{name}.{state}"
    for name in FRESH
    for state in STATES
    # exiftool writes no BigTIFF
    if name != "tiff-large" or state in ("fresh", "labelled")
]
RICH = ["-XMP-dc:Title=a title", "-XMP-dc:Creator=甲", "-EXIF:Artist=an artist"]
RICH += ["-IPTC:Keywords=one", "-XMP-xmp:Rating=4"]


class Case(NamedTuple):
    form: Format
    before: bytes
    after: bytes
    seen_before: dict[str, Any]
    seen: dict[str, Any]


def missing(what: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


def opened(data: bytes) -> Any:
    try:
        from PIL import Image
    except ImportError:
        missing("Pillow is not installed: it is in the dev group")
    return Image.open(io.BytesIO(data))


def exiftool(*arguments: str) -> str:
    if shutil.which("exiftool") is None:
        missing("exiftool is not installed: apt-get install libimage-exiftool-perl")
    done = subprocess.run(  # noqa: S603 - a fixed program, on files of the test
        ["exiftool", *arguments],  # noqa: S607 - the one that is installed
        capture_output=True,
        check=False,
        timeout=100,
    )
    return done.stdout.decode()


def seen(folder: Path) -> dict[str, dict[str, Any]]:
    told = json.loads(
        exiftool("-j", "-a", "-G1", "-validate", "-warning", "-error", "-all", str(folder))
    )
    return {Path(one["SourceFile"]).name: one for one in told}


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Case]:
    old, new = tmp_path_factory.mktemp("old"), tmp_path_factory.mktemp("new")
    (config := old.parent / "exiftool.config").write_text(CONFIG)
    names = {case: f"{case}{FRESH[case.split('.')[0]][0].suffixes[0]}" for case in CASES}
    for case, name in names.items():
        form, data = FRESH[case.split(".")[0]]
        (old / name).write_bytes(labelled(form, data, OTHER) if case.endswith("labelled") else data)
    write = ["-config", str(config), "-q", "-q", "-m", "-overwrite_original"]
    changes = {
        "rich": RICH,
        "by-exiftool": [f"-XMP-TC260:AIGC={OTHER.inner()}"],
        "by-exiftool-as-attribute": [
            *("-api", "Compact=Shorthand"),
            f"-XMP-TC260:AIGC={OTHER.inner()}",
        ],
    }
    for state, fields in changes.items():
        files = [str(old / name) for case, name in names.items() if case.endswith(f".{state}")]
        exiftool(*write, *fields, *files)
    pairs = {}
    for case, name in names.items():
        form, before = FRESH[case.split(".")[0]][0], (old / name).read_bytes()
        after = labelled(form, before)
        (new / name).write_bytes(after)
        pairs[case] = (form, before, after)
    told_before, told = seen(old), seen(new)
    return {case: Case(*pairs[case], told_before[name], told[name]) for case, name in names.items()}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest, cases: dict[str, Case]) -> Case:
    return cases[request.param]


def test_both_read_the_same_label_once(case: Case) -> None:
    assert [one.raw for one in labels(case.form, case.after)] == [LABEL.inner()]
    assert json.loads(case.seen["XMP-TC260:Aigc"]) == json.loads(LABEL.inner())
    assert case.seen["XMP-iptcExt:DigitalSourceType"] == SOURCE
    assert case.after.count(b"AIGC>") == 2
    assert b"older" not in case.after


def test_the_file_is_as_valid_as_before(case: Case) -> None:
    assert not any(name.endswith(":Error") for name in case.seen)
    told = {name: one for name, one in case.seen.items() if name.endswith(":Warning")}
    known = {name: one for name, one in case.seen_before.items() if name.endswith(":Warning")}
    # exiftool expects type 1 in a TIFF, the guide names 7
    fresh = {one for one in told.values() if "0x02bc" not in str(one)} - set(known.values())
    assert fresh == set()


def test_all_other_metadata_is_as_before(case: Case) -> None:
    ours = ("XMP-TC260:Aigc", "XMP-iptcExt:DigitalSourceType", "ExifTool:", "System:", "XMP-x:")
    moved = (
        "File:FileSize",
        "File:FileType",
        "SourceFile",
        "RIFF:WebP_Flags",
        "GIF:GIFVersion",
        "IFD0:Appl",
    )
    for name, value in case.seen_before.items():
        if not name.startswith((*ours, *moved)):
            assert case.seen[name] == value, name


def test_the_payload_is_identical(case: Case) -> None:
    assert payload(case.form, case.after) == payload(case.form, case.before)


def test_rich_metadata_was_there_at_all(cases: dict[str, Case]) -> None:
    assert cases["jpeg.rich"].seen["XMP-dc:Title"] == "a title"
    assert cases["jpeg.rich"].seen["IPTC:Keywords"] == "one"
    assert cases["webp-lossy.rich"].seen["IFD0:Artist"] == "an artist"
    assert b"TC260:AIGC=" in cases["png.by-exiftool-as-attribute"].before
    assert b"TC260:AIGC>" in cases["gif.by-exiftool"].before


def test_pillow_decodes_the_same_pixels(case: Case) -> None:
    before, after = opened(case.before), opened(case.after)
    count = getattr(before, "n_frames", 1)
    assert getattr(after, "n_frames", 1) == count
    for frame in range(count):
        before.seek(frame)
        after.seek(frame)
        assert after.convert("RGBA").tobytes() == before.convert("RGBA").tobytes()


def test_pillow_gives_the_packet(cases: dict[str, Case]) -> None:
    for name in ("jpeg", "png", "webp-lossy", "tiff-ii"):
        picture = opened(cases[f"{name}.fresh"].after)
        packet = picture.info.get("xmp") or picture.tag_v2[700]
        assert b"<TC260:AIGC>" in packet
