"""PDF: every kind of cross-references, the label in force, and what is refused."""

import zlib
from collections.abc import Callable

import pytest

from hegui.labels import xmp
from hegui.labels.container import Memory
from hegui.labels.formats.pdf import PDF
from hegui.terms import BadRequest
from hegui.testing.documents import INFO, pdf, pdf_hybrid, pdf_packed
from hegui.testing.labelled import LABEL, OTHER, holds, labelled, labels, payload

Make = Callable[..., bytes]
PACKET = xmp.with_label(None, OTHER.inner())
LITERAL = OTHER.inner().encode()
FILES = {
    "table": pdf(),
    "no information": pdf(b""),
    "in the trailer": pdf(b"", more=b" /Info << /Title (t) >>"),
    "information that is not there": pdf(b"", more=b" /Info 9 0 R"),
    "information that is nothing": pdf(b"null"),
    "information that is number 0": pdf(b"", more=b" /Info 0 0 R"),
    "packet": pdf(packet=PACKET),
    "packed packet": pdf_packed(packet=PACKET),
    "packed": pdf_packed(),
    "packed, no information": pdf_packed(b""),
    "predictor": pdf_packed(predictor=True),
    "hybrid": pdf_hybrid(),
    "no line at its end": pdf().rstrip(b"\n"),
    "behind other bytes": pdf(ahead=b"junk\n"),
    "old rows": pdf().replace(b" n \n", b" n\n").replace(b" f \n", b" f\n"),
}
SEEN = {
    "literal": b"<< /Title (t) /AIGC (%b) >>" % LITERAL,
    "wrapped": b'<</AIGC({"AIGC":%b})/Title(t)>>' % LITERAL,
    "hexadecimal": b"<< /AIGC <%b> >>" % LITERAL.hex().encode(),
    "utf-16": b"<< /AIGC <FEFF%b> >>" % OTHER.inner().encode("utf-16-be").hex().encode(),
    "escaped name": b"<< /#41IGC (%b) >>" % LITERAL.replace(b"{", b"\\173"),
    "broken over lines": b"<< /AIGC (%b) >>" % LITERAL.replace(b",", b",\\\n"),
    "twice": b"<< /AIGC (x) /AIGC (%b) >>" % LITERAL,
}


@pytest.mark.parametrize("name", FILES)
def test_every_kind_of_file_is_labelled_and_its_bytes_stay(name: str) -> None:
    data = FILES[name]
    assert holds(PDF, data)
    new = labelled(PDF, data)
    assert new.startswith(data)
    assert payload(PDF, new) == data
    again = labelled(PDF, labelled(PDF, new, OTHER))
    assert [one.raw for one in labels(PDF, again)] == [LABEL.inner()]
    assert payload(PDF, again) == data


@pytest.mark.parametrize("name", SEEN)
@pytest.mark.parametrize("make", [pdf, pdf_packed])
def test_a_label_of_any_form_is_found_and_replaced(name: str, make: Make) -> None:
    data = make(SEEN[name])
    found = labels(PDF, data)[-1]
    assert (found.form, found.guide) == ("pdf-info", True)
    assert found.parsed is not None
    assert found.parsed.implicit == OTHER
    assert holds(PDF, data)
    assert make is pdf_packed or data[found.offset :].startswith(b"6 0 obj")


def test_a_label_in_another_object_is_found() -> None:
    data = pdf(b"<< /AIGC 5 0 R >>").replace(
        b"5 0 obj\n<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"5 0 obj\n(%b)" % LITERAL[:52].ljust(52),
    )
    assert labels(PDF, data)[0].raw.startswith('{"Label"')


def test_a_label_in_the_packet_is_found_and_goes_to_the_information() -> None:
    for make in (pdf, pdf_packed):
        data = make(packet=PACKET)
        (found,) = labels(PDF, data)
        assert (found.form, found.guide) == ("pdf-xmp", False)
        new = labelled(PDF, data)
        assert [one.form for one in labels(PDF, new)] == ["pdf-info"]
        assert b"DigitalSourceType" in new[len(data) :]


def test_other_information_stays_as_it_was_written() -> None:
    assert INFO[2:-3].strip() in labelled(PDF, pdf())[len(pdf()) :]


