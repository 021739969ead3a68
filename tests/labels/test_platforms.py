from typing import Any

import pytest

from hegui.labels import judging
from hegui.labels.container import Found, Memory
from hegui.labels.formats.bmp import BMP
from hegui.labels.formats.png import PNG
from hegui.labels.formats.texts import HTML, TXT
from hegui.labels.inspecting import Asked, inspected
from hegui.labels.platforms import LABELS, NOTICES, concluded, spread, traces_in
from hegui.labels.value import Implicit, parsed
from hegui.terms import BadRequest
from hegui.testing import documents, pictures
from hegui.testing.labelled import CODE, LABEL, labelled, labels, payload

OURS = f"{CODE[:22]}2{CODE[23:]}"
THEIRS = Implicit("1", "001191310104MACE0YX63918020", "t-1", "r-1", "x", "t-1", "r-2")
PNG_FILE = pictures.samples()["png"]


def found(label: Implicit, **changes: str) -> Found:
    fields = {name: getattr(label, name) for name in label.__struct_fields__} | changes
    raw = Implicit(**fields).inner()
    return Found("png-xmp", 0, raw, guide=True, parsed=parsed(raw))


def inspect(data: bytes, name: str = "a.png", **more: Any) -> Any:
    asked = {"name": name, "declared": False, "traces": (), "code": OURS, "number": "p-1"} | more
    return inspected(data, Asked(**asked))


@pytest.mark.parametrize(
    ("label", "declared", "traces", "says"),
    [
        ("1", False, [], "is"),
        ("1", True, ["other"], "is"),
        ("2", False, [], "may_be"),
        ("3", False, [], "suspected"),
        ("3", True, [], "may_be"),
        ("9", False, [], "suspected"),
        ("", False, [], "suspected"),
        (None, True, ["other"], "may_be"),
        (None, False, ["explicit"], "suspected"),
        (None, False, [], "nothing"),
    ],
)
def test_the_strongest_that_is_supported_holds(
    label: str | None, *, declared: bool, traces: list[str], says: str
) -> None:
    held = [] if label is None else [found(THEIRS, Label=label)]
    assert concluded(held, traces, declared=declared, broken=False) == says


def test_a_label_that_names_its_maker_and_has_no_label_field_says_it_is() -> None:
    held = Found("png-text", 0, "", guide=False, parsed=parsed('{"ServiceProvider":"x"}'))
    assert concluded([held], [], declared=False, broken=False) == "is"


def test_a_file_that_cannot_be_read_is_not_said_to_hold_nothing() -> None:
    assert concluded((), [], declared=False, broken=True) == "unreadable"
    assert concluded((), [], declared=True, broken=True) == "may_be"


def test_every_conclusion_that_is_told_has_a_notice_in_chinese_with_both_elements() -> None:
    assert set(NOTICES) == set(LABELS)
    for words in NOTICES.values():
        assert "人工智能" in words.zh
        assert "生成" in words.zh


def test_a_producers_label_is_kept_and_only_the_propagators_fields_change() -> None:
    done = inspect(labelled(PNG, PNG_FILE, THEIRS))
    assert (done.conclusion, done.cause) == ("is", "kept")
    (there,) = labels(PNG, done.file)
    assert there.parsed is not None
    wanted = Implicit("1", THEIRS.ContentProducer, "t-1", "r-1", OURS, "p-1", "")
    assert there.parsed.implicit == done.label == wanted
    assert payload(PNG, done.file) == payload(PNG, PNG_FILE)


def test_the_propagation_fields_are_written_once() -> None:
    first = inspect(labelled(PNG, PNG_FILE, THEIRS))
    again = inspect(first.file, number="p-2")
    assert (again.conclusion, again.cause, again.file) == ("is", "already", None)
    assert again.label == first.label


def test_what_our_own_service_made_is_not_written_again() -> None:
    assert inspect(labelled(PNG, PNG_FILE, LABEL)).cause == "already"


@pytest.mark.parametrize(
    ("declared", "traces", "label"), [(True, (), "2"), (False, ("other",), "3")]
)
def test_a_file_without_a_label_gets_one_that_names_no_producer(
    *, declared: bool, traces: tuple[str, ...], label: str
) -> None:
    done = inspect(PNG_FILE, declared=declared, traces=traces)
    (there,) = labels(PNG, done.file)
    assert there.parsed is not None
    assert there.parsed.implicit == Implicit(label, "", "", "", OURS, "p-1", "")
    verdict = judging.judged([there], PNG)
    assert verdict.state == "compliant"
    assert {one.code for one in verdict.findings} == {"producer-unknown"}


