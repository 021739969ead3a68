import pytest

from hegui.labels.recognising import recognised
from hegui.testing import pictures


@pytest.mark.parametrize(
    ("data", "name"),
    [(pictures.jpeg(), "jpeg"), (pictures.png(), "png"), (pictures.gif(), "gif")],
)
def test_a_file_is_what_it_holds_and_not_what_it_is_called(data: bytes, name: str) -> None:
    for called in ("a.png", "a.jpg", "a", "a.exe"):
        form = recognised(data, called)
        assert form is not None
        assert form.name == name


def test_what_no_format_knows_is_of_none() -> None:
    assert recognised(b"\x7fELF\x02\x01\x01\x00", "a.png") is None
    assert recognised(b"", "") is None
