"""Labels in EXIF: in UserComment (TC260-PG-20259A, Annex B), and in ImageDescription.

Read, and never written: the guide's first place is XMP, and a file has one label (6.1 c). When a
file is labelled, the room of a label in EXIF is left blank, as EXIF 2.32 provides for a comment
that is not there; nothing moves, so that offsets in maker's notes stay true.
"""

import re
from typing import Final, NamedTuple

from hegui.labels.container import Found, Memory
from hegui.labels.ifd import EXIF, IMAGE_DESCRIPTION, USER_COMMENT, Directory, Entry, Tiff, whole
from hegui.labels.value import MOST, parsed
from hegui.terms import BadRequest

HEAD: Final = b"Exif\0\0"
_CODE: Final = 8  # bytes that name the comment's character set
_WIDE: Final = b"A\0I\0G\0C"
_NAMED: Final = re.compile(r'AIGC|"(?:ContentProducer|ServiceProvider)"')
_BLANKS: Final = {USER_COMMENT: b" ", IMAGE_DESCRIPTION: b"\0"}


class Text(NamedTuple):
    """A label in EXIF: where its field's value stands in the block, and what it says."""

    tag: int
    offset: int
    length: int
    raw: str


def texts(tiff: Tiff, directory: Directory) -> list[Text]:
    """Return the labels of one page's directory and of the EXIF directory under it."""
    entries = [one for one in directory.entries if one.tag in _BLANKS]
    for below in tiff.under(directory, EXIF):
        entries += [one for one in below.entries if one.tag in _BLANKS]
    labels = (_label(tiff, entry) for entry in entries if 0 < entry.length <= MOST)
    return [one for one in labels if one is not None]


def blank(text: Text) -> bytes:
    """Return what is to stand in the room of a label that has moved to XMP."""
    fill = _BLANKS[text.tag]
    if text.tag == USER_COMMENT and text.length > _CODE:
        return b"\0" * _CODE + fill * (text.length - _CODE)
    return fill * text.length


def found(block: bytes, form: str, at: int) -> list[Found]:
    """Return the labels of an EXIF block that stands at ``at``; a broken block has none."""
    try:
        there = _block(block, at)
    except BadRequest:
        return []
    return [
        Found(_form(form, one.tag), at, one.raw, one.tag == USER_COMMENT, parsed(one.raw))
        for one in there
    ]


def vacated(block: bytes, at: int) -> bytes:
    """Return the block with the room of its labels blank, for a file that is labelled in XMP.

    A block that names a label but does not hold together is refused: the label would stay.
    """
    for one in _block(block, at):
        block = block[: one.offset] + blank(one) + block[one.offset + one.length :]
    return block


def _block(block: bytes, at: int) -> list[Text]:
    if not _tells(block):
        return []
    tiff = Tiff(Memory(block), at)
    return [one for directory in tiff.chain() for one in texts(tiff, directory)]


def _tells(block: bytes) -> bool:
    """Whether a block may hold a label.

    Looking for zeros takes long in a block that is filled up with them: letters come first.
    """
    if b"AIGC" in block or b"ContentProducer" in block or b"ServiceProvider" in block:
        return True
    return b"A" in block and b"I" in block and b"G" in block and _WIDE in block


def _label(tiff: Tiff, entry: Entry) -> Text | None:
    raw = _decoded(tiff.value(whole(tiff, entry)), tiff.order)
    if _NAMED.search(raw) is None or parsed(raw) is None:
        return None
    return Text(entry.tag, entry.offset, entry.length, raw)


def _decoded(value: bytes, order: str) -> str:
    head, rest = value[:_CODE], value[_CODE:]
    if head == b"UNICODE\0":
        utf16 = "utf-16-le" if order == "<" else "utf-16-be"
        if rest[:2] in (b"\xff\xfe", b"\xfe\xff"):
            utf16 = "utf-16"
        text = rest.decode(utf16, "replace")
        # some write the other order than the file's
        return text if "AIGC" in text else rest.decode(_OTHER.get(utf16, utf16), "replace")
    return (rest if head.rstrip(b"\0") in _CHARSETS else value).decode("utf-8", "replace")


def _form(form: str, tag: int) -> str:
    return f"{form}-exif" if tag == USER_COMMENT else f"{form}-exif-description"


_OTHER: Final = {"utf-16-le": "utf-16-be", "utf-16-be": "utf-16-le"}
_CHARSETS: Final = (b"", b"ASCII", b"JIS")
