"""What every format promises of a label, as a test can ask it of any file."""

from typing import Final

from hegui.labels.container import Format, Found, Memory
from hegui.labels.splicing import joined
from hegui.labels.value import Implicit
from hegui.terms import BadRequest

CODE: Final = "001191110102MACQD9K64010000"
LABEL: Final = Implicit("1", CODE, "a-1", "", CODE, "a-1", "")
OTHER: Final = Implicit("1", CODE, "older", "", CODE, "older", "")


def labels(form: Format, data: bytes) -> list[Found]:
    """Return the labels of a file in memory."""
    return form.read(Memory(data))


def labelled(form: Format, data: bytes, label: Implicit = LABEL) -> bytes:
    """Return the file with ``label``."""
    return joined(Memory(data), form.write(Memory(data), label.inner()))


def payload(form: Format, data: bytes) -> bytes:
    """Return the content of a file: what no label changes."""
    return joined(Memory(data), list(form.payload(Memory(data))))


def holds(form: Format, data: bytes) -> bool:
    """Whether ``data`` is labelled rather than refused; raises what a test must not see.

    What is labelled must hold the label once, at the guide's place, and the same content.
    """
    try:
        labels(form, data)
        new = labelled(form, data)
        content = payload(form, data)
    except BadRequest:
        return False
    there = labels(form, new)
    assert [one.raw for one in there] == [LABEL.inner()]
    assert there[0].guide
    assert payload(form, new) == content
    return True
