"""Small files of every format that is listed, in the layouts that a format has to know.

One table for all who try each format: the door's tests, the hostile ones, torture and fuzzing. A
format without a sample here fails a test of the house.
"""

from typing import Final, NamedTuple

from hegui.labels.container import Format
from hegui.labels.recognising import recognised
from hegui.testing import documents, films, matroska, pictures, sounds, stills

_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


class Sample(NamedTuple):
    """A small file; ``name`` tells its layout, or is a file's name where that decides."""

    name: str
    form: Format
    data: bytes


def samples() -> list[Sample]:
    """Return at least one file of every format."""
    files = {
        **pictures.samples(),
        **films.samples(),
        **matroska.samples(),
        **sounds.samples(),
        **stills.samples(),
        "pdf": documents.pdf(),
        "pdf packed": documents.pdf_packed(),
        "pdf hybrid": documents.pdf_hybrid(),
        "docx": documents.docx(),
        "ole": _OLE + bytes(504),
        "bmp": pictures.bmp(),
        "a.txt": "文本\n".encode(),
        "a.html": b"<p>text</p>",
        "a.csv": b"a,b\n",
        "a.json": b"{}",
        "a.md": "# 标题\n".encode(),
    }
    return [Sample(name, _form(name, data), data) for name, data in files.items()]


def smallest() -> list[Sample]:
    """Return the smallest file of each format."""
    least: dict[str, Sample] = {}
    for one in sorted(samples(), key=lambda one: len(one.data)):
        least.setdefault(one.form.name, one)
    return list(least.values())


def _form(name: str, data: bytes) -> Format:
    form = recognised(data, name)
    if form is None:
        raise ValueError(name)
    return form
