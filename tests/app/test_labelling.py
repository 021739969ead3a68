import errno
import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hegui.app import labelling
from hegui.app.disk import Disk
from hegui.labels.value import Implicit
from hegui.terms import BadRequest, Corrupt, Unavailable, Words
from hegui.testing import pictures
from hegui.testing.labelled import CODE, LABEL, OTHER

THEIRS = "001191310104MACE0YX63918020"


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    path.write_bytes(pictures.jpeg())
    return path


class FailingDisk(Disk):
    """A disk that fails at the given step, as often as it is asked."""

    def __init__(self, step: str, code: int) -> None:
        self._step_, self._code = step, code

    def _fail(self, step: str) -> None:
        if step == self._step_:
            raise OSError(self._code, os.strerror(self._code))

    def write(self, handle: int, data: memoryview, at: int) -> None:
        if self._step_ == "write":
            super().write(handle, data[: len(data) // 2], at)
        self._fail("write")
        super().write(handle, data, at)

    def sync(self, handle: int) -> None:
        self._fail("sync")
        super().sync(handle)

    def replace(self, part: Path, target: Path) -> None:
        self._fail("replace")
        super().replace(part, target)


class LosingDisk(Disk):
    """A disk that says it wrote, and wrote other bytes."""

    def write(self, handle: int, data: memoryview, at: int) -> None:
        super().write(handle, memoryview(bytes(data).replace(b"a-1", b"b-1")), at)


class RottenDisk(Disk):
    """A disk that flips one bit of the last block."""

    def write(self, handle: int, data: memoryview, at: int) -> None:
        super().write(handle, memoryview(bytes(data[:-3]) + bytes([data[-3] ^ 1]) + data[-2:]), at)


def test_a_labelled_file_holds_its_label_once_and_the_same_content(
    photo: Path, tmp_path: Path
) -> None:
    target = tmp_path / "out.jpg"
    written = labelling.label(photo, target, LABEL, "present")
    seen = labelling.seen(target, content=True)
    assert [one.raw for one in seen.found] == [LABEL.inner()]
    assert written.payload == seen.payload == labelling.seen(photo, content=True).payload
    assert written.file == hashlib.sha256(target.read_bytes()).hexdigest()
    assert (written.format, written.form, written.cause) == ("jpeg", "jpeg-xmp", "added")
    assert photo.read_bytes() == pictures.jpeg()
    assert sorted(one.name for one in tmp_path.iterdir()) == ["out.jpg", "photo.jpg"]


def test_a_picture_is_drawn_upon_unless_it_shows_its_notice(photo: Path, tmp_path: Path) -> None:
    drawn = labelling.label(photo, tmp_path / "1.jpg", LABEL, "auto")
    shown = labelling.label(photo, tmp_path / "2.jpg", LABEL, "present")
    assert (drawn.explicit, shown.explicit) == ("drawn", "present")
    assert drawn.payload != shown.payload
    with pytest.raises(BadRequest):
        labelling.label(photo, tmp_path / "3.jpg", LABEL, "interface")
    assert not (tmp_path / "3.jpg").exists()


def test_in_place_the_mode_stays_and_a_link_stays_one(photo: Path, tmp_path: Path) -> None:
    photo.chmod(0o640)
    link = tmp_path / "link.jpg"
    link.symlink_to(photo)
    labelling.label(link, link, LABEL, "present")
    assert link.is_symlink()
    assert photo.stat().st_mode & 0o777 == 0o640
    assert len(labelling.seen(photo).found) == 1


def test_another_producers_label_stays_also_where_the_picture_is_drawn_anew(photo: Path) -> None:
    theirs = Implicit("1", THEIRS, "t-1", "r", THEIRS, "t-1", "")
    labelling.label(photo, photo, theirs, "present")
    written = labelling.label(photo, photo, LABEL, "auto")
    assert written.cause == "kept"
    (found,) = labelling.seen(photo).found
    assert found.parsed is not None
    assert found.parsed.implicit == Implicit("1", THEIRS, "t-1", "r", CODE, "a-1", "")


def test_another_producers_name_in_chinese_is_kept(photo: Path) -> None:
    theirs = Implicit("1", "某公司", "t-1", "", "某公司", "t-1", "")
    labelling.label(photo, photo, theirs, "present")
    assert labelling.label(photo, photo, LABEL, "present").implicit.ContentProducer == "某公司"


def test_relabelling_replaces(photo: Path) -> None:
    labelling.label(photo, photo, OTHER, "present")
    assert labelling.label(photo, photo, LABEL, "present").cause == "replaced"
    assert [one.raw for one in labelling.seen(photo).found] == [LABEL.inner()]


@pytest.mark.parametrize("step", ["write", "sync", "replace"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_on_a_failing_disk_the_original_survives(step: str, code: int, photo: Path) -> None:
    before = photo.read_bytes()
    with pytest.raises(Unavailable) as caught:
        labelling.label(photo, photo, LABEL, "present", disk=FailingDisk(step, code))
    assert os.strerror(code) in caught.value.words.en
    assert photo.read_bytes() == before
    assert [one.name for one in photo.parent.iterdir()] == ["photo.jpg"]


@pytest.mark.parametrize("disk", [LosingDisk(), RottenDisk()])
def test_what_is_read_back_otherwise_is_not_put_in_place(disk: Disk, photo: Path) -> None:
    before = photo.read_bytes()
    with pytest.raises(Corrupt):
        labelling.label(photo, photo, LABEL, "present", disk=disk)
    assert photo.read_bytes() == before
    assert [one.name for one in photo.parent.iterdir()] == ["photo.jpg"]


def test_what_cannot_be_recorded_is_not_put_in_place(photo: Path) -> None:
    before = photo.read_bytes()

    def record(written: labelling.Written) -> None:
        assert written.payload
        assert photo.read_bytes() == before
        raise Unavailable(Words("full", "已满"))

    with pytest.raises(Unavailable):
        labelling.label(photo, photo, LABEL, "present", record=record)
    assert photo.read_bytes() == before


def test_a_process_that_is_killed_leaves_the_original(photo: Path) -> None:
    before = photo.read_bytes()
    code = (
        "import os, sys, signal\nfrom pathlib import Path\n"
        "from hegui.app import labelling\nfrom hegui.app.disk import Disk\n"
        "from hegui.testing.labelled import LABEL\n"
        "class Killed(Disk):\n"
        "    def sync(self, handle): os.kill(os.getpid(), signal.SIGKILL)\n"
        "path = Path(sys.argv[1])\n"
        "labelling.label(path, path, LABEL, 'present', disk=Killed())\n"
    )
    ended = subprocess.run([sys.executable, "-c", code, str(photo)], check=False)  # noqa: S603 - our own code
    assert ended.returncode == -9
    assert photo.read_bytes() == before


def test_a_file_that_another_program_changes_meanwhile_is_left_to_it(photo: Path) -> None:
    class Busy(Disk):
        def sync(self, handle: int) -> None:
            super().sync(handle)
            with photo.open("ab") as file:
                file.write(b"more")

    with pytest.raises(BadRequest):
        labelling.label(photo, photo, LABEL, "present", disk=Busy())
    assert photo.read_bytes() == pictures.jpeg() + b"more"


@pytest.mark.parametrize("there", [True, False])
def test_a_file_that_another_program_puts_in_its_place_is_left_to_it(
    photo: Path, *, there: bool
) -> None:
    class Busy(Disk):
        def sync(self, handle: int) -> None:
            super().sync(handle)
            other = photo.with_name("other")
            other.write_bytes(b"another")
            other.replace(photo) if there else photo.unlink()

    with pytest.raises(BadRequest, match="changed by another program"):
        labelling.label(photo, photo, LABEL, "present", disk=Busy())
    assert (photo.read_bytes() == b"another") if there else not photo.exists()


def test_a_file_that_opens_and_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").symlink_to("/proc/self/mem")
    with pytest.raises(BadRequest, match="cannot be read"):
        labelling.seen(tmp_path / "a.jpg")


def test_a_label_beside_a_file_is_found_by_a_link_to_it(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "a.bmp").write_bytes(pictures.bmp())
    link = tmp_path / "link.bmp"
    link.symlink_to("store/a.bmp")
    labelling.label(link, link, LABEL, "present")
    assert labelling.sidecar(tmp_path / "store" / "a.bmp").exists()
    assert len(labelling.seen(link).found) == 1
    assert labelling.label(link, link, OTHER, "present").cause == "replaced"


def test_a_format_without_a_place_has_its_label_beside_it(tmp_path: Path) -> None:
    source, target = tmp_path / "a.bmp", tmp_path / "b.bmp"
    source.write_bytes(pictures.bmp())
    written = labelling.label(source, target, LABEL, "present")
    assert written.form == "sidecar"
    assert target.read_bytes() == pictures.bmp()
    assert (tmp_path / "b.bmp.aigc.json").read_text() == LABEL.inner() + "\n"
    (found,) = labelling.seen(target).found
    assert found.parsed is not None
    assert found.parsed.implicit == LABEL
    assert labelling.label(target, target, OTHER, "present").cause == "replaced"


def test_a_file_that_got_a_place_for_its_label_keeps_none_beside_it(photo: Path) -> None:
    labelling.sidecar(photo).write_text(OTHER.inner())
    assert labelling.label(photo, photo, LABEL, "present").cause == "replaced"
    assert len(labelling.seen(photo).found) == 1
    assert not labelling.sidecar(photo).exists()


@pytest.mark.parametrize(
    "make",
    [
        lambda path: path.mkdir(),
        os.mkfifo,
        lambda path: path.write_bytes(b"\x7fELF nothing that holds a label"),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(pictures.png()[:40]),
        os.fspath,
    ],
)
def test_what_is_no_file_that_can_be_labelled_is_refused(
    make: Callable[[Path], object], tmp_path: Path
) -> None:
    path = tmp_path / "a.png"
    make(path)
    with pytest.raises(BadRequest):
        labelling.label(path, tmp_path / "out.png", LABEL, "present")
    assert not (tmp_path / "out.png").exists()
