"""What a format that errs would do: the door does not believe it."""

from collections.abc import Iterable

import pytest

from hegui.app import proving
from hegui.labels.container import Format, Found, Memory, Slice, Source
from hegui.labels.formats.jpeg import JPEG
from hegui.labels.value import Implicit
from hegui.terms import Corrupt
from hegui.testing import pictures
from hegui.testing.labelled import LABEL, OTHER, labelled

PLAIN = Memory(pictures.jpeg())
NEW = Memory(labelled(JPEG, PLAIN.data))


class Erring:
    """A format that says of a file what a test wants it to say."""

    name, suffixes, mime, place = JPEG.name, JPEG.suffixes, JPEG.mime, JPEG.place
    matches, write = JPEG.matches, JPEG.write

    def __init__(self, found: list[Found], payload: dict[int, list[Slice]]) -> None:
        self._found, self._payload = found, payload

    def read(self, source: Source) -> list[Found]:
        assert source.size
        return self._found

    def payload(self, source: Source) -> Iterable[Slice]:
        return self._payload[source.size]


def erring(*found: Found) -> Format:
    return Erring(list(found), {})


(THERE,) = JPEG.read(NEW)


@pytest.mark.parametrize(
    ("form", "wanted"),
    [
        (erring(), LABEL),
        (erring(THERE, THERE), LABEL),
        (erring(THERE._replace(guide=False)), LABEL),
        (erring(THERE._replace(parsed=None)), LABEL),
        (erring(THERE), OTHER),
    ],
)
def test_a_label_that_is_not_the_wanted_one_is_not_believed(form: Format, wanted: Implicit) -> None:
    with pytest.raises(Corrupt):
        proving.same_label(form, NEW, wanted)


def test_the_label_that_was_wanted_is_named_by_its_form() -> None:
    assert proving.same_label(JPEG, NEW, LABEL) == "jpeg-xmp"


def test_content_is_the_same_by_its_place_or_by_its_digest() -> None:
    parts = JPEG.write(PLAIN, LABEL.inner())
    proving.same_content(JPEG, proving.Carried(PLAIN, parts, NEW))
    written_anew = proving.Carried(PLAIN, [NEW.data], NEW)
    proving.same_content(JPEG, written_anew)


def test_other_content_is_not_put_in_place() -> None:
    parts = JPEG.write(PLAIN, LABEL.inner())
    other = {PLAIN.size: [Slice(100, 20)], NEW.size: [Slice(101, 20)]}
    with pytest.raises(Corrupt):
        proving.same_content(Erring([], other), proving.Carried(PLAIN, parts, NEW))
    less = {PLAIN.size: [Slice(100, 20)], NEW.size: []}
    with pytest.raises(Corrupt):
        proving.same_content(Erring([], less), proving.Carried(PLAIN, parts, NEW))
