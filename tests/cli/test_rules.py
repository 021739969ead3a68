import io
import json
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from tests.cli.conftest import INTERNAL, Hegui

from hegui.cli.rules_build import Defaults, built, dates_of
from hegui.cli.rules_export import save
from hegui.cli.rules_table import metadata, read_table
from hegui.detectors.packs import Lined, Pack, Rule, read
from hegui.detectors.packs.writing import written
from hegui.terms import Words

ROOT = Path(__file__).parent.parent.parent
PACK = """\
pack: own
version: "1"
title: {en: our own, zh: 自有规则}
licence: proprietary
source: the compliance desk
rules:
  - id: own.word
    risk: A.3.b
    severity: high
    title: {en: a word of our own, zh: 自有词}
    mask: {en: removed, zh: 已屏蔽}
    literals: [甲乙丙丁, codename]
    added: 2026-11-20
    cases: {match: [说甲乙丙丁吧], clean: [别的话]}
"""


def workbook(path: Path, rows: list[list[Any]], merge: str = "") -> Path:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    if merge:
        sheet.merge_cells(merge)
    book.save(path)
    return path


def packed(path: Path) -> Pack:
    pack, flaws = read(path.read_text(encoding="utf-8"))
    assert pack is not None, flaws
    return pack


@pytest.fixture
def settings_file(tmp_path: Path) -> Path:
    path = tmp_path / "hegui.toml"
    path.write_text(INTERNAL + '[[screen.pack]]\npath = "own.yaml"\n', encoding="utf-8")
    return path


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "own.yaml"
    path.write_text(PACK, encoding="utf-8")
    return path


def test_lint_finds_nothing_in_what_comes_with_hegui(hegui: Hegui) -> None:
    result = hegui("rules", "lint")
    assert result.exit_code == 0, result.output
    assert "0 to put right" in result.output


@pytest.mark.parametrize("page", ["rule-packs.md", "rule-packs.zh.md"])
def test_the_pack_of_the_page_is_right(hegui: Hegui, tmp_path: Path, page: str) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    shown = text.partition("```yaml\n")[2].partition("```")[0]
    path = tmp_path / "shown.yaml"
    path.write_text(shown, encoding="utf-8")
    told = json.loads(hegui("rules", "lint", str(path), "--json").stdout)
    assert told == {"ok": True, "flaws": []}


def test_lint_says_what_is_wrong_with_file_and_line(hegui: Hegui, own: Path) -> None:
    assert hegui("rules", "lint", str(own)).exit_code == 0
    own.write_text(PACK.replace("A.3.b", "A.9.z").replace("codename", "x*"), encoding="utf-8")
    result = hegui("rules", "lint", str(own), "--json")
    assert result.exit_code == 1
    (flaw,) = json.loads(result.stdout)["flaws"]
    assert (flaw["line"], flaw["rule"], flaw["weight"]) == (8, "own.word", "error")
    shown = hegui("rules", "lint", str(own), "--lang", "zh").output
    assert f"{own}:8 own.word 风险编号写作" in shown


def test_check_lists_packs_and_says_where_they_are_wrong(
    hegui: Hegui, own: Path, settings_file: Path
) -> None:
    told = json.loads(hegui("check", "--json").stdout)
    assert [pack["pack"] for pack in told["packs"]] == ["own"]
    assert "own   " in hegui("check").output
    own.write_text(PACK.replace("A.3.b", "A.9.z"), encoding="utf-8")
    result = hegui("check", "--json")
    assert result.exit_code == 3
    (problem,) = json.loads(result.stdout)["problems"]
    assert problem["key"] == "screen.pack"
    assert problem["line"] == settings_file.read_text(encoding="utf-8").count("\n")
    assert f"{own}, line 8 own.word" in problem["en"]


def test_a_provider_may_list_what_hegui_does_not_ship(hegui: Hegui, own: Path) -> None:
    own.write_text(PACK.replace("A.3.b", "A.1.a"), encoding="utf-8")
    assert hegui("rules", "lint", str(own)).exit_code == 0


def test_cases_that_fail_are_told_one_by_one(hegui: Hegui, own: Path) -> None:
    own.write_text(PACK.replace("说甲乙丙丁吧", "说别的"), encoding="utf-8")
    result = hegui("rules", "test", str(own), "--json")
    assert result.exit_code == 1
    (failed,) = json.loads(result.stdout)["failed"]
    assert failed == {"file": str(own), "line": 14, "rule": "own.word", "sort": "match"}


def test_stats_count_words_before_and_after_their_variants(hegui: Hegui, own: Path) -> None:
    text = PACK.replace("added:", "variants: [traditional, full_width]\n    added:")
    own.write_text(text.replace("甲乙丙丁, codename", "国家队, 甲乙丙丁"), encoding="utf-8")
    told = json.loads(hegui("rules", "stats", str(own), "--json").stdout)
    row = next(row for row in told["coverage"] if row["risk"] == "A.3.b")
    assert (row["keywords"], row["least"]) == (2, 0)
    assert row["forms"] > 2
    least = {row["risk"]: row["least"] for row in told["coverage"]}
    assert (least["A.1.a"], least["A.2.i"]) == (200, 100)
    assert told["total"]["least"] == 10_000
    assert told["update"]["within"] == 7
    assert told["update"]["days"] == (date.fromisoformat(told["as_of"]) - date(2026, 11, 20)).days
    assert told["months"] == {"2026-11": {"added": 1, "retired": 0}}
    page = hegui("rules", "stats", str(own), "--lang", "zh").output
    assert "正式文本未核实" in page


