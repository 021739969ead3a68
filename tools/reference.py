"""Write docs/reference/ from the code: commands, settings, record kinds, duties; both languages.

``python tools/reference.py`` writes the pages; a test of the house compares them with the code.
"""

# ruff: noqa: INP001 - a script, not a package
import sys
from collections.abc import Iterator
from dataclasses import MISSING, is_dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, get_args, get_origin

import click

from hegui.cli import main
from hegui.cli.speech import Helpful, Option, Speech
from hegui.ledger.kinds import Kind, all_kinds
from hegui.settings import Address, Secret, Settings
from hegui.settings.fields import Key, keys_of
from hegui.terms import Lang, Words

sys.path.insert(0, str(Path(__file__).resolve().parent))  # a test runs this file by its path
import reference_duties

PLACE = Path(__file__).parent.parent / "docs" / "reference"
MADE = Words(
    "Written by `make docs` from the code. Do not edit.",
    "由 `make docs` 根据代码生成，请勿手工修改。",
)
OTHER = Words("[中文]({name}.zh.md)", "[English]({name}.md)")
EMPTY = Words("(empty)", "（空）")


def pages() -> dict[str, str]:
    """Return every page by its file name."""
    made = {}
    makers = (
        ("commands", commands),
        ("settings", settings),
        ("records", records),
        ("duties", duties),
    )
    for name, maker in makers:
        made[f"{name}.md"] = "\n".join(maker("en")) + "\n"
        made[f"{name}.zh.md"] = "\n".join(maker("zh")) + "\n"
    return made


def head(title: Words, name: str, lang: Lang) -> Iterator[str]:
    """Begin a page."""
    yield f"# {title.say(lang)}"
    yield ""
    yield f"{OTHER.fill(name=name).say(lang)} · {MADE.say(lang)}"
    yield ""


def cell(text: str) -> str:
    """Return text that may stand in a table's cell."""
    return text.replace("|", "\\|").replace("\n", " ")


def row(*cells: str) -> str:
    """Return a row of a table."""
    return f"| {' | '.join(cell(each) for each in cells)} |"


def commands(lang: Lang) -> Iterator[str]:
    """Write the page of the commands."""
    yield from head(Words("Commands", "命令"), "commands", lang)
    yield from one_command(main, click.Context(main, info_name="hegui", obj=Speech(lang)), lang)


def one_command(command: click.Command, context: click.Context, lang: Lang) -> Iterator[str]:
    """Write one command, and those below it."""
    if not isinstance(command, Helpful):
        raise TypeError(command.name)
    if context.parent is not None:
        yield f"## {context.command_path}"
        yield ""
    yield command.words.say(lang)
    yield ""
    arguments = [each for each in command.params if not isinstance(each, Option)]
    options = [each.row(context) for each in command.params if isinstance(each, Option)]
    shown = " ".join(each.make_metavar(context) for each in arguments)
    if shown:
        yield f"`{context.command_path} {shown}`"
        yield ""
    if context.parent is None:
        options.append(("--lang zh|en", Words("language of messages", "提示语言").say(lang)))
    if options:
        yield row(Words("option", "选项").say(lang), Words("for", "用途").say(lang))
        yield "|---|---|"
        for name, words in options:
            yield row(f"`{name}`", words)
        yield ""
    yield "```sh"
    yield command.examples.say(lang)
    yield "```"
    yield ""
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below is not None:
                inner = click.Context(below, info_name=name, parent=context)
                yield from one_command(below, inner, lang)


def settings(lang: Lang) -> Iterator[str]:
    """Write the page of the settings."""
    yield from head(Words("Settings: hegui.toml", "配置：hegui.toml"), "settings", lang)
    yield Words(
        "One TOML file. Unknown keys are errors. Relative paths start at the file's directory. "
        "A secret is written `env:NAME` or `file:PATH` (mode 0600), never itself. Articles are "
        "those of the Interim Measures. `hegui check` tells every problem with its line.",
        "一个 TOML 文件。不认识的键视为错误。相对路径以该文件所在目录为起点。"
        "密钥写作 `env:变量名` 或 `file:路径`（权限 0600），不能直接写入。条款均指《暂行办法》。"
        "`hegui check` 会一次列出所有问题及行号。",
    ).say(lang)
    yield ""
    yield from table_of(Settings, "", lang)


def table_of(kind: type, path: str, lang: Lang) -> Iterator[str]:
    """Write the keys of one table, and the tables within it."""
    inner = []
    plain = []
    for key in keys_of(kind):
        table, many = table_in(key.type)
        if table is None:
            plain.append(key)
        else:
            inner.append((key, table, many))
    if plain:
        yield row(*(words.say(lang) for words in HEADING))
        yield "|---|---|---|---|"
        for key in plain:
            name = f"`{key.name}`" + (" *" if key.required else "")
            yield row(name, type_of(key, lang), default_of(key, lang), key.doc.words.say(lang))
        yield ""
        if any(key.required for key in plain):
            yield Words("\\* required", "\\* 必填").say(lang)
            yield ""
    for key, table, many in inner:
        full = f"{path}{key.name}"
        yield f"## `[[{full}]]`" if many else f"## `[{full}]`"
        yield ""
        yield key.doc.words.say(lang)
        yield ""
        yield from table_of(table, f"{full}.", lang)


