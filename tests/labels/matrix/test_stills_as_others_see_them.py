"""Labelled AVIF and HEIF files as Pillow and exiftool see them."""

import io
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, NoReturn

import pytest

from hegui.labels import xmp
from hegui.labels.formats.heif import AVIF, HEIC
from hegui.testing import stills
from hegui.testing.labelled import LABEL, OTHER, labelled, labels, payload

TITLE = b'<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" dc:source="of old"/>'
RICH = xmp.with_label(None, OTHER.inner()).replace(b"</rdf:RDF>", TITLE + b"</rdf:RDF>")
STATES = ("fresh", "exif", "packet", "both", "labelled", "animated")
"""An animated one has a packet, too: its track names the same bytes as its picture."""


def missing(what: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


def pillow() -> Any:
    try:
        from PIL import Image, features
    except ImportError:
        missing("Pillow is not installed: it is in the dev group")
    if not features.check("avif"):
        missing("this Pillow has no AVIF")
    return Image


def avif(state: str) -> bytes:
    image = pillow()
    frames = [image.effect_mandelbrot((32, 24), (-2, -1, 1, 1), n).convert("RGB") for n in (9, 30)]
    more: dict[str, Any] = {}
    if state in ("exif", "both"):
        more["exif"] = image.Exif()
        more["exif"][0x013B] = "an artist"
    if state in ("packet", "both", "animated"):
        more["xmp"] = RICH
    if state == "animated":
        more |= {"save_all": True, "append_images": frames[1:]}
    frames[0].save(out := io.BytesIO(), "AVIF", **more)
    data = out.getvalue()
    return labelled(AVIF, data, OTHER) if state == "labelled" else data


def exiftool(path: Path) -> dict[str, Any]:
    if shutil.which("exiftool") is None:
        missing("exiftool is not installed: apt-get install libimage-exiftool-perl")
    done = subprocess.run(  # noqa: S603 - a fixed program, on files of the test
        ["exiftool", "-j", "-a", "-G1", "-validate", "-warning", "-error", "-all", str(path)],  # noqa: S607 - the one that is installed
        capture_output=True,
        check=False,
        timeout=100,
    )
    told: dict[str, Any] = json.loads(done.stdout)[0]
    return told


@pytest.mark.parametrize("state", STATES)
def test_pillow_and_exiftool_see_the_label_the_picture_and_the_rest(
    state: str, tmp_path: Path
) -> None:
    data = avif(state)
    new = labelled(AVIF, data)
    assert payload(AVIF, new) == payload(AVIF, data)
    assert [one.raw for one in labels(AVIF, new)] == [LABEL.inner()]
    before, after = (pillow().open(io.BytesIO(one)) for one in (data, new))
    assert getattr(after, "n_frames", 1) == (2 if state == "animated" else 1)
    assert xmp.labels_in(after.info["xmp"]) == [LABEL.inner()]
    assert after.info["xmp"].endswith(b"?>")
    for frame in range(getattr(before, "n_frames", 1)):
        before.seek(frame)
        after.seek(frame)
        assert after.tobytes() == before.tobytes()
    assert dict(after.getexif()) == dict(before.getexif())
    (tmp_path / "new.avif").write_bytes(new)
    told = exiftool(tmp_path / "new.avif")
    assert json.loads(told["XMP-TC260:Aigc"]) == json.loads(LABEL.inner())
    assert told["ExifTool:Validate"] == "OK"
    if state in ("packet", "both"):
        assert told["XMP-dc:Source"] == "of old"
    if state in ("exif", "both"):
        assert told["IFD0:Artist"] == "an artist"


@pytest.mark.parametrize("name", [name for name in stills.samples() if name.startswith("heic")])
def test_exiftool_sees_the_label_in_every_version_of_the_boxes(name: str, tmp_path: Path) -> None:
    (tmp_path / "new.heic").write_bytes(labelled(HEIC, stills.samples()[name]))
    told = exiftool(tmp_path / "new.heic")
    assert json.loads(told["XMP-TC260:Aigc"]) == json.loads(LABEL.inner())
    assert not any(key.endswith(":Error") for key in told)