@pytest.mark.parametrize("name", ["ordinary.txt", "ordinary.jsonl", "ordinary.parquet"])
def test_stats_count_false_hits_on_a_text(
    hegui: Hegui, own: Path, tmp_path: Path, name: str
) -> None:
    rows = ["说甲乙丙丁", "什么也没有", "a CODENAME here", "codenames"]
    path = tmp_path / name
    if name.endswith("txt"):
        path.write_text("\n".join(rows), encoding="utf-8")
    elif name.endswith("jsonl"):
        path.write_text("\n".join(json.dumps({"text": row}) for row in rows), encoding="utf-8")
    else:
        pyarrow = pytest.importorskip("pyarrow")
        parquet = pytest.importorskip("pyarrow.parquet")
        parquet.write_table(pyarrow.table({"text": rows}), path)
    told = json.loads(hegui("rules", "stats", str(own), "--text", str(path), "--json").stdout)
    hits = told["hits"]
    assert (hits["hits"], hits["rows"], hits["rules"]) == (2, 4, {"own.word": 2})
    size = len("".join(rows).encode())
    assert hits["per_mb"] == pytest.approx(2 / size * 1e6, abs=0.001)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_list_is_read_in_the_encodings_that_people_use(
    hegui: Hegui, tmp_path: Path, encoding: str
) -> None:
    path = tmp_path / "words.csv"
    path.write_text("词,等级,启用日期\n坏词甲,高,2026/1/5\n坏词乙,低,\n", encoding=encoding)
    out = tmp_path / "own.yaml"
    result = hegui("rules", "import", str(path), "--risk", "A.1.f", "--out", str(out), "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["encoding"] == encoding
    pack = packed(out)
    today = next(rule.added for rule in pack.rules if rule.severity == "low")
    assert [(r.id, r.literals[0].text) for r in pack.rules] == [
        ("own.a1f.high.2026-01-05", "坏词甲"),
        (f"own.a1f.low.{today}", "坏词乙"),
    ]
    assert hegui("rules", "lint", str(out)).exit_code == 0


def test_what_was_left_out_is_told_by_row(hegui: Hegui, tmp_path: Path) -> None:
    rows = [["word", "risk"], ["a bad word"], ["a bad word"], [None, "A.1.f"], ["x", "A.9.z"]]
    path = workbook(tmp_path / "w.xlsx", rows)
    result = hegui("rules", "import", str(path), "--risk", "A.1.f", "--dry-run", "--json")
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert [(left["row"], left["en"]) for left in told["left"]] == [
        (3, "the word stands in row 2 already"),
        (4, "it has no word"),
        (5, "A.9.z is no risk of the standard's list: A.1.a to A.5.b"),
    ]
    assert list(tmp_path.iterdir()) == [path]


def test_formulas_are_never_evaluated_and_what_looks_like_one_is_text(
    hegui: Hegui, tmp_path: Path
) -> None:
    path = workbook(tmp_path / "w.xlsx", [["word"], ["=1+1"], ["plain"]])
    told = json.loads(
        hegui("rules", "import", str(path), "--risk", "A.1.f", "--json", "--dry-run").stdout
    )
    assert [left["en"] for left in told["left"]] == ["a formula is not read"]
    text = tmp_path / "w.txt"
    text.write_text("=cmd|' /c calc'!A0\n+1\n-1\n@x\n", encoding="utf-8")
    out = tmp_path / "own.yaml"
    assert hegui("rules", "import", str(text), "--risk", "A.1.f", "--out", str(out)).exit_code == 0
    words = {said.text for rule in packed(out).rules for said in rule.literals}
    assert words == {"=cmd|' /c calc'!A0", "+1", "-1", "@x"}
    xlsx = tmp_path / "own.xlsx"
    assert hegui("rules", "export", str(out), "--xlsx", str(xlsx)).exit_code == 0
    sheet = load_workbook(xlsx).worksheets[0]
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value]
    assert all(cell.data_type == "s" for cell in cells)
    assert not [c.value for c in cells if str(c.value).startswith(("=", "+", "-", "@"))]


def test_cells_merged_downwards_hold_for_all_their_rows(tmp_path: Path) -> None:
    rows = [["风险", "词"], ["A.1.f", "甲"], [None, "乙"], [None, "丙"], [None, "丁"]]
    path = workbook(tmp_path / "w.xlsx", rows, "A2:A4")
    sheet = read_table(path)
    assert [row.cells.get("risk") for row in sheet.rows] == ["A.1.f", "A.1.f", "A.1.f", None]


