"""What a new file has to show before it is put in place: its label, and its source's content."""

from typing import Final, NamedTuple

from hegui.app import carrying
from hegui.labels.container import Format, Source, Splice
from hegui.labels.splicing import taken_over
from hegui.labels.value import Implicit
from hegui.terms import Corrupt, Words


class Carried(NamedTuple):
    """A file that was carried over as ``parts`` say: where from, and what was read back."""

    source: Source
    parts: Splice
    new: Source


def same_label(form: Format, new: Source, wanted: Implicit) -> str:
    """Return how the label is stored, which must be there once, at its place, as it was wanted."""
    found = form.read(new)
    if len(found) != 1 or not found[0].guide:
        raise Corrupt(_READ_BACK)
    there = found[0].parsed
    if (
        there is None
        or there.implicit != wanted
        or len(there.fields) != len(wanted.__struct_fields__)
    ):
        raise Corrupt(_READ_BACK)
    return found[0].form


def same_content(form: Format, carried: Carried) -> None:
    """Prove that a new file, carried over block for block, has its source's content.

    Where its content stands shows that it is what was taken over, and that was compared byte for
    byte. What places do not show (a page of sound that was numbered anew), SHA-256 must.
    """
    before, after = list(form.payload(carried.source)), list(form.payload(carried.new))
    if not taken_over(carried.parts, before, after) and (
        carrying.digest(carried.source, before) != carrying.digest(carried.new, after)
    ):
        raise Corrupt(_CONTENT)


_READ_BACK: Final = Words(
    en="The label, read back, is not the one that was written. Nothing was put in place; please"
    " report it.",
    zh="写入后读回的标识与写入的不一致。未替换任何文件，请向我们报告。",
)
_CONTENT: Final = Words(
    en="The content would not be the same after labelling. Nothing was put in place; please report"
    " it.",
    zh="写入标识后内容会发生变化。未替换任何文件，请向我们报告。",
)
