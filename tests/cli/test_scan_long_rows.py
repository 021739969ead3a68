import subprocess
import sys
from itertools import pairwise
from pathlib import Path

from hegui.cli.batches import Batch
from hegui.cli.scan_judging import PIECE, Judge, Part
from hegui.runners.compiling import builtin
from hegui.terms import DetectorCard, Fault, Finding, Findings, RuleInfo, TextColumn, Words

MOBILE = "13800138000"
X = Words("x", "x")
RULES = {"r": RuleInfo("r", "A.3.a", "r", X, "4(3)", X)}


def found(judge: Judge, *texts: str) -> list[tuple[int, Finding]]:
    batch = Batch(TextColumn.of(texts), range(1, len(texts) + 1))
    parts = list(judge.judge(batch))
    assert all(isinstance(part, Part) for part in parts)
    return [(p.place, f) for p in parts if isinstance(p, Part) for f in p.findings]


def test_a_long_row_has_the_findings_of_a_whole_one() -> None:
    (detector,) = builtin()
    judge = Judge([detector])
    # over every kind of cut: values that stand before, on and behind the end of a piece
    for size in (PIECE - 6, PIECE - 1, PIECE, PIECE + 1, PIECE + 16_384, 2 * PIECE - 5):
        head = "好" * (size // 3) + "a" * (size % 3)
        text = f"{head}{MOBILE}。{head}邮箱someone@example.com{MOBILE}"
        column = TextColumn.of([text])
        whole = [
            (column.data[:start].decode(), column.data[start:end].decode(), rule)
            for _, rule, start, end, _ in detector.inspect(column)
        ]
        wanted = [(len(before), len(before) + len(value), rule) for before, value, rule in whole]
        got = [(f.start, f.end, f.rule) for _, f in found(judge, "x", text, MOBILE)[:-1]]
        assert got == wanted


def test_masks_over_the_end_of_a_piece_leave_nothing_behind() -> None:
    from hegui.cli.scan_ruling import MaskedRow, Ruling
    from hegui.screen.masks import Masks

    judge = Judge(builtin())
    head = "a" * (PIECE - 5)
    text = f"{head},{MOBILE},{head},{MOBILE}"
    masked = MaskedRow(judge.rules, Masks("en"))
    for part in judge.judge(Batch(TextColumn.of([text]), [1])):
        assert isinstance(part, Part)
        masked.add(part, Ruling(judge.rules, 0.5).hidden(part.findings))
    assert masked.text() == f"{head},[mobile-1],{head},[mobile-1]"


class _Everything:
    card = DetectorCard("all", "1", "0", RULES, reach="clause", runs="inline")

    def inspect(self, column: TextColumn) -> Findings:
        findings = Findings()
        for row in range(len(column)):
            findings.add(row, "r", 0, column.offsets[row + 1] - column.offsets[row])
        return findings


def test_a_stretch_over_pieces_comes_as_several_that_touch() -> None:
    text = "好" * (PIECE // 3 * 2 + 100)
    spans = [(f.start, f.end) for _, f in found(Judge([_Everything()]), text)]
    assert len(spans) == 3
    assert spans[0][0] == 0
    assert spans[-1][1] == len(text)
    assert all(left[1] == right[0] for left, right in pairwise(spans))


class _Broken(_Everything):
    def inspect(self, column: TextColumn) -> Findings:
        raise ValueError(len(column))


def test_a_detector_that_breaks_is_told_and_never_called_clean() -> None:
    batch = Batch(TextColumn.of(["x"]), [1])
    assert list(Judge([_Broken()]).judge(batch)) == [Fault("all", "ValueError")]


SCRIPT = """
import sys
from hegui.cli import main
try:
    main(["scan", "--json", sys.argv[1]])
finally:  # not ru_maxrss: a child begins with that of the process that started it
    (peak,) = (line for line in open("/proc/self/status") if line.startswith("VmHWM"))
    print(peak.split()[1], file=sys.stderr)
"""


def test_a_line_of_a_hundred_megabytes_needs_bounded_memory(tmp_path: Path) -> None:
    with (tmp_path / "one.txt").open("wb") as file:
        for _ in range(100):
            file.write("好".encode() * 349_000)
        file.write(MOBILE.encode())
    command = [sys.executable, "-c", SCRIPT, str(tmp_path / "one.txt")]
    ended = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - our own command
    assert ended.stdout.count(b"\n") == 1
    assert f'"start": {34_900_000}'.encode() in ended.stdout
    assert int(ended.stderr.split()[-1]) < 600_000  # KiB


def test_many_findings_in_a_line_are_told_in_linear_time() -> None:
    import time

    from hegui.cli.scan_told import told

    judge = Judge(builtin())
    (part,) = judge.judge(Batch(TextColumn.of([f"{MOBILE} " * 40_000]), [1]))
    assert isinstance(part, Part)
    began = time.process_time()
    lines = told("-", 1, part, part.findings, judge.rules, "en")
    assert len(lines) == 40_000
    assert time.process_time() - began < 5
