"""The filing package before it is written: routes, conclusions, lists, fonts."""

import io
import zipfile
from dataclasses import replace
from importlib.resources import as_file, files
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from tests.filing.made import GIVEN, NOW, fit, summed

import hegui
from hegui.app.filing_questions import questions_of
from hegui.filing.board import Board, board
from hegui.filing.package.blocks import Document, Para, Table, same
from hegui.filing.package.cells import text_cell
from hegui.filing.package.chapters import _PARTS
from hegui.filing.package.conclusions import VERDICTS, Verdict, conclude, counted
from hegui.filing.package.glyphs import characters, missing, shown
from hegui.filing.package.lists import (
    Keyword,
    Question,
    keyword_counts,
    short_of_keywords,
    short_of_questions,
    short_of_refusals,
)
from hegui.filing.package.routes import routes
from hegui.filing.package.sheets import keyword_sheet, question_sheet
from hegui.filing.package.typesetting import Typesetter
from hegui.filing.package.wording import docx
from hegui.filing.projection import Cited
from hegui.measures import catalogue, profiles, risks, roles
from hegui.measures.evidence import evidence
from hegui.terms import BadRequest, Misconfigured, Words

NUMBERS = profiles()["tc260-003"].numbers
FONT = files("hegui.filing").joinpath("fonts", "HeguiHan-Regular.otf")
HOSTILE = '#panic() $x$ "\\" *_`@<a> ]} =SUM(A1) <w:t>&amp;'


@pytest.fixture(scope="module")
def known() -> frozenset[int]:
    return characters(FONT.read_bytes())


def of(*leaves: bytes) -> Board:
    found = board(GIVEN, summed(leaves))
    cited = {index: Cited(index, "x", "a" * 64) for item in found.items for index in item.cited}
    return replace(found, records=cited)


def test_every_chapter_of_every_route_can_be_made() -> None:
    assert set(routes()) == {"filing", "registration", "algorithm", "change", "cancellation"}
    asked = {query.id for queries in evidence().duties.values() for query in queries}
    for route in routes().values():
        for chapter in (one for document in route.documents for one in document.chapters):
            assert chapter.part in _PARTS
            assert asked.issuperset(chapter.queries), chapter
            assert set(catalogue().duties).issuperset(chapter.duties), chapter
            assert set(roles()).issuperset(chapter.roles), chapter
            assert chapter.title.en != chapter.title.zh


def test_without_records_no_provision_conforms() -> None:
    said = conclude(of(), {})
    bound = [one for one in catalogue().duties.values() if one.binds_provider]
    assert len(said) == len(bound)
    assert counted(said)[Verdict.CONFORMS] == 0
    for one in said:
        assert one.causes
        assert one.plan is not None
        assert one.plan.zh != one.plan.en


def test_a_provision_conforms_by_its_records_and_what_is_short_takes_it_back() -> None:
    leaves = [
        fit(query.any_of[0], NOW - 1000)
        for query in evidence().of("std-inputs")
        for _ in range(query.at_least)
    ]
    found = of(*leaves)
    one = next(one for one in conclude(found, {}) if one.duty.id == "std-inputs")
    assert one.verdict is Verdict.CONFORMS
    assert one.proofs
    short = {"std-inputs": (Words("too few", "不足"),)}
    less = next(one for one in conclude(found, short) if one.duty.id == "std-inputs")
    assert less.verdict is Verdict.NOT
    assert less.causes == short["std-inputs"]


def test_the_three_words_are_those_of_the_standard() -> None:
    assert [words.zh for words in VERDICTS.values()] == ["符合", "不符合", "不适用"]


def test_a_keyword_library_is_counted_per_risk_and_one_word_once() -> None:
    words = [Keyword(f"w{n}", "A.1.d", "r", "p", own=True) for n in range(200)]
    again = [*words, *words]
    count = next(one for one in keyword_counts(again, NUMBERS) if one.risk.id == "A.1.d")
    assert (count.have, count.asked, count.short) == (200, 200, False)
    short = short_of_keywords(again, NUMBERS)
    assert "200" in short[0].en
    assert "10000" in short[0].en
    assert "A.1.a 0/200" in short[1].zh
    assert "A.1.d" not in short[1].zh
    enough = [
        Keyword(f"{risk}{n}", risk, "r", "p", own=True) for risk in risks() for n in range(400)
    ]
    assert short_of_keywords(enough, NUMBERS) == ()


def test_banks_are_short_until_every_number_is_reached() -> None:
    assert len(short_of_questions([], NUMBERS)) == 2
    bank = [Question(f"{risk}{n}", risk, "refuse") for risk in risks() for n in range(70)]
    assert short_of_questions(bank, NUMBERS) == ()
    answers = [Question(f"q{n}", "", "answer") for n in range(499)]
    assert "499" in short_of_refusals([*bank, *answers], NUMBERS)[0].en
    assert short_of_refusals([*bank, *answers, Question("z", "", "answer")], NUMBERS) == ()


