"""Every format that is listed, through the door that writes files."""

from pathlib import Path

import pytest

from hegui.app import labelling
from hegui.labels import judging
from hegui.labels.explicit import choosing as explicit
from hegui.labels.formats import FORMATS
from hegui.labels.recognising import recognised
from hegui.labels.value import Implicit
from hegui.terms import BadRequest
from hegui.testing.labelled import CODE, LABEL
from hegui.testing.samples import samples

THEIRS = Implicit("1", "001191310104MACE0YX63918020", "t-1", "", "x", "t-1", "")
SAMPLES = {one.name: one.data for one in samples() if one.form.name != "ole"}  # which is refused


def put(folder: Path, name: str, data: bytes) -> Path:
    named = recognised(data, name)
    assert named is not None, name
    path = folder / ("a" + (Path(name).suffix if name.startswith("a.") else named.suffixes[0]))
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("name", SAMPLES)
def test_each_file_is_labelled_once_with_the_same_content(name: str, tmp_path: Path) -> None:
    path = put(tmp_path, name, SAMPLES[name])
    before = labelling.seen(path, content=True)
    written = labelling.label(path, path, THEIRS, "present")
    after = labelling.seen(path, content=True)
    assert after.payload == before.payload == written.payload
    (found,) = after.found
    assert found.parsed is not None
    assert found.parsed.implicit == THEIRS
    state = judging.judged(after.found, after.form).state
    assert state == ("inconclusive" if written.form == judging.BESIDE else "compliant")


@pytest.mark.parametrize("name", SAMPLES)
def test_each_file_keeps_another_producers_label(name: str, tmp_path: Path) -> None:
    path = put(tmp_path, name, SAMPLES[name])
    labelling.label(path, path, THEIRS, "present")
    written = labelling.label(path, path, LABEL, "present")
    assert written.cause == "kept"
    (found,) = labelling.seen(path).found
    assert found.parsed is not None
    assert found.parsed.implicit == THEIRS.__class__(
        "1", THEIRS.ContentProducer, "t-1", "", CODE, "a-1", ""
    )


def test_every_format_that_is_listed_is_tried() -> None:
    tried = {form.name for name, data in SAMPLES.items() if (form := recognised(data, name))}
    assert tried | {"ole"} == {form.name for form in FORMATS}


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_only_text_and_sound_may_have_their_notice_beside_them(form: explicit.Format) -> None:
    kind = form.mime[0].partition("/")[0]
    if kind in ("image", "video"):
        with pytest.raises(BadRequest):
            explicit.chosen(form, "interface")
    else:
        assert explicit.chosen(form, "interface") == "interface"
    if kind == "image" or form.name in explicit._PLACED or form.name in explicit.FILMS:
        assert explicit.chosen(form, "auto") == "drawn"
    else:
        with pytest.raises(BadRequest):
            explicit.chosen(form, "auto")


@pytest.mark.parametrize(
    "name", ["a.txt", "a.md", "a.html", "docx", "wav", "mp3", "flac", "jpeg", "png"]
)
def test_a_notice_and_a_label_are_put_in_by_one_command(name: str, tmp_path: Path) -> None:
    path = put(tmp_path, name, SAMPLES[name])
    before = labelling.seen(path, content=True)
    written = labelling.label(path, path, LABEL, "auto")
    after = labelling.seen(path, content=True)
    assert written.explicit == "drawn"
    assert after.payload == written.payload != before.payload
    assert len(after.found) == 1
