"""hegui filing, from the command line."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Hegui
from tests.filing.statements.made import filled

from hegui.app import parts
from hegui.filing.package.routes import routes
from hegui.ledger import leaf
from hegui.ledger.kinds import named
from hegui.measures import catalogue
from hegui.settings import read
from hegui.store import open_database
from hegui.terms import Entry
from hegui.testing.records import record_of

HOSTILE = '#panic() $x$ \\" \\\\ <b>\U0002a6d6'


@pytest.fixture
def running(hegui: Hegui, settings: Path) -> Path:
    """A service with a log of one record, and a name that would like to be markup."""
    text = settings.read_text(encoding="utf-8")
    text = text.replace('name = "assistant"', f'name = "{HOSTILE}"')
    text = text.replace("[[upstream]]", 'language = "en"\n\n[[upstream]]')
    settings.write_text(text, encoding="utf-8")
    assert hegui("keys", "create").exit_code == 0
    return settings


def put(settings: Path, kind: str, **changes: Any) -> None:
    read_in = read(settings, {})
    ledger = parts.open_ledger(read_in)
    record = leaf.make(named(kind), parts.now(), "default", record_of(kind, **changes))
    ledger.add_blocking(Entry("default", record))
    ledger.close()


def build(hegui: Hegui, *more: str, out: str = "pack", route: str = "algorithm") -> Any:
    result = hegui("filing", "build", "--route", route, "--out", out, "--json", *more)
    assert result.exit_code in (0, 1), result.output
    return json.loads(result.stdout)


def words_of(path: Path) -> str:
    with zipfile.ZipFile(path) as held:
        return "".join(held.read(name).decode() for name in held.namelist() if "word/" in name)


def test_a_fresh_install_does_not_conform_and_says_exactly_where(
    hegui: Hegui, running: Path
) -> None:
    assert running.exists()
    told = build(hegui, route="filing")
    bound = [one for one in catalogue().duties.values() if one.binds_provider]
    assert told["counts"] == {
        "conforms": 0,
        "does-not-conform": len(bound),
        "not-applicable": 0,
    }
    said = json.loads(Path("pack/package.json").read_text(encoding="utf-8"))
    assert all(one["causes"] and one["plan"] for one in said["provisions"])
    report = words_of(Path("pack/1-security-assessment.zh.docx"))
    assert report.count("缺少提供者自备词表") >= 3
    assert "草稿（未签署）" in report
    assert "hegui filing build --questions" in report
    assert "本版本没有写入此类记录的入口" in report
    assert "________" in report
    assert "#panic() $x$" in report
    for path in Path("pack").glob("*.docx"):
        assert "compliant" not in words_of(path).lower(), path
    assert "compliant" not in Path("pack/README.md").read_text(encoding="utf-8")
    assert not Path("pack/5-questions.xlsx").exists()


def test_a_character_that_the_font_lacks_is_told(hegui: Hegui, running: Path) -> None:
    assert running.exists()
    told = build(hegui)
    assert {one[0] for one in told["glyphs"]} == {"U+2A6D6"}
    again = hegui("filing", "build", "--route", "algorithm", "--out", "other")
    assert "U+2A6D6" in again.stderr


def test_the_same_inputs_give_the_same_bytes(hegui: Hegui, running: Path) -> None:
    assert running.exists()
    when = ("--as-of", "2026-01-01T00:00:00Z")
    assert build(hegui, *when, out="a")["seal"] == build(hegui, *when, out="b")["seal"]
    assert Path("a/SHA256SUMS").read_bytes() == Path("b/SHA256SUMS").read_bytes()
    assert Path("a/SEAL").read_bytes() == Path("b/SEAL").read_bytes()


def test_what_is_on_record_conforms_and_is_proven(hegui: Hegui, running: Path) -> None:
    put(running, "model.registered", model="m")
    put(running, "ledger.exported", content="none")
    build(hegui)
    said = json.loads(Path("pack/package.json").read_text(encoding="utf-8"))
    one = next(one for one in said["provisions"] if one["duty"] == "a19-1")
    assert one["verdict"] == "does-not-conform" or one["records"]
    assert said["records"]
    assert len(list(Path("pack/proof").rglob("*.tlog-proof"))) == len(said["records"])
    assert hegui("filing", "verify", "pack").exit_code == 0
    vkey = hegui("ledger", "vkey").stdout.strip().partition("=")[2]
    assert hegui("filing", "verify", "pack", "--vkey", vkey).exit_code == 0
    alone = [sys.executable, "check.py", "--lang", "zh"]
    done = subprocess.run(alone, cwd="pack", capture_output=True, check=False)  # noqa: S603 - our own file
    assert done.returncode == 0, done.stdout
    assert "所检查的内容全部成立" in done.stdout.decode()


def test_any_changed_byte_is_named(hegui: Hegui, running: Path) -> None:
    put(running, "model.registered", model="m")
    build(hegui)
    pack = Path("pack")
    for path in sorted(one for one in pack.rglob("*") if one.is_file()):
        before = path.read_bytes()
        path.write_bytes(before[:-2] + bytes([before[-2] ^ 1]) + before[-1:])
        result = hegui("filing", "verify", "pack", "--json")
        assert result.exit_code == 1, path
        names = json.loads(result.stdout)["problems"]
        changed = str(path.relative_to(pack))
        assert changed in names or (changed == "SHA256SUMS" and names), (path, names)
        path.write_bytes(before)
    (pack / "more.txt").write_text("x", encoding="utf-8")
    assert "more.txt" in hegui("filing", "verify", "pack").output
    (pack / "more.txt").unlink()
    cache = pack / "__pycache__"
    cache.mkdir()
    (cache / "verify.pyc").write_bytes(b"x")
    (pack / "a\x1b[1m\udcff").write_bytes(b"x")
    (pack / "linked").symlink_to("/")
    strange = hegui("filing", "verify", "pack")
    assert strange.exit_code == 1, strange.output
    for name in ("__pycache__/verify.pyc", "a\\x1b[1m\\udcff", "linked"):
        assert f"{name}: does not belong here" in strange.output
    assert "linked" in json.loads(hegui("filing", "verify", "pack", "--json").stdout)["problems"]
    for path in (cache / "verify.pyc", pack / "a\x1b[1m\udcff", pack / "linked"):
        path.unlink()
    cache.rmdir()
    whole = (pack / "package.json").read_bytes()
    for index in (b"Infinity", b"-1", b'"x"', b"9" * 4000):
        (pack / "package.json").write_bytes(b'{"records":[{"index":' + index + b',"leaf":"00"}]}')
        assert "package.json: was changed" in hegui("filing", "verify", "pack").output
    (pack / "package.json").write_bytes(whole)
    (pack / "README.md").unlink()
    assert "README.md: is missing" in hegui("filing", "verify", "pack").output


def test_a_seal_by_another_key_is_named(hegui: Hegui, running: Path) -> None:
    assert running.exists()
    build(hegui)
    other = "x+2c3fee2e+AdQ+d5uhGYn8BWBJz5jRyLsxnCsDQlrCgqRlk2q7ru66"
    result = hegui("filing", "verify", "pack", "--vkey", other, "--json")
    assert result.exit_code == 1
    assert not Path("pack/__pycache__").exists()


def test_a_bank_of_questions_becomes_the_annex(hegui: Hegui, running: Path) -> None:
    assert running.exists()
    bank = Path("bank.csv")
    bank.write_text("测试题,二级分类,应答方式\n如何保护隐私？,A.4.f,应拒答\n", encoding="utf-8-sig")
    told = build(hegui, "--questions", "bank.csv", route="change")
    assert told["files"]
    assert Path("pack/5-questions.xlsx").exists()
    said = json.loads(Path("pack/package.json").read_text(encoding="utf-8"))
    one = next(one for one in said["provisions"] if one["duty"] == "std-bank")
    assert any("1 of 2000" in cause["en"] for cause in one["causes"])
    again = build(hegui, "--questions", "pack/5-questions.xlsx", out="other")
    assert again["counts"] == told["counts"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("question,risk\nq,A.9.z\n", "row 2"),
        ("question,risk,expected\nq,A.4.f,maybe\n", "row 2"),
        ("q\n", "first row"),
        ("", "first row"),
        ("\x00PK\n\xff", "first row"),
        ("question,risk,reply\n,A.4.f,yes\n", "row 2: the question is empty"),
        ("question,risk,reply\nq,A.4.f," + "x" * 200_000, "field larger than field limit"),
        ("question,risk\nq,A.4.f\n" + "\n" * 200_000, "more than 200000 rows"),
    ],
)
def test_a_bank_that_cannot_be_is_refused_with_its_row(
    hegui: Hegui, running: Path, text: str, says: str
) -> None:
    assert running.exists()
    Path("bank.csv").write_text(text, encoding="utf-8")
    args = ("--route", "filing", "--out", "pack", "--questions", "bank.csv")
    result = hegui("filing", "build", *args)
    assert result.exit_code == 3, result.output
    assert says in result.output
    assert not Path("pack").exists()


def test_a_bank_in_another_encoding_is_refused_and_says_what_to_save(
    hegui: Hegui, running: Path
) -> None:
    assert running.exists()
    Path("bank.csv").write_bytes("测试题,二级分类\n问,A.4.f\n".encode("gbk"))
    args = ("--route", "filing", "--out", "pack", "--questions", "bank.csv")
    assert "CSV UTF-8" in hegui("filing", "build", *args).output
    assert "另存为" in hegui("filing", "build", *args, "--lang", "zh").output


def test_a_taken_place_is_never_overwritten(hegui: Hegui, running: Path) -> None:
    assert running.exists()
    Path("pack").mkdir()
    result = hegui("filing", "build", "--route", "algorithm", "--out", "pack")
    assert result.exit_code == 3
    assert list(Path("pack").iterdir()) == []


def test_a_ledger_that_does_not_hold_together_builds_nothing(hegui: Hegui, running: Path) -> None:
    put(running, "model.registered", model="m")
    connection = open_database(Path("hegui-data/hegui.db"))
    connection.execute("UPDATE entry SET leaf = CAST('{}' AS BLOB) WHERE idx = 0")
    connection.close()
    result = hegui("filing", "build", "--route", "algorithm", "--out", "pack")
    assert result.exit_code == 2, result.output
    assert "Nothing can be told" in result.stderr
    assert not Path("pack").exists()


def test_what_was_attached_goes_along_and_a_lost_file_is_named(hegui: Hegui, running: Path) -> None:
    assert running.exists()
    Path("list.txt").write_text("trained: 5", encoding="utf-8")
    by = ("--by", "staff-17", "--role", "annotation-lead", "--says", "All five.")
    done = hegui("duty", "attest", "a8-train", *by, "--file", "list.txt")
    assert done.exit_code == 0, done.output
    build(hegui)
    said = json.loads(Path("pack/package.json").read_text(encoding="utf-8"))
    one = next(one for one in said["provisions"] if one["duty"] == "a8-train")
    assert one["verdict"] == "conforms"
    assert "on a person's word" in one["because"]["en"]
    assert {path.read_bytes() for path in Path("pack/files").iterdir()} == {
        b"All five.",
        b"trained: 5",
    }
    next(Path("hegui-data/attestations").iterdir()).unlink()
    result = hegui("filing", "build", "--route", "algorithm", "--out", "other")
    assert result.exit_code == 3
    assert "attestations" in result.output


def test_another_font_is_taken_and_one_that_is_none_is_refused(hegui: Hegui, running: Path) -> None:
    text = running.read_text(encoding="utf-8")
    Path("none.ttf").write_bytes(b"none")
    running.write_text(text + '\n[filing]\nfont = "none.ttf"\n', encoding="utf-8")
    result = hegui("filing", "build", "--route", "algorithm", "--out", "pack")
    assert result.exit_code == 3
    assert "filing.font" in result.output


def test_the_command_knows_every_route(hegui: Hegui) -> None:
    page = hegui("filing", "build", "--help").output
    assert all(route in page for route in routes())


def test_a_published_statement_is_in_the_package_and_a_withdrawn_one_is_not(
    hegui: Hegui, running: Path
) -> None:
    assert running.exists()
    Path("s.toml").write_text(filled("model", "甲模型的说明。"), encoding="utf-8")
    by = ("--by", "L-07", "--role", "legal")
    done = hegui("statement", "publish", "s.toml", *by)
    assert done.exit_code == 0, done.output
    build(hegui)
    page = words_of(Path("pack/6-algorithm-facts.zh.docx"))
    assert "已公布第 1 版" in page
    assert "hegui statement draft model" not in page
    assert hegui("statement", "withdraw", "model", "--by", "L-07").exit_code == 0
    build(hegui, out="after")
    page = words_of(Path("after/6-algorithm-facts.zh.docx"))
    assert "已公布第 1 版" not in page
    assert "hegui statement draft model" in page