def test_a_zip_bomb_is_refused_before_it_is_unpacked(hegui: Hegui, tmp_path: Path) -> None:
    path = workbook(tmp_path / "w.xlsx", [["word"], ["x"]])
    data = io.BytesIO(path.read_bytes())
    with zipfile.ZipFile(data, "a", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/media/much.bin", b"\0" * 30_000_000)
    path.write_bytes(data.getvalue())
    result = hegui("rules", "import", str(path), "--risk", "A.1.f")
    assert result.exit_code == 3
    assert "unpacks to too much" in result.output


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04nonsense", b"not a workbook"])
def test_what_is_no_workbook_is_said_to_be_none(
    hegui: Hegui, tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "w.xlsx"
    path.write_bytes(content)
    assert hegui("rules", "import", str(path), "--risk", "A.1.f").exit_code == 3


def test_a_file_is_written_over_only_when_asked_and_words_keep_their_dates(
    hegui: Hegui, tmp_path: Path, own: Path
) -> None:
    path = tmp_path / "w.txt"
    path.write_text("甲乙丙丁\n新来的词\n", encoding="utf-8")
    more = ("rules", "import", str(path), "--risk", "A.3.b", "--out", str(own))
    assert hegui(*more).exit_code == 3
    assert own.read_text(encoding="utf-8") == PACK
    assert hegui(*more, "--replace").exit_code == 0
    rules = {rule.literals[0].text: rule.added for rule in packed(own).rules}
    assert rules["甲乙丙丁"] == "2026-11-20"
    assert rules["新来的词"] > "2026-11-20"


WORD = st.text(
    st.characters(categories=("L", "N", "P", "S", "Zs", "M"), max_codepoint=0x1F9FF),
    min_size=1,
    max_size=12,
)
WORDS = st.lists(WORD.filter(str.isprintable), min_size=1, max_size=4, unique=True)


@st.composite
def packs(draw: st.DrawFn) -> Pack:
    taken: set[str] = set()
    rules = []
    for number in range(draw(st.integers(1, 3))):
        literals = [word for word in draw(WORDS) if word not in taken]
        taken.update(literals)
        rules.append(
            Rule(
                id=f"own.rule{number}",
                risk=draw(st.sampled_from(["A.1.a", "A.1.f", "A.3.b"])),
                severity=draw(st.sampled_from(["low", "medium", "high"])),
                title=Words("=title", "标题"),
                mask=Words("+removed", "已屏蔽"),
                literals=tuple(map(Lined, literals)),
                patterns=(Lined("a{1,3}b", 0, pattern=True),),
                variants=draw(st.sampled_from([(), ("full_width",), ("spaced", "homophone")])),
                exceptions=(Lined(draw(WORD.filter(str.isprintable))), Lined("x|y", 0, True)),  # noqa: FBT003 - a fact
                added="2026-01-02",
                retired=draw(st.sampled_from(["", "2026-02-03"])),
                match=tuple(map(Lined, draw(WORDS))),
                clean=tuple(map(Lined, draw(WORDS))),
            )
        )
    return Pack(
        id="own",
        version="-1",
        title=Words("@t", "表"),
        licence="x",
        source="=s",
        rules=tuple(rules),
    )


@settings(max_examples=25, deadline=None)
@given(packs())
def test_what_was_exported_is_imported_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, pack: Pack
) -> None:
    path = tmp_path_factory.mktemp("round") / "own.xlsx"
    save([pack], path)
    about = metadata(path)
    made = built(read_table(path).rows, Defaults("own", "", "high", (), "2026-11-25", {}))
    again = Pack(
        id=about["pack"],
        version=about["version"],
        title=Words(about["title_en"], about["title_zh"]),
        licence=about["licence"],
        source=about["source"],
        rules=tuple(made.rules.values()),
    )
    assert made.left == []
    assert again.data() == pack.data()
    reread, flaws = read(written(again))
    assert reread is not None, flaws
    assert reread.digest == pack.digest


def test_dates_of_a_word_are_the_first_it_was_listed_on() -> None:
    assert dates_of(None) == {}
    pack, _ = read(PACK)
    assert dates_of(pack)["codename"] == "2026-11-20"


def test_mining_prints_candidates_and_writes_a_draft_that_lints(
    hegui: Hegui, tmp_path: Path
) -> None:
    bad, good = tmp_path / "bad.txt", tmp_path / "good.txt"
    bad.write_text("\n".join(f"快来代开发票吧{n}" for n in range(30)), encoding="utf-8")
    good.write_text("\n".join(f"今天开会吧{n}" for n in range(30)), encoding="utf-8")
    out = tmp_path / "draft.yaml"
    args = ("rules", "mine", "--positive", str(bad), "--negative", str(good))
    result = hegui(*args, "--risk", "A.1.h", "--out", str(out), "--json")
    assert result.exit_code == 0, result.output
    (found,) = json.loads(result.stdout)
    assert found["text"] == "快来代开发票吧"
    assert (found["positive"], found["negative"], found["recall"]) == (30, 0, 1.0)
    assert packed(out).rules[0].severity == "low"
    assert hegui("rules", "lint", str(out)).exit_code == 0
    assert hegui(*args, "--out", str(out)).exit_code == 3, "a draft is not written over"
    assert "快来代开发票吧" in hegui(*args).output
