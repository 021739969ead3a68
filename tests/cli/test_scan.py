import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Hegui = Callable[..., Result]

MOBILE = "13800138000"
RESIDENT = "11010519491231002X"


def test_a_pipe_works_and_shows_nothing_of_what_it_found(hegui: Hegui) -> None:
    result = hegui("scan", "-", stdin=f"电话{MOBILE}\n")
    assert result.exit_code == 1
    assert result.stdout.startswith("-:1:3  pii.mobile  A.4.f")
    assert "(Interim Measures, Art. 4(4))" in result.stdout
    assert MOBILE not in result.output
    chinese = hegui("scan", "--lang", "zh", "-", stdin=f"电话{MOBILE}\n").stdout
    assert "（《暂行办法》第四条第四项）" in chinese


def test_clean_text_is_clean(hegui: Hegui) -> None:
    for text in ("", "今天天气很好。\n", "no end of line"):
        result = hegui("scan", "-", stdin=text)
        assert (result.exit_code, result.stdout) == (0, "")


def test_json_is_one_object_a_line_with_places_in_characters(hegui: Hegui) -> None:
    text = f"第一行\n我的手机𠮷号{MOBILE}和{RESIDENT}\n"
    result = hegui("scan", "--json", "-", stdin=text)
    assert result.exit_code == 1
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    line = text.splitlines()[1]
    assert [(row["row"], line[row["start"] : row["end"]]) for row in rows] == [
        (2, MOBILE),
        (2, RESIDENT),
    ]
    wanted = {"file", "row", "kind", "rule", "risk", "start", "end", "score", "clause"}
    assert all(set(row) == wanted for row in rows)


def test_files_are_named_in_the_findings(hegui: Hegui, tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(f"x\n{MOBILE}\n", encoding="utf-8")
    shown = hegui("scan", "a.txt", "b.txt").stdout.splitlines()
    assert [line.split("  ")[0] for line in shown] == ["a.txt:2:1", "b.txt:2:1"]


def test_an_excerpt_never_shows_a_neighbouring_finding(hegui: Hegui) -> None:
    result = hegui("scan", "-", stdin=f"{MOBILE},{RESIDENT},{MOBILE}")
    assert result.stdout.count("\n") == 3
    for secret in (MOBILE, RESIDENT):
        for size in range(5, len(secret)):
            assert secret[:size] not in result.stdout
            assert secret[-size:] not in result.stdout


def test_a_file_that_is_not_there_is_bad_input(hegui: Hegui) -> None:
    result = hegui("scan", "absent.txt", "--lang", "zh")
    assert result.exit_code == 3
    assert "没有文件 absent.txt" in result.output


def test_what_is_not_utf8_is_said_and_never_called_clean(hegui: Hegui) -> None:
    assert hegui("scan", "-", stdin=b"\xff\xfe\n").exit_code == 2
    lines = b"\xff\n" + MOBILE.encode() + b"\n"
    found = hegui("scan", "-", stdin=lines)
    assert found.exit_code == 2
    assert "1 rows are not UTF-8" in found.stderr


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_many_lines_keep_their_numbers(hegui: Hegui, tmp_path: Path, end: str) -> None:
    lines = [MOBILE if place % 100 == 99 else "好" * 20 for place in range(1_000)]
    (tmp_path / "many.txt").write_bytes(end.join(lines).encode())
    rows = [
        json.loads(row)["row"] for row in hegui("scan", "--json", "many.txt").stdout.splitlines()
    ]
    assert rows == list(range(100, 1_001, 100))


def test_a_reader_that_goes_away_is_not_called_a_clean_end(tmp_path: Path) -> None:
    (tmp_path / "many.txt").write_text(f"{MOBILE}\n" * 20_000, encoding="utf-8")
    script = "from hegui.cli import main; main()"
    command = [sys.executable, "-c", script, "scan", "--json", str(tmp_path / "many.txt")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as scan:  # noqa: S603 - our own command
        assert scan.stdout is not None
        assert scan.stderr is not None
        scan.stdout.readline()
        scan.stdout.close()
        assert b"Traceback" not in scan.stderr.read()
        assert scan.wait() == 2


def test_control_characters_do_not_reach_the_terminal(hegui: Hegui) -> None:
    result = hegui("scan", "-", stdin=f"\x1b[31m{MOBILE}\x07\n")
    assert "\x1b" not in result.stdout
    assert "\x07" not in result.stdout
