"""What the fuzzers put hostile files before: every format that can hold a label.

A target is given a file. It must be refused (``BadRequest``), or labelled as ``holds`` wants it:
the label there once, at the guide's place, the content the same. Anything else is a finding, and
so is a file that takes seconds.
"""

# ruff: noqa: INP001 - beside the scripts that use it
from collections.abc import Callable

from tools.fuzz_targets import Target

from hegui.labels import judging, xmp
from hegui.labels.container import Format, Memory
from hegui.labels.value import parsed
from hegui.terms import BadRequest, Corrupt, Words
from hegui.testing.labelled import LABEL, OTHER, holds, labelled
from hegui.testing.samples import samples

REFUSED = Corrupt(Words("refused", "已拒绝"))


def _file(form: Format) -> Callable[[bytes], None]:
    def run(data: bytes) -> None:
        try:
            judging.judged(form.read(Memory(data)), form)
        except BadRequest:
            raise REFUSED from None
        if not holds(form, data):
            raise REFUSED

    return run


def _packet(data: bytes) -> None:
    """Label an XMP packet, and look for the label in it."""
    xmp.found(data, "xmp", 0)
    try:
        new = xmp.with_label(data, LABEL.inner())
    except BadRequest:
        raise REFUSED from None
    assert [one.raw for one in xmp.found(new, "xmp", 0)] == [LABEL.inner()]


def _value(data: bytes) -> None:
    """Read a label's value."""
    if parsed(data.decode("utf-8", "replace")) is None:
        raise REFUSED


def _seeds() -> dict[str, tuple[Format, list[bytes]]]:
    found: dict[str, tuple[Format, list[bytes]]] = {}
    for one in samples():
        seeds = found.setdefault(one.form.name, (one.form, []))[1]
        seeds.append(one.data)
        try:
            seeds.append(labelled(one.form, one.data, OTHER))
        except BadRequest:
            continue  # a format without a place
    return found


PACKET = xmp.with_label(None, OTHER.inner())
TARGETS = {
    **{name: Target(_file(form), seeds) for name, (form, seeds) in _seeds().items()},
    "xmp": Target(_packet, [PACKET, PACKET.decode().encode("utf-16-le")]),
    "value": Target(_value, [LABEL.inner().encode(), b'{"AIGC":' + LABEL.inner().encode() + b"}"]),
}
