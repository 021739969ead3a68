"""The notice on the first page of a PDF."""

import re
import zlib

import pytest

from hegui.labels.container import Memory
from hegui.labels.explicit import pdf
from hegui.labels.formats.pdf import PDF
from hegui.labels.formats.pdf_file import Pdf
from hegui.labels.formats.pdf_syntax import Dictionary, Ref
from hegui.labels.splicing import joined
from hegui.labels.text import notice
from hegui.terms import BadRequest
from hegui.testing import documents
from hegui.testing.labelled import LABEL

FILES = {
    "table": documents.pdf(),
    "object streams": documents.pdf_packed(),
    "predicted": documents.pdf_packed(predictor=True),
    "hybrid": documents.pdf_hybrid(),
    "moved": documents.pdf(ahead=b"something before it\n"),
    "with a packet": documents.pdf(packet=b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"),
}


def noticed(data: bytes, language: str = "zh") -> bytes:
    return joined(Memory(data), pdf.with_notice(Memory(data), language))


def first_page(data: bytes) -> tuple[Pdf, Dictionary]:
    held = Pdf(Memory(data))
    root = held.resolved(held.trailer.get(b"Root"))
    return held, pdf._first_page(held, root).held


def streams(data: bytes) -> list[bytes]:
    held, page = first_page(data)
    found = [held.stream(one) for one in page.get(b"Contents")]
    return [one.data for one in found if one is not None]


def text(data: bytes) -> str:
    """Read what the notice's form shows, by the table that programs copy text with."""
    held, page = first_page(data)
    forms = held.resolved(page.get(b"Resources")).get(b"XObject")
    form = held.stream(forms.get(pdf._FORM))
    assert form is not None
    font = held.resolved(form.about.get(b"Resources").get(b"Font").get(b"F"))
    codes = held.stream(font.get(b"ToUnicode"))
    assert codes is not None
    pairs = re.findall(rb"<(....)> <([0-9A-F]+)>", codes.data)
    table = {code: bytes.fromhex(char.decode()).decode("utf-16-be") for code, char in pairs}
    (shown,) = re.findall(rb"<([0-9A-F]+)> Tj", form.data)
    return "".join(table[shown[n : n + 4]] for n in range(0, len(shown), 4))


@pytest.mark.parametrize("language", ["zh", "zh+en"])
@pytest.mark.parametrize("data", FILES.values(), ids=FILES)
def test_the_first_page_shows_the_notice_and_every_byte_before_stays(
    data: bytes, language: str
) -> None:
    made = noticed(data, language)
    assert made.startswith(data)
    assert text(made) == notice(language)
    before, _, after = streams(made)
    assert before == b"q\n"
    assert after.endswith(b"/HeguiNotice Do Q\n")


@pytest.mark.parametrize("data", FILES.values(), ids=FILES)
def test_a_pdf_with_its_notice_is_left_as_it_is_and_can_be_labelled(data: bytes) -> None:
    made = noticed(data)
    assert noticed(made) == made
    labelled = joined(Memory(made), PDF.write(Memory(made), LABEL.inner()))
    (found,) = PDF.read(Memory(labelled))
    assert found.parsed is not None
    assert found.parsed.implicit == LABEL
    assert text(labelled) == notice("zh")


def test_what_the_page_had_is_still_there() -> None:
    held, page = first_page(noticed(documents.pdf()))
    fonts = held.resolved(page.get(b"Resources")).get(b"Font")
    assert fonts.get(b"F1") == Ref(5, 0)
    assert page.get(b"MediaBox") == [0, 0, 200, 200]


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_the_notice_is_at_the_head_of_the_page_as_it_is_turned(turn: int) -> None:
    box = pdf._Box(10, 20, 210, 320)
    drawn = pdf._drawn("AI生成", box, turn)
    cm = [float(one) for one in drawn.split(b" cm")[0].split()[1:]]
    x, y, width, height = (float(one) for one in drawn.split(b" re f")[0].split()[-4:])
    a, b, c, d, e, f = cm
    corners = [
        (a * p + c * q + e, b * p + d * q + f) for p in (x, x + width) for q in (y, y + height)
    ]
    assert all(10 <= p <= 210 and 20 <= q <= 320 for p, q in corners)
    away = {
        0: [320 - q for _, q in corners],
        90: [p - 10 for p, _ in corners],
        180: [q - 20 for _, q in corners],
        270: [210 - p for p, _ in corners],
    }
    assert max(away[turn]) < 30


def test_what_is_inherited_and_shared_is_found() -> None:
    data = documents.pdf()
    old = b" /MediaBox [0 0 200 200] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>"
    short = b" /Contents 4 0 R >>"
    moved = data.replace(old, short.ljust(len(old)))
    above = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
    assert moved != data
    with pytest.raises(BadRequest):
        noticed(moved)  # it has no size at all
    made = moved.replace(above, above[:-2] + b"/MediaBox [0 0 90 90] >>")
    made = re.sub(rb"startxref\n\d+", b"startxref\n%d" % made.index(b"xref\n0 "), made)
    table = made.index(b"xref\n0 ")
    for number in range(1, 7):
        at = made.index(b"%d 0 obj" % number)
        row = table + len(b"xref\n0 7\n") + 20 * number
        made = made[:row] + b"%010d" % at + made[row + 10 :]
    assert text(noticed(made)) == notice("zh")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (documents.pdf(more=b" /Encrypt << /Filter /Standard >>"), "file_encrypted"),
        (documents.pdf()[:-40], "file_broken"),
        (documents.pdf().replace(b"/Kids [3 0 R]", b"/Kids [2 0 R]"), "file_broken"),
        (documents.pdf().replace(b"[0 0 200 200]", b"[0 0 0 0    ]"), "file_broken"),
        (documents.pdf().replace(b"/Pages 2 0 R", b"/Pages 9 0 R"), "file_broken"),
    ],
)
def test_what_cannot_be_drawn_upon_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(BadRequest) as caught:
        noticed(data)
    assert caught.value.code == code


def test_a_signed_pdf_is_refused() -> None:
    signed = documents.pdf().replace(b"/Type /Catalog ", b"/Perms [  ]    ")
    with pytest.raises(BadRequest) as caught:
        noticed(signed)
    assert caught.value.code == "file_signed"


def test_the_font_in_the_file_is_the_one_of_this_package() -> None:
    program = pdf._font([Ref(n, 0) for n in range(5)], "AI")[3].body
    held = program.split(b"stream\n", 1)[1].split(b"\nendstream")[0]
    assert zlib.decompress(held) == pdf._outlines()
    assert pdf._outlines()[:2] == b"\1\0"  # CFF, version 1


def test_cut_off_anywhere_it_is_refused_or_whole() -> None:
    data = documents.pdf_packed()
    for end in range(0, len(data), 7):
        try:
            made = noticed(data[:end])
        except BadRequest:
            continue
        assert text(made) == notice("zh")