def test_characters_of_strings_are_escaped() -> None:
    label = LABEL.__class__(*[*LABEL.__struct_fields__[:0], "1", "c", "(a)\\b", "", "c", "p)", ""])
    assert labels(PDF, labelled(PDF, pdf(), label))[0].raw == label.inner()


def test_an_encrypted_file_is_refused_and_says_why() -> None:
    with pytest.raises(BadRequest, match="encrypted") as refusal:
        labels(PDF, pdf(more=b" /Encrypt 5 0 R"))
    assert "加密" in refusal.value.words.zh


@pytest.mark.parametrize("make", [pdf, pdf_packed, pdf_hybrid])
def test_a_file_cut_anywhere_is_refused_or_right(make: Make) -> None:
    data = make()
    kept = [end for end in range(len(data)) if holds(PDF, data[:end])]
    assert all(end > len(data) - 9 for end in kept)


@pytest.mark.parametrize("make", [pdf, pdf_packed, pdf_hybrid])
def test_a_file_with_a_byte_changed_is_refused_or_right(make: Make) -> None:
    data = make()
    for at in range(0, len(data), 3):
        for new in (b"\xff", b"9", b"<", b"("):
            holds(PDF, data[:at] + new + data[at + 1 :])


def looping() -> bytes:
    data = pdf()
    return data.replace(b"/Root 1 0 R", b"/Root 1 0 R /Prev %d" % data.rindex(b"xref\n0"))


def bomb() -> bytes:
    data, held = pdf_packed(b""), zlib.compress(bytes(40 << 20), 9)
    start = data.rindex(b"9 0 obj")
    head = b"9 0 obj\n<< /Type /XRef /Size 10 /W [1 4 1] /Root 1 0 R /Filter /FlateDecode"
    made = head + b" /Length %d >>\nstream\n" % len(held) + held
    return data[:start] + made + b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF" % start


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (looping(), "too many"),
        (bomb(), "larger than allowed"),
        (pdf(b"[" * 200), "deeply"),
        (pdf(b"<< /A [" + b"0 " * 250_000 + b"] >>"), "too many"),
        (pdf(b"(" + b"a" * 5_000_000), "larger than allowed"),
        (pdf().replace(b"0 7\n", b"0 9999999999\n"), "length"),
        (pdf().replace(b"/Root 1 0 R", b"/Root 0 0 R"), "catalog"),
        (pdf_packed().replace(b"/W [1 4 1]", b"/W [1 4 9]"), "length"),
        (pdf_packed().replace(b"/W [1 4 1]", b"/W [9999 ]"), "length"),
        (pdf().replace(b"/Size 7", b"/Size " + b"9" * 39), "larger than allowed"),
        (pdf_packed().replace(b"/Info 6 0 R", b"/Info 6 99999 R"), "larger than allowed"),
        (pdf(b"(text)"), "no dictionary"),
        (b"%PDF-1.7 nothing", "ends before"),
        (b"nothing", "no object"),
    ],
)
def test_what_does_not_hold_together_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(BadRequest, match=why):
        labelled(PDF, data)


def test_an_update_whose_place_fits_two_ways_of_counting_is_found() -> None:
    # the update begins at 849 from the header, which itself stands at 840: there too is an object
    assert holds(PDF, b"x" * 840 + pdf_packed())


def test_an_index_beyond_all_numbers_is_refused() -> None:
    data = pdf(b"", more=b" /XRefStm 9 /Info 6 0 R").replace(b"%\xe2\xe3\xcf\xd3", b"")
    row = b"\2\5" + b"\xff" * 60
    part = b"9 0 obj\n<</Type/XRef/Size 9/W[1 1 60]/Index[6 1]/Length 62>>stream\n" + row
    data = data.replace(b"/XRefStm 9 ", b"/XRefStm %d " % len(data)) + part
    data += b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF" % data.rindex(b"xref\n0")
    with pytest.raises(BadRequest):
        labelled(PDF, data)


def test_a_large_table_needs_no_memory() -> None:
    data, rows = pdf(), b"0000000000 00000 n \n" * 1_000_000
    data = data.replace(b"trailer", b"10 1000000\n" + rows + b"trailer")
    most = 0

    class Watched(Memory):
        def read(self, offset: int, count: int) -> bytes:
            nonlocal most
            most = max(most, count)
            return super().read(offset, count)

    assert len(PDF.write(Watched(data), LABEL.inner())) == 2
    assert most <= 1 << 12
