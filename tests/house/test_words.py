import ast
import re
from collections.abc import Iterator
from string import Formatter
from typing import NamedTuple

import pytest

HAN = re.compile("[\u4e00-\u9fff]")
# A half-width mark between Han characters, or after what is filled in or quoted, reads as a slip
# in Chinese.
SLIP = re.compile(
    "[\u4e00-\u9fff][,:;?!](?:[\u4e00-\u9fff]|$)|[\u4e00-\u9fff]\\([\u4e00-\u9fff]"
    '|["}][,;?!][\u4e00-\u9fff]|}:{why}'
)


class Pair(NamedTuple):
    place: str
    en: str
    zh: str


def pairs(name: str, text: str) -> Iterator[Pair]:
    """Walk the literal Words of a file."""
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        if node.func.id not in ("Words", "says"):
            continue
        given = dict(zip(("en", "zh"), node.args, strict=False))
        given |= {each.arg: each.value for each in node.keywords if each.arg in ("en", "zh")}
        said = {name: each.value for name, each in given.items() if isinstance(each, ast.Constant)}
        if set(said) == {"en", "zh"}:
            yield Pair(f"{name}:{node.lineno}", str(said["en"]), str(said["zh"]))


@pytest.fixture(scope="module")
def said(sources: dict[str, str]) -> list[Pair]:
    """The literal Words of all files."""
    found = [pair for name, text in sources.items() for pair in pairs(name, text)]
    assert len(found) > 1000
    return found


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_both_languages_fill_in_the_same_places(said: list[Pair]) -> None:
    filled = [pair for pair in said if "{" in pair.en + pair.zh]
    assert [pair for pair in filled if places(pair.en) != places(pair.zh)] == []


def test_neither_language_stands_in_for_the_other(said: list[Pair]) -> None:
    assert [pair for pair in said if bool(pair.en) is not bool(pair.zh)] == []
    spoken = [
        pair
        for pair in said
        if pair.en != pair.zh and any(char.isalpha() for char in re.sub(r"\{[^}]*\}", "", pair.en))
    ]
    assert [pair for pair in spoken if not HAN.search(pair.zh)] == []


def test_chinese_is_set_with_chinese_marks(said: list[Pair]) -> None:
    taken = r"[\"`](?:env|file|主机):\S*[\"`]|file:路径|主机:端口"
    assert [pair for pair in said if SLIP.search(re.sub(taken, '"', pair.zh))] == []