HEADING = (
    Words("key", "键"),
    Words("type", "类型"),
    Words("default", "默认值"),
    Words("meaning", "含义"),
)


def table_in(kind: Any) -> tuple[Any, bool]:
    """Return the dataclass that a key's type holds, and whether it holds several."""
    arms = [arm for arm in get_args(kind) if arm is not NoneType]
    if get_origin(kind) is tuple and is_dataclass(arms[0]):
        return arms[0], True
    found = arms[0] if isinstance(kind, UnionType) else kind
    if isinstance(found, type) and is_dataclass(found) and found is not Secret:
        return found, False
    return None, False


def type_of(key: Key, lang: Lang) -> str:
    """Say what a key takes."""
    kind = key.type
    if isinstance(kind, UnionType):
        kind = next(arm for arm in get_args(kind) if arm is not NoneType)
    if get_origin(kind) is Literal:
        return " / ".join(f"`{choice}`" for choice in get_args(kind) if choice)
    names = {
        bool: Words("true / false", "true / false"),
        int: Words("whole number", "整数"),
        float: Words("number", "数字"),
        str: Words("text", "文本"),
        Secret: Words("secret", "密钥"),
        Path: Words("path", "路径"),
        Address: Words("host:port", "主机:端口"),
        tuple: Words("list of texts", "文本列表"),
    }
    said = names.get(get_origin(kind) or kind, Words("table", "表")).say(lang)
    if key.doc.low is not None and key.doc.high is not None:
        said += f"{', ' if lang == 'en' else '，'}{key.doc.low:,} – {key.doc.high:,}"
    return said


def default_of(key: Key, lang: Lang) -> str:
    """Say what holds when a key is not set."""
    if key.doc.default_words is not None:
        return key.doc.default_words.say(lang)
    if key.default is MISSING or key.default is None:
        return "–"
    if isinstance(key.default, bool):
        return f"`{str(key.default).lower()}`"
    if isinstance(key.default, tuple) and not isinstance(key.default, Address):
        return " ".join(f"`{each}`" for each in key.default) or EMPTY.say(lang)
    if isinstance(key.default, Secret | dict) or str(key.default) == "":
        return EMPTY.say(lang)
    return f"`{key.default}`"


def duties(lang: Lang) -> Iterator[str]:
    """Write the page of the duties."""
    yield from head(Words("Duties", "义务"), "duties", lang)
    yield from reference_duties.duties(lang)


def records(lang: Lang) -> Iterator[str]:
    """Write the page of the record kinds."""
    yield from head(Words("Record kinds", "记录种类"), "records", lang)
    yield Words(
        "Every entry of the ledger is canonical JSON of at most 2 KB with `v`, `kind`, `t` (UTC "
        "milliseconds), `tenant`, `salt` (16 random bytes) and the fields below. No entry holds "
        "content. Duties are ids of the catalogue (`a14-2b`: Art. 14 para. 2).",
        "账本的每条记录是不超过 2 KB 的规范 JSON，含 `v`、`kind`、`t`（UTC 毫秒）、`tenant`、"
        "`salt`（16 个随机字节）和下列字段。记录中没有内容本身。"
        "义务为义务目录中的编号（如 `a14-2b`：第十四条第二款）。",
    ).say(lang)
    yield ""
    for kind in all_kinds():
        yield from one_kind(kind, lang)


def one_kind(kind: Kind, lang: Lang) -> Iterator[str]:
    """Write one kind of record."""
    terms = {
        "log": Words("for content.log_days", "按 content.log_days"),
        "three-years": Words("three years", "三年"),
        "lasting": Words("as long as there is the log", "与账本同存"),
    }
    yield f"## `{kind.name}` v{kind.version}"
    yield ""
    comma, colon = (", ", ": ") if lang == "en" else ("、", "：")
    fields = comma.join(f"`{name}`" for name in kind.fields)
    duties = comma.join(f"`{duty}`" for duty in kind.duties)
    yield f"- {Words('fields', '字段').say(lang)}{colon}{fields}"
    yield f"- {Words('duties', '义务').say(lang)}{colon}{duties}"
    yield f"- {Words('kept', '保存').say(lang)}{colon}{terms[kind.retention].say(lang)}"
    yield ""


if __name__ == "__main__":
    PLACE.mkdir(parents=True, exist_ok=True)
    for file, text in pages().items():
        (PLACE / file).write_text(text.rstrip("\n") + "\n", encoding="utf-8")
        sys.stdout.write(f"{file}\n")
