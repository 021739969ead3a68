"""What the commands on rules read and write: bounds of strangers' tables, and files kept whole."""

import io
import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook
from tests.cli.conftest import Hegui

from hegui.cli.rules_table import MOST_ROWS, metadata, read_table
from hegui.detectors.packs import Lined, Pack, Rule, read
from hegui.detectors.packs.writing import written
from hegui.terms import BadRequest, Words


@pytest.fixture
def own(tmp_path: Path) -> Path:
    rule = Rule(
        id="own.word",
        risk="A.3.b",
        severity="high",
        title=Words("a word of our own", "自有词"),
        mask=Words("removed", "已屏蔽"),
        literals=(Lined("甲乙丙丁"),),
        added="2026-11-20",
    )
    pack = Pack(
        id="own",
        version="1",
        title=Words("our own", "自有"),
        licence="proprietary",
        source="the desk",
        rules=(rule,),
    )
    path = tmp_path / "own.yaml"
    path.write_text(written(pack), encoding="utf-8")
    return path


def test_what_a_workbook_says_of_itself_is_not_unpacked_beyond_the_bound(tmp_path: Path) -> None:
    book = Workbook()
    book.create_sheet("pack").append(["pack", "own"])
    data = io.BytesIO()
    book.save(data)
    with zipfile.ZipFile(data, "a", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("xl/media/much.bin", b"\0" * 30_000_000)
    path = tmp_path / "w.xlsx"
    path.write_bytes(data.getvalue())
    with pytest.raises(BadRequest, match="unpacks to too much"):
        metadata(path)


@pytest.mark.parametrize("cut", [",", ";", "\t"])
def test_a_table_is_cut_as_its_first_line_is(tmp_path: Path, cut: str) -> None:
    path = tmp_path / "w.csv"
    path.write_text(f'word{cut}note\nabc{cut}"a\tb, c; d"\n', encoding="utf-8")
    assert [row.cells for row in read_table(path).rows] == [{"word": "abc", "note": "a\tb, c; d"}]


def with_rows(path: Path, texts: list[tuple[int, str]]) -> Path:
    """A workbook of one cell by its own account (``dimension``), with more rows than that."""
    rows = "".join(
        f'<row r="{n}"><c r="A{n}" t="inlineStr"><is><t>{text}</t></is></c></row>'
        for n, text in texts
    )
    data = io.BytesIO()
    Workbook().save(data)
    with zipfile.ZipFile(data) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            if name == "xl/worksheets/sheet1.xml":
                head, _, _ = part.partition(b"<sheetData")
                assert b'<dimension ref="A1:A1"' in head
                part = head + f"<sheetData>{rows}</sheetData></worksheet>".encode()
            new.writestr(name, part)
    return path


def test_rows_that_a_workbook_does_not_count_are_read(tmp_path: Path) -> None:
    sheet = read_table(with_rows(tmp_path / "w.xlsx", [(1, "word"), (2, "first"), (3, "next")]))
    assert [row.cells["word"] for row in sheet.rows] == ["first", "next"]


def test_rows_beyond_the_bound_are_told_where_empty_ones_stand_between(tmp_path: Path) -> None:
    rows = [(1, "word"), (2, "first"), (MOST_ROWS + 9, "last")]
    sheet = read_table(with_rows(tmp_path / "w.xlsx", rows))
    assert [row.cells["word"] for row in sheet.rows] == ["first"]
    assert [left.why.en for left in sheet.left] == [
        "rows from here on are left out: at most 200,000"
    ]


def test_an_export_never_takes_the_place_of_its_pack(hegui: Hegui, own: Path) -> None:
    before = own.read_bytes()
    result = hegui("rules", "export", "own.yaml", "--xlsx", "./own.yaml")
    assert (result.exit_code, "name another file" in result.output) == (3, True)
    assert own.read_bytes() == before
    (own.parent / "there.xlsx").write_bytes(b"somebody's work")
    asked = ("rules", "export", "own.yaml", "--xlsx", "there.xlsx")
    assert (hegui(*asked).exit_code, "--replace" in hegui(*asked).stderr) == (3, True)
    assert (own.parent / "there.xlsx").read_bytes() == b"somebody's work"
    assert hegui(*asked, "--replace").exit_code == 0


def test_a_list_is_not_written_over_what_is_no_pack(hegui: Hegui, tmp_path: Path) -> None:
    path = tmp_path / "w.csv"
    path.write_text("word\n新来的词\n", encoding="utf-8")
    before = path.read_bytes()
    result = hegui("rules", "import", "w.csv", "--risk", "A.3.b", "--out", "w.csv", "--replace")
    assert (result.exit_code, "not a pack that can be read" in result.output) == (3, True)
    assert path.read_bytes() == before


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_place_that_cannot_be_written_is_said(hegui: Hegui, tmp_path: Path, lang: str) -> None:
    (tmp_path / "w.txt").write_text("新来的词\n" * 9, encoding="utf-8")
    (tmp_path / "ok.txt").write_text("别的话\n", encoding="utf-8")
    out = str(tmp_path / "absent" / "own.yaml")
    said = {"en": "cannot be written", "zh": "无法写入"}[lang]
    mined = ("mine", "--positive", "w.txt", "--negative", "ok.txt", "--lower", "0")
    for args in (("import", "w.txt", "--risk", "A.3.b"), mined):
        result = hegui("rules", *args, "--out", out, "--lang", lang)
        assert (result.exit_code, said in result.stderr) == (3, True)


def test_a_pack_that_is_written_over_keeps_its_mode_and_leaves_nothing_beside(
    hegui: Hegui, tmp_path: Path, own: Path
) -> None:
    (tmp_path / "w.txt").write_text("甲乙丙丁\n", encoding="utf-8")
    own.chmod(0o600)
    before = sorted(tmp_path.iterdir())
    asked = ("rules", "import", "w.txt", "--risk", "A.3.b", "--out", "own.yaml", "--replace")
    assert hegui(*asked).exit_code == 0
    assert (own.stat().st_mode & 0o777, sorted(tmp_path.iterdir())) == (0o600, before)
    pack, _ = read(own.read_text(encoding="utf-8"))
    assert pack is not None
    assert [rule.added for rule in pack.rules] == ["2026-11-20"]


def test_a_row_that_is_looked_for_otherwise_than_its_rule_is_told(
    hegui: Hegui, tmp_path: Path
) -> None:
    (tmp_path / "w.csv").write_text(
        "word,rule,languages,variants\n甲乙,own.x,zh,-\nabc,own.x,en,-\n丙丁,own.x,zh,traditional\n"
        "戊己,own.x,,\n",
        encoding="utf-8",
    )
    result = hegui("rules", "import", "w.csv", "--risk", "A.3.b", "--dry-run")
    assert (result.exit_code, "2 rows taken, 2 left out" in result.stderr) == (1, True)
    assert "row 3: its rule has other languages" in result.stderr
    assert "row 4: its rule has other languages" in result.stderr


def test_a_row_that_is_left_out_leaves_no_empty_rule_and_keeps_no_other_out(
    hegui: Hegui, tmp_path: Path
) -> None:
    rows = "word,severity\n甲乙,high\n甲乙,low\n丙丁,high\n"
    (tmp_path / "w.csv").write_text(rows, encoding="utf-8")
    result = hegui("rules", "import", "w.csv", "--risk", "A.3.b", "--out", "own.yaml")
    assert (result.exit_code, "2 rows taken, 1 left out" in result.stderr) == (1, True)
    assert "row 3: the word stands in row 2 already" in result.stderr
    pack, _ = read((tmp_path / "own.yaml").read_text(encoding="utf-8"))
    assert pack is not None
    assert [rule.severity for rule in pack.rules] == ["high"]
    assert {said.text for said in pack.rules[0].literals} == {"甲乙", "丙丁"}


def test_a_row_with_an_unknown_language_variant_or_clause_is_left_out_and_told(
    hegui: Hegui, tmp_path: Path
) -> None:
    (tmp_path / "w.csv").write_text(
        'word,languages,variants,clause,rule\n甲乙,zh;EN,-,否\n丙丁,fr\n戊己,"zh,franz"\n'
        "庚辛,,tradtional\n壬癸,,,vielleicht\n子丑,中文,full_width、spaced,是,own.x\n",
        encoding="utf-8",
    )
    args = ("rules", "import", "w.csv", "--risk", "A.3.b", "--dry-run")
    result = hegui(*args, "--lang", "en")
    assert (result.exit_code, "left out: 2 words" in result.stderr) == (1, True)
    for row, said, column in (
        (3, "fr", "languages"),
        (4, "franz", "languages"),
        (5, "tradtional", "variants"),
        (6, "vielleicht", "clause"),
    ):
        assert f"row {row}: {said} is none of the {column}: " in result.stderr
    assert "第 3 行：languages 列中的 fr 无法识别" in hegui(*args, "--lang", "zh").stderr


def test_what_is_wrong_with_a_rules_name_is_told_by_a_row_of_the_list(
    hegui: Hegui, tmp_path: Path
) -> None:
    path = tmp_path / "w.csv"
    path.write_text("word,rule\n甲乙丙,own.one\n丁戊己,Own Two\n", encoding="utf-8")
    result = hegui("rules", "import", str(path), "--risk", "A.2.c", "--pack", "No Id")
    assert result.exit_code == 1
    lines = result.stderr.splitlines()
    assert [line for line in lines if line.startswith("row ")] == [
        "row 3: Own Two a rule's id is words of a-z, 0-9, _ and -, joined by dots: own.fraud"
    ]
    assert "the pack: a pack's id has a-z, 0-9 and -" in lines


def test_a_risk_that_there_is_not_is_bad_input_and_said_once(hegui: Hegui, tmp_path: Path) -> None:
    (tmp_path / "w.csv").write_text("word\n甲乙\n丙丁\n", encoding="utf-8")
    result = hegui("rules", "import", "w.csv", "--risk", "Z.9")
    assert (result.exit_code, result.stderr.count("no risk of the standard")) == (3, 1)


def test_a_list_without_a_word_is_said_to_be_one(hegui: Hegui, tmp_path: Path) -> None:
    (tmp_path / "w.csv").write_text("word,risk\n", encoding="utf-8")
    result = hegui("rules", "import", "w.csv", "--risk", "A.3.b", "--out", "own.yaml")
    assert (result.exit_code, "The list holds no word" in result.stderr) == (1, True)
    assert not (tmp_path / "own.yaml").exists()
