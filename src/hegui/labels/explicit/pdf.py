"""The notice at the head of a PDF's first page, as an incremental update (GB 45438-2025, 5.1).

Every byte of the file stays; behind it come the page once more, with a form that it draws last, and
the form's own font. The notice is text: it can be searched, copied and read aloud.
"""

import json
import zlib
from functools import cache
from importlib.resources import files
from struct import unpack
from typing import Any, Final, NamedTuple

from hegui.labels.container import INCONSISTENT, TOO_MANY, Slice, Source, Splice, refused
from hegui.labels.formats.pdf_file import Pdf
from hegui.labels.formats.pdf_syntax import EMPTY, Dictionary, Ref
from hegui.labels.formats.pdf_update import Object, updated
from hegui.labels.text import notice
from hegui.terms import BadRequest, Words

_FORM: Final = b"HeguiNotice"
_INHERITED: Final = (b"Resources", b"MediaBox", b"CropBox", b"Rotate")
_SHARE: Final = 45  # the page's shorter side holds the height of the text that often
_LEAST: Final = 9.0  # points
_DEEPEST: Final = 50
_MOST_KIDS: Final = 1_000
_MOST_SIDE: Final = 1e6
_SIGNED: Final = 1  # SigFlags: there are signatures
_DOWN: Final = 0.25  # of the size, below the line
_HIGH: Final = 0.97


class _Page(NamedTuple):
    ref: Ref
    held: Dictionary
    inherited: dict[bytes, Any]


class _Box(NamedTuple):
    left: float
    low: float
    right: float
    high: float


def with_notice(source: Source, language: str) -> Splice:
    """Return the PDF with the notice (``zh`` or ``zh+en``) on its first page, on a dark plate.

    A file that has it already is returned as it is. Encrypted and signed ones are refused.
    """
    pdf = Pdf(source)
    root = pdf.resolved(pdf.trailer.get(b"Root"))
    if not isinstance(root, Dictionary):
        raise _broken(pdf, "PDF catalog")
    if _signed(pdf, root):
        raise BadRequest(SIGNED, code="file_signed")
    page = _first_page(pdf, root)
    resources = _dictionary(pdf, page.inherited.get(b"Resources"))
    forms = _dictionary(pdf, resources.get(b"XObject"))
    if forms.get(_FORM) is not None:
        return [Slice(0, source.size)]
    number = pdf.next_number
    form, before, after = (Ref(number + one, 0) for one in range(3))
    font = [Ref(number + 3 + one, 0) for one in range(5)]
    drawn = _drawn(notice(language), _box(pdf, page), _turn(page))
    named = forms.edited(frozenset(), b"/%b %d %d R" % (_FORM, *form))
    shown = resources.edited(frozenset({b"XObject"}), b"/XObject " + named)
    contents = [before, *_contents(pdf, page), after]
    refs = b" ".join(b"%d %d R" % one for one in contents)
    new = page.held.edited(
        frozenset({b"Contents", b"Resources"}), b"/Contents [%b]\n/Resources %b" % (refs, shown)
    )
    about = b"/Type /XObject /Subtype /Form /BBox [%b] /Resources << /Font << /F %d %d R >> >>"
    objects = [
        Object(page.ref, new),
        Object(before, _stream(b"", b"q\n")),
        Object(after, _stream(b"", b"\nQ\nq /%b Do Q\n" % _FORM)),
        Object(form, _stream(about % (_numbers(*_box(pdf, page)), *font[0]), drawn)),
        *_font(font, notice(language)),
    ]
    return updated(pdf, source, objects, number + 8)


# The page


def _signed(pdf: Pdf, root: Dictionary) -> bool:
    form = _dictionary(pdf, root.get(b"AcroForm"))
    flags = pdf.resolved(form.get(b"SigFlags"))
    return root.get(b"Perms") is not None or (isinstance(flags, int) and bool(flags & _SIGNED))


def _first_page(pdf: Pdf, root: Dictionary) -> _Page:
    ahead: list[tuple[Any, dict[bytes, Any], int]] = [(root.get(b"Pages"), {}, 0)]
    seen: set[int] = set()
    while ahead:
        ref, above, depth = ahead.pop()
        held = pdf.resolved(ref)
        if not isinstance(ref, Ref) or not isinstance(held, Dictionary):
            continue
        if ref.number in seen or depth > _DEEPEST:
            raise refused("PDF pages", pdf.offset(pdf.start), TOO_MANY)
        seen.add(ref.number)
        inherited = above | {one: held.get(one) for one in _INHERITED if held.get(one) is not None}
        kids = pdf.resolved(held.get(b"Kids"))
        if not isinstance(kids, list):
            return _Page(ref, held, inherited)
        ahead += [(one, inherited, depth + 1) for one in reversed(kids[:_MOST_KIDS])]
    raise _broken(pdf, "PDF pages")


def _contents(pdf: Pdf, page: _Page) -> list[Ref]:
    there = page.held.get(b"Contents")
    held = pdf.resolved(there)
    if isinstance(held, list):
        if not all(isinstance(one, Ref) for one in held):
            raise _broken(pdf, "PDF page")
        return held
    return [there] if isinstance(there, Ref) and held is not None else []


