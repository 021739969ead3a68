"""The short way of streams sees every finding, also one whose label has gone out already."""

from functools import cache

import pytest
from bench.specimens.testset import cases

from hegui.detectors.packs import shipped
from hegui.runners.compiling import builtin
from hegui.terms import QuietDetector, TextColumn


@cache
def detector() -> QuietDetector:
    [found] = builtin()
    assert isinstance(found, QuietDetector)
    return found


def starts_of_findings(text: str) -> list[int]:
    column = TextColumn.of([text])
    data = column.row_bytes(0)
    return [len(data[:start].decode()) for _, _, start, _, _ in detector().inspect(column)]


def missed(texts: list[str]) -> list[tuple[str, int]]:
    """Return what is said to be quiet from a place at or before which a finding begins."""
    return [
        (text, settled)
        for text in texts
        for start in starts_of_findings(text)
        for settled in {start, max(0, start - 1), max(0, start - 4), 0}
        if detector().quiet(text, settled) is not None
    ]


def test_no_specimen_of_personal_data_is_missed_however_much_has_gone_out() -> None:
    texts = [case.text for case in cases(1, seed=11)]
    assert sum(bool(starts_of_findings(text)) for text in texts) > len(texts) / 3
    assert missed(texts) == []


def test_no_case_of_a_shipped_rule_is_missed_however_much_has_gone_out() -> None:
    texts = [
        frame.format(case.text)
        for pack in shipped()
        for rule in pack.rules
        for case in rule.match
        for frame in ("{}", "上文{}，下文")
    ]
    assert texts
    assert missed(texts) == []


@pytest.mark.parametrize(
    "text", ["我的qq:12345，再见", "密码是abc123x，好", "社保卡号：12345678，嗯"]
)
def test_a_value_is_found_whose_label_has_gone_out(text: str) -> None:
    assert starts_of_findings(text)
    assert missed([text]) == []


def test_personal_data_that_source_spells_is_found_with_its_label_and_covers_its_escapes() -> None:
    number = "".join(f"\\u{ord(char):04x}" for char in "13800138000")
    label = "".join(f"\\u{ord(char):04x}" for char in "我的qq")
    text = f'{{"电话":"{number}","{label}":"1234567"}}'
    found = [
        (rule, text.encode()[start:end].decode())
        for _, rule, start, end, _ in detector().inspect(TextColumn.of([text]))
    ]
    assert ("pii.mobile", number) in found
    assert "1234567" in [value for _, value in found], "its label is spelt in escapes"
    assert missed([text]) == []