def test_a_producer_left_out_of_a_label_that_says_is_generated_stays_a_finding() -> None:
    verdict = judging.judged([found(LABEL, ContentProducer="")], PNG)
    assert ("empty-field", False) in {(one.code, one.note) for one in verdict.findings}


def test_nothing_is_written_where_nothing_speaks_for_it() -> None:
    done = inspect(PNG_FILE)
    assert (done.conclusion, done.cause, done.file, done.label) == ("nothing", "none", None, None)


def test_labels_of_two_producers_are_told_and_the_file_stays() -> None:
    both = [found(THEIRS), found(THEIRS, ProduceID="t-2")]
    with pytest.raises(BadRequest):
        spread(both, "is", (OURS, "p-1"))
    assert concluded(both, [], declared=False, broken=False) == "is"


def test_what_cannot_be_read_as_a_label_is_a_trace_and_is_never_written_over() -> None:
    held = Found("png-text", 0, "AIGC", guide=False, parsed=None)
    assert concluded([held], [], declared=False, broken=False) == "suspected"
    with pytest.raises(BadRequest) as refused:
        spread([held], "suspected", (OURS, "p-1"))
    assert refused.value.code == "label_unreadable"


def test_a_number_that_no_label_can_hold_is_refused() -> None:
    done = inspect(PNG_FILE, declared=True, number="两 个")
    assert (done.cause, done.file) == ("refused", None)
    assert "PropagateID" in done.why.en


def test_a_service_without_a_code_is_told_the_conclusion_and_why_nothing_is_written() -> None:
    done = inspect(PNG_FILE, declared=True, code="")
    assert (done.conclusion, done.cause) == ("may_be", "refused")
    assert "provider.uscc" in done.why.zh


def test_a_format_without_a_place_gets_its_label_beside() -> None:
    done = inspect(b"a,b\n", "a.csv", declared=True)
    assert (done.cause, done.file) == ("beside", None)
    assert done.label.Label == "2"


def test_a_file_of_no_known_format_is_concluded_by_what_its_user_declared() -> None:
    assert inspect(bytes(50), "x.bin").conclusion == "unreadable"
    done = inspect(bytes(50), "x.bin", declared=True)
    assert (done.conclusion, done.cause) == ("may_be", "refused")


def test_a_notice_at_the_end_of_a_text_is_a_trace() -> None:
    for encoding in ("utf-8", "gb18030"):
        text = ("正文。\n" * 3000 + "（本内容由AI生成）\n").encode(encoding)
        assert traces_in(Memory(text), TXT) == ["notice"]
    assert traces_in(Memory("AI 是什么？\n生成很多\n".encode()), TXT) == []
    assert traces_in(Memory("<p>由人工智能合成</p>".encode()), HTML) == ["notice"]


@pytest.mark.parametrize(
    "held",
    [
        b"<Iptc4xmpExt:DigitalSourceType>%s</Iptc4xmpExt:DigitalSourceType>",
        b'Iptc4xmpExt:DigitalSourceType="%s"',
        b'<Iptc4xmpExt:DigitalSourceType rdf:resource="%s"/>',
        b"qdigitalSourceTypexF%s",
    ],
)
def test_the_iptc_source_type_is_a_trace_wherever_it_lies(held: bytes) -> None:
    address = b"http://cv.iptc.org/newscodes/digitalsourcetype/"
    for kind, traces in ((b"trainedAlgorithmicMedia", ["source-type"]), (b"digitalCapture", [])):
        data = b"BM" + bytes((1 << 20) - 60) + held % (address + kind) + bytes(10)
        assert traces_in(Memory(data), BMP) == traces


def test_a_page_that_only_writes_about_the_source_type_is_not_suspected() -> None:
    text = (
        b"DigitalSourceType: http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
    )
    assert traces_in(Memory(text), HTML) == []


def test_a_broken_document_is_not_touched() -> None:
    done = inspect(documents.docx()[:-30], "a.docx", declared=True)
    assert (done.conclusion, done.cause, done.file) == ("may_be", "refused", None)