def test_the_font_has_every_character_of_the_catalogue_and_the_routes(
    known: frozenset[int],
) -> None:
    found = catalogue()
    texts = [words for duty in found.duties.values() for words in (duty.title, duty.says)]
    texts += [role.name for role in roles().values()]
    texts += [query.says for query in evidence().queries.values()]
    texts += [one.title for route in routes().values() for one in route.documents]
    texts += [c.title for r in routes().values() for one in r.documents for c in one.chapters]
    lost = {c for words in texts for c in words.zh + words.en if ord(c) not in known}
    assert lost == set()


def test_a_character_without_a_glyph_is_named_with_its_place(known: frozenset[int]) -> None:
    document = Document("1-x", same("x"), (Para(same("甲\U0002a6d6\x07")),))
    assert missing([document], known, "zh") == [
        ("U+0007", "1-x", "x"),
        ("U+2A6D6", "1-x", "x"),
    ]
    assert shown("甲\U0002a6d6", known) == "甲〔U+2A6D6〕"


@pytest.mark.parametrize("data", [b"", b"OTTO", b"ttcf" + b"\xff" * 40, FONT.read_bytes()[:200]])
def test_a_broken_font_is_refused(data: bytes) -> None:
    with pytest.raises(Misconfigured):
        characters(data)


def test_hostile_text_stays_text_in_pdf_docx_and_xlsx(known: frozenset[int]) -> None:
    rows = ((same(HOSTILE), same("\x00\ud800")),)
    document = Document(
        "1-x", same(HOSTILE), (Para(same(HOSTILE)), Table((same("a"), same("b")), rows, (1, 1)))
    )
    with as_file(files("hegui.filing").joinpath("fonts")) as folder:
        setter = Typesetter(folder, known)
    first = setter.pdf(document, same(HOSTILE), NOW, "zh")
    assert first == setter.pdf(document, same(HOSTILE), NOW, "zh")
    assert b"pdfaid" in first
    made = docx(document, same("f"), NOW, "en")
    assert made == docx(document, same("f"), NOW, "en")
    with zipfile.ZipFile(io.BytesIO(made)) as held:
        text = held.read("word/document.xml").decode()
        assert 'w:eastAsia="SimSun"' in held.read("word/styles.xml").decode()
    assert "#panic() $x$" in text
    assert "〔U+0000〕〔U+D800〕" in text
    sheet = keyword_sheet([Keyword("=1+1", "A.4.f", "r", "p", own=False)], dict(NUMBERS), NOW)
    book = load_workbook(io.BytesIO(sheet))
    assert [cell.value for cell in book.worksheets[0][1]][:3] == ["关键词", "一级分类", "二级分类"]
    cell = book.worksheets[0]["A2"]
    assert (cell.value, cell.data_type, cell.quotePrefix) == ("=1+1", "s", True)
    assert sheet == keyword_sheet(
        [Keyword("=1+1", "A.4.f", "r", "p", own=False)], dict(NUMBERS), NOW
    )


def test_what_a_cell_cannot_hold_goes_on_in_columns_that_say_so_and_is_read_back(
    tmp_path: Path,
) -> None:
    long = "一" + "😀" * 16_383 + " 二" * 30_000  # the first piece would end within a character
    asked = [
        Question("问题一", "A.4.f", "refuse", "短"),
        Question("问题二", "A.4.f", "answer", long, "合格"),
    ]
    path = tmp_path / "5-questions.xlsx"
    path.write_bytes(question_sheet(asked, dict(NUMBERS), NOW))
    book = load_workbook(path)
    rows = list(book.worksheets[0].iter_rows(values_only=True))
    assert rows[0][7:] == ("模型回答（续1）", "模型回答（续2）")
    assert max(len(str(cell).encode("utf-16-le")) // 2 for row in rows for cell in row) == 32_767
    assert "超出部分写在以下列中：模型回答（续1）、模型回答（续2）" in str(
        [row[0].value for row in book.worksheets[1]][-1]
    )
    assert list(questions_of(path)) == asked


def test_a_table_of_short_texts_has_no_column_more() -> None:
    sheet = question_sheet([Question("问", "A.4.f", "refuse", "一" * 32_767)], dict(NUMBERS), NOW)
    assert len(list(load_workbook(io.BytesIO(sheet)).worksheets[0][1])) == 7


def test_every_workbook_gets_its_texts_from_the_one_place_that_cuts_none() -> None:
    room = Path(hegui.__file__).parent
    writers = [f for f in room.rglob("*.py") if "Workbook(" in f.read_text(encoding="utf-8")]
    assert {file.name for file in writers} >= {"sheets.py", "rules_export.py"}
    for file in writers:
        assert "text_cell(sheet" in file.read_text(encoding="utf-8"), file
    sheet = Workbook(write_only=True).create_sheet("x")
    with pytest.raises(BadRequest, match="32,768 characters"):
        text_cell(sheet, "一" * 32_768)
    for text in ("=1+1", "+1", "-1", "@x", "#REF!"):
        cell = text_cell(sheet, text)
        assert (cell.value, cell.data_type) == (text, "s")
        assert cell.quotePrefix is (text != "#REF!"), "text, too, once the cell was edited"
