"""A mistake in the command line is told in Chinese, too, whatever click calls it."""

import re
from pathlib import Path
from typing import Any

import click
import pytest
from tests.cli.conftest import Hegui

from hegui.cli.mistakes import in_chinese


@click.group()
def tool() -> None: ...


@tool.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False), required=False)
@click.option("--count", type=int)
@click.option("--share", type=click.FloatRange(0, 1))
@click.option("--level", type=click.IntRange(1, 5))
@click.option("--sort", type=click.Choice(["甲", "乙"]))
@click.option("--only", type=click.Choice(["甲"]))
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]))
@click.option("--pair", nargs=2)
@click.option("--sure", type=bool)
@click.option("--id", type=click.UUID)
@click.option("--into", type=click.Path(exists=True, file_okay=False))
@click.option("--flag", is_flag=True)
def work(**_: Any) -> None: ...


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["wrok"], "没有命令 wrok。"),
        (["work", "没有"], "文件 没有 不存在。"),
        (["work", "."], ". 是目录。"),
        (["work", "--into", "x.txt"], "x.txt 是文件。"),
        (["work", "x.txt", "b", "c"], "多出了参数：b c。"),
        (["work", "--count", "三"], "三 不是整数。"),
        (["work", "--share", "many"], "many 不是数字。"),
        (["work", "--share", "2"], "2.0 不在范围 0<=x<=1 之内。"),
        (["work", "--level", "9"], "9 不在范围 1<=x<=5 之内。"),
        (["work", "--sort", "丙"], "丙 应为 '甲', '乙' 之一。"),
        (["work", "--only", "丙"], "丙 应为 '甲' 之一。"),
        (["work", "--day", "今天"], "今天 不符合格式 '%Y-%m-%d'。"),
        (["work", "--pair", "一"], "选项 --pair 后面应有 2 个值。"),
        (["work", "--count"], "选项 --count 后面缺少值。"),
        (["work", "--flag=1"], "选项 --flag 不带值。"),
        (["work", "--id", "x"], "x 不是UUID。"),
        (["work", "--count", "it's"], "it's 不是整数。"),
    ],
)
def test_clicks_own_sentences_are_known(
    args: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.txt").touch()
    with pytest.raises(click.UsageError) as caught:
        tool.main(args, standalone_mode=False)
    assert in_chinese(caught.value.message) == said


def test_a_boolean_is_told_with_what_it_may_be() -> None:
    with pytest.raises(click.UsageError) as caught:
        tool.main(["work", "--sure", "maybe"], standalone_mode=False)
    assert re.fullmatch("maybe 应为 .*true.* 之一。", in_chinese(caught.value.message))


def test_what_is_no_sentence_of_clicks_stays_as_it_is() -> None:
    assert in_chinese("第 3 行：不对") == "第 3 行：不对"


def test_a_mistake_is_told_in_the_language_that_was_asked_for(hegui: Hegui) -> None:
    for args, en, zh in (
        (["scan", "x", "--field"], "requires an argument", "缺少值"),
        (["ledger", "verify", "--jobs", "many"], "not a valid integer", "不是整数"),
    ):
        for lang, there, absent in (("en", en, zh), ("zh", zh, en)):
            told = hegui("--lang", lang, *args)
            assert told.exit_code == 3
            assert there in told.stderr
            assert absent not in told.stderr
