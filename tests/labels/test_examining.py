from hegui.labels.container import Memory
from hegui.labels.examining import examined
from hegui.labels.formats.png import PNG
from hegui.testing import pictures
from hegui.testing.hostile_uploads import hostile_uploads
from hegui.testing.labelled import labelled

PICTURE = pictures.samples()["png"]


def test_a_file_is_judged_with_its_format_and_labels() -> None:
    seen = examined(Memory(labelled(PNG, PICTURE)), "a.png")
    assert (seen.form, len(seen.found), seen.verdict.state) == (PNG, 1, "compliant")


def test_a_name_that_lies_decides_nothing() -> None:
    assert examined(Memory(PICTURE), "a.pdf").form is PNG


def test_what_is_of_no_known_format_or_broken_is_inconclusive() -> None:
    for name, data in (("a.bin", bytes(64)), ("a.png", PICTURE[:50])):
        seen = examined(Memory(data), name)
        assert seen.verdict.state == "inconclusive"
        assert [one.code for one in seen.verdict.findings] == ["unreadable-file"]


def test_no_hostile_file_raises() -> None:
    for name, data in hostile_uploads().items():
        assert examined(Memory(data), name).verdict.state != "compliant"
