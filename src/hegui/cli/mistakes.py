"""What click says of a mistaken command line, in both languages: click itself knows one."""

import re
from collections.abc import Mapping
from typing import Final

import click

from hegui.terms import Words

_HINT: Final = Words("\n'{path} --help' shows what there is.", "\n运行 {path} --help 查看用法。")
_KINDS: Final[Mapping[str, str]] = {
    "File": "文件",
    "Directory": "目录",
    "Path": "路径",
    "integer": "整数",
    "integer range": "整数",
    "float": "数字",
    "float range": "数字",
    "boolean": "布尔值",
    "UUID": "UUID",
}
_LONG: Final = re.compile(r"(\S{200})\S+(?<!['\"])")
_NAMED: Final = r"(File|Directory|Path) (?:'(.*)'|\"(.*)\")"
_VALUE: Final = r"(?:'(.*)'|\"(.*)\")"
# Each of click's sentences, and the same in Chinese; ``{0}`` is the first thing that it names.
_SENTENCES: Final = tuple(
    (re.compile(english, re.DOTALL), chinese)
    for english, chinese in (
        (rf"No such command {_VALUE}\.(?: \(?Did you mean .*)?", "没有命令 {0}。"),
        (r"Missing command\.", "缺少子命令。"),
        (r"Got unexpected extra arguments? \((.*)\)", "多出了参数：{0}。"),
        (rf"Option {_VALUE} requires an argument\.", "选项 {0} 后面缺少值。"),
        (rf"Option {_VALUE} requires (\d+) arguments\.", "选项 {0} 后面应有 {1} 个值。"),
        (rf"Option {_VALUE} does not take a value\.", "选项 {0} 不带值。"),
        (rf"Argument {_VALUE} takes (\d+) values\.", "参数 {0} 应有 {1} 个值。"),
        (r"Takes (\d+) values but (\d+) w\w+ given\.", "应有 {0} 个值，给出了 {1} 个。"),
        (r"(\d+) values are required, but (\d+) w\w+ given\.", "应有 {0} 个值，给出了 {1} 个。"),
        (rf"{_NAMED} does not exist\.", "{0} {1} 不存在。"),
        (rf"{_NAMED} is a file\.", "{1} 是文件。"),
        (rf"{_NAMED} is a directory\.", "{1} 是目录。"),
        (rf"{_NAMED} is not readable\.", "{0} {1} 不可读取。"),
        (rf"{_NAMED} is not writable\.", "{0} {1} 不可写入。"),
        (rf"{_NAMED} is not executable\.", "{0} {1} 不可执行。"),
        (rf"{_VALUE} is not a valid boolean\. Recognized values: (.*)", "{0} 应为 {1} 之一。"),
        (rf"{_VALUE} is not a valid ([a-z ]+|UUID)\.", "{0} 不是{1}。"),
        (r"(\S+) is not in the range (.*)\.", "{0} 不在范围 {1} 之内。"),
        (rf"{_VALUE} is not (?:one of )?('.*')\.", "{0} 应为 {1} 之一。"),
        (rf"{_VALUE} does not match the formats? (.*)\.", "{0} 不符合格式 {1}。"),
    )
)


def translated(error: click.ClickException) -> Words:
    """Say a mistake in the command line in both languages."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):  # its message is the whole help
        return Words(error.message, error.message)
    hint = Words("", "")
    if isinstance(error, click.UsageError) and error.ctx is not None:
        hint = _HINT.fill(path=error.ctx.command_path)
    zh = in_chinese(error.format_message())
    if isinstance(error, click.NoSuchOption):
        zh = f"没有选项 {error.option_name}。"
        if error.possibilities:
            zh += f"是不是想写 {'、'.join(sorted(error.possibilities))}？"
    elif isinstance(error, click.MissingParameter):
        zh = f"缺少参数 {_name_of(error)}。"
    elif isinstance(error, click.BadParameter):
        zh = f"参数 {_name_of(error)} 不正确：{in_chinese(error.message)}"
    elif isinstance(error, click.UsageError):
        zh = f"命令行有误：{in_chinese(error.message)}"
    return Words(_bounded(error.format_message()) + hint.en, _bounded(zh) + hint.zh)


def _bounded(text: str) -> str:
    """Return a sentence in which no value is quoted longer than anybody reads."""
    return _LONG.sub(r"\1…", text)


def in_chinese(message: str) -> str:
    """Return one of click's sentences in Chinese; any other message as it is."""
    for english, chinese in _SENTENCES:
        found = english.fullmatch(message)
        if found:
            named = [each for each in found.groups() if each is not None]
            return chinese.format(*(_KINDS.get(each, each) for each in named))
    return message


def _name_of(error: click.BadParameter) -> str:
    if error.param is None:
        return str(error.param_hint or "")
    return (
        "/".join(error.param.opts)
        if isinstance(error.param, click.Option)
        else error.param.name or ""
    )
