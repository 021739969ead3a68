import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

HAN = re.compile("[\u4e00-\u9fff]")
# A half-width mark between Han characters reads as a slip in Chinese.
SLIP = re.compile("[\u4e00-\u9fff][,:;?!](?:[\u4e00-\u9fff]|$)|[\u4e00-\u9fff]\\([\u4e00-\u9fff]")


def pairs(source: Path) -> Iterator[tuple[int, str, str]]:
    """Walk the literal Words of a file as (line, English, Chinese)."""
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        if node.func.id not in ("Words", "says"):
            continue
        given = dict(zip(("en", "zh"), node.args, strict=False))
        given |= {each.arg: each.value for each in node.keywords if each.arg in ("en", "zh")}
        said = {name: each.value for name, each in given.items() if isinstance(each, ast.Constant)}
        if set(said) == {"en", "zh"}:
            yield node.lineno, str(said["en"]), str(said["zh"])


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_both_languages_fill_in_the_same_places(source: Path) -> None:
    for line, en, zh in pairs(source):
        if "{" in en + zh:
            assert places(en) == places(zh), line


def test_neither_language_stands_in_for_the_other(source: Path) -> None:
    for line, en, zh in pairs(source):
        assert bool(en) is bool(zh), line
        if en != zh and any(char.isalpha() for char in re.sub(r"\{[^}]*\}", "", en)):
            assert HAN.search(zh), line


def test_chinese_is_set_with_chinese_marks(source: Path) -> None:
    for line, _, zh in pairs(source):
        plain = re.sub(r"[\"`](?:env|file|主机):\S*[\"`]|file:路径|主机:端口", "", zh)
        assert not SLIP.search(plain), (line, zh)