def _box(pdf: Pdf, page: _Page) -> _Box:
    """Return what is seen of the page, in its own units."""
    for name in (b"CropBox", b"MediaBox"):
        found = pdf.resolved(page.inherited.get(name))
        numbers = [pdf.resolved(one) for one in found] if isinstance(found, list) else []
        if len(numbers) == 4 and all(type(one) in (int, float) for one in numbers):  # noqa: PLR2004 - corners
            (left, right), (low, high) = sorted(numbers[::2]), sorted(numbers[1::2])
            if 1 <= right - left < _MOST_SIDE and 1 <= high - low < _MOST_SIDE:
                return _Box(left, low, right, high)
    raise _broken(pdf, "PDF page")


def _turn(page: _Page) -> int:
    turn = page.inherited.get(b"Rotate")
    return turn % 360 if isinstance(turn, int) else 0


def _dictionary(pdf: Pdf, value: Any) -> Dictionary:
    held = pdf.resolved(value)
    return held if isinstance(held, Dictionary) else EMPTY


def _broken(pdf: Pdf, what: str) -> BadRequest:
    return refused(what, pdf.offset(pdf.start), INCONSISTENT)


# What is drawn


def _drawn(words: str, box: _Box, turn: int) -> bytes:
    """Return the operators that draw the notice at the head of the page, as it is seen."""
    across, down = box.right - box.left, box.high - box.low
    turned = {
        0: (1, 0, 0, 1, box.left, box.low),
        90: (0, 1, -1, 0, box.right, box.low),
        180: (-1, 0, 0, -1, box.right, box.high),
        270: (0, -1, 1, 0, box.left, box.high),
    }.get(turn, (1, 0, 0, 1, box.left, box.low))
    if turn in (90, 270):
        across, down = down, across
    ems = sum(_glyphs()[one][1] for one in words) / 1000
    size = max(_LEAST, min(across, down) / _SHARE)
    size = min(size, across / (ems + 1), down / 2)
    width, height = (ems + 1) * size, (_HIGH + _DOWN + 0.3) * size
    x, y = (across - width) / 2, down - height - min(0.5 * size, (down - height) / 2)
    code = "".join(f"{_glyphs()[one][0]:04X}" for one in words).encode()
    return b"".join(
        (
            b"q %b cm 0.1 g %b re f " % (_numbers(*turned), _numbers(x, y, width, height)),
            b"BT 1 g /F %b Tf " % _numbers(size),
            b"%b Td <%b> Tj ET Q" % (_numbers(x + size / 2, y + (_DOWN + 0.15) * size), code),
        )
    )


def _numbers(*values: float) -> bytes:
    return " ".join(f"{one:.4f}".rstrip("0").rstrip(".") for one in values).encode()


# The font


@cache
def _glyphs() -> dict[str, tuple[int, int]]:
    """Return each character's number in the font, and its width in thousandths of its size."""
    text = (files(__package__) / "notice.json").read_text("utf-8")
    return {name: (number, width) for name, (number, width) in json.loads(text).items()}


def _font(refs: list[Ref], words: str) -> list[Object]:
    """Return the objects of the font: whole, inside the file."""
    font, part, about, program, codes = refs
    name = b"HEGUIN+NotoSansCJKsc-Regular"
    used = sorted({one: _glyphs()[one] for one in words}.items(), key=lambda one: one[1])
    widths = b" ".join(b"%d [%d]" % place for _, place in used)
    chars = "".join(
        f"<{place[0]:04X}> <{one.encode('utf-16-be').hex().upper()}>\n" for one, place in used
    )
    cmap = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n"
        "/CMapName /HeguiNotice def /CMapType 2 def\n"
        "1 begincodespacerange <0000> <FFFF> endcodespacerange\n"
        f"{len(used)} beginbfchar\n{chars}endbfchar\nendcmap end end\n"
    )
    system = b"/CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >>"
    return [
        Object(
            font,
            b"<< /Type /Font /Subtype /Type0 /BaseFont /%b /Encoding /Identity-H"
            b" /DescendantFonts [%d %d R] /ToUnicode %d %d R >>" % (name, *part, *codes),
        ),
        Object(
            part,
            b"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /%b %b /DW 1000 /W [%b]"
            b" /FontDescriptor %d %d R >>" % (name, system, widths, *about),
        ),
        Object(
            about,
            b"<< /Type /FontDescriptor /FontName /%b /Flags 4 /FontBBox [4 -250 972 880]"
            b" /ItalicAngle 0 /Ascent 880 /Descent -120 /CapHeight 733 /StemV 80"
            b" /FontFile3 %d %d R >>" % (name, *program),
        ),
        Object(program, _stream(b"/Subtype /CIDFontType0C", _outlines())),
        Object(codes, _stream(b"", cmap.encode("ascii"))),
    ]


@cache
def _outlines() -> bytes:
    """Return the table of outlines (CFF) from the font that travels with the package."""
    data = (files(__package__) / "notice.otf").read_bytes()
    (count,) = unpack(">H", data[4:6])
    for at in range(12, 12 + 16 * count, 16):
        tag, _, start, length = unpack(">4sIII", data[at : at + 16])
        if tag == b"CFF ":
            return data[start : start + length]
    raise AssertionError("the font of this package has no outlines")


def _stream(about: bytes, data: bytes) -> bytes:
    held = zlib.compress(data, 9)
    head = b"<< %b /Filter /FlateDecode /Length %d >>" % (about, len(held))
    return head + b"\nstream\n" + held + b"\nendstream"


SIGNED: Final = Words(
    en="The PDF is signed: a notice on its page would break what the signature says. Label it"
    " before it is signed, or say that it shows its notice: --explicit present.",
    zh="该 PDF 已签名，在页面上添加标识会破坏签名。请在签名之前添加标识；已显示标识的，"
    "使用 --explicit present。",
)
