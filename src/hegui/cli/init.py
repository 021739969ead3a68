"""``hegui init``: ask what is needed, and write a commented settings file."""

import os
import sys
from pathlib import Path
from typing import Any

import click

from hegui.cli.columns import aligned
from hegui.cli.speech import CLEAN, command, lang_of, option, say, say_lines
from hegui.terms import BadRequest, Misconfigured, Words

_WORDS = Words(
    "Write a commented hegui.toml. Asks which model server you use, whether you own the chat "
    "screen (that decides how replies are labelled, Art. 12) and whom the service is for (Art. 2). "
    "With the options given nothing is asked. An existing file is not overwritten.",
    "生成带注释的 hegui.toml。会询问所用的模型服务、聊天界面是否自有（决定第十二条要求的标识方式）"
    "以及服务面向谁（第二条）。用选项给出的不再询问。已有的文件不会被覆盖。",
)
_EXAMPLES = Words(
    "hegui init\n"
    "hegui init --preset vllm --scope internal --statement 'used by our own staff only'\n"
    "hegui init --preset deepseek --scope public --statement 400-000-0000 --owns-screen",
    "hegui init\n"
    "hegui init --preset vllm --scope internal --statement '仅供本单位员工内部使用'\n"
    "hegui init --preset deepseek --scope public --statement 400-000-0000 --owns-screen",
)
_ASK_PRESET = Words("Which model server", "使用哪种模型服务")
_ASK_SCOPE = Words(
    "Whom is it for: public (people in mainland China, also through firms that buy the API) or "
    "internal",
    "面向谁：public（境内公众，包括把接口提供给面向公众的企业）还是 internal（内部使用）",
)
_ASK_SCREEN = Words(
    "Do you own the chat screen and show a permanent AI notice there",
    "聊天界面是否自有，并在界面上持续显示 AI 生成提示",
)
_YES_NO = {"yes": "y", "是": "y", "no": "n", "否": "n"}
_NO_CHOICE = Words("Answer with one of: {choices}", "请输入以下之一：{choices}")
_ASK_NAME = Words("The service's name", "服务名称")
_ASK_CONTACT = Words(
    "Contact for complaints and appeals (Art. 15)", "投诉、申诉的联系方式（第十五条）"
)
_ASK_REASON = Words(
    "Why it is not offered to the public; goes on record (Art. 2(3))",
    "为什么不向公众提供，理由将记录在案（第二条第三款）",
)


@command("init", _WORDS, _EXAMPLES)
@option(
    "--preset", words=Words("vllm, ollama, deepseek, qwen, …", "vllm、ollama、deepseek、qwen 等")
)
@option(
    "--scope",
    type=click.Choice(["public", "internal"]),
    words=Words("whom the service is for (Art. 2)", "服务面向谁（第二条）"),
)
@option(
    "--owns-screen/--no-owns-screen",
    default=None,
    words=Words(
        "whether you own the chat screen and show a permanent notice there",
        "聊天界面是否自有并持续显示提示",
    ),
)
@option("--name", words=Words("the service's name", "服务名称"))
@option(
    "--statement",
    words=Words(
        "public: the contact for complaints; internal: the written reason",
        "public 时为投诉联系方式；internal 时为书面理由",
    ),
)
@option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("hegui.toml"),
    metavar="FILE",
    words=Words("the file to write (hegui.toml)", "写到哪个文件（默认 hegui.toml）"),
)
@option("--force", is_flag=True, words=Words("overwrite the file", "覆盖已有文件"))
def init(output: Path, *, force: bool, **answers: Any) -> int:
    """Write a commented settings file."""
    from hegui.settings.presets import draft

    if output.exists() and not force:
        raise Misconfigured(
            Words(
                "{path} exists already; --force overwrites it", "{path} 已存在；加 --force 可覆盖"
            ).fill(path=output)
        )
    asked = _asked(answers)
    text = draft(
        asked["preset"],
        asked["scope"],
        owns_screen=asked["owns_screen"],
        language=lang_of(),
        name=asked["name"] or "",
        statement=asked["statement"] or "",
    )
    _write(output, text, force=force)
    say(Words("{path} is written.", "已写入 {path}。").fill(path=output))
    _tell_what_is_left(text, output)
    return CLEAN


def _asked(answers: dict[str, Any]) -> dict[str, Any]:
    """Ask for what was not given, or, without a terminal, say which options are missing."""
    from hegui.settings.presets import PRESETS

    person = sys.stdin.isatty()
    lang = lang_of()
    if answers["preset"] is None and person:
        rows = [(preset.name, preset.title.say(lang)) for preset in PRESETS.values()]
        say_lines(aligned(rows))
        answers["preset"] = _chosen(_ASK_PRESET, list(PRESETS))
    if answers["preset"] is None or answers["preset"] not in PRESETS:
        listed = ", ".join(PRESETS)
        raise BadRequest(
            Words(f"--preset must be one of {listed}", f"--preset 应为以下之一：{listed}"),
            param="preset",
        )
    if answers["scope"] is None and person:
        answers["scope"] = _chosen(_ASK_SCOPE, ["public", "internal"])
    if answers["scope"] is None:
        raise BadRequest(
            Words(
                "--scope is missing: public or internal (Art. 2)",
                "缺少 --scope：public 或 internal（第二条）",
            ),
            param="scope",
        )
    if answers["owns_screen"] is None:
        # A suffix is the safe answer: it labels the reply wherever it is shown.
        answers["owns_screen"] = person and _chosen(_ASK_SCREEN, ["y", "n"], default="n") == "y"
    if person:
        statement = _ASK_CONTACT if answers["scope"] == "public" else _ASK_REASON
        for name, words in (("name", _ASK_NAME), ("statement", statement)):
            if answers[name] is None:
                answers[name] = click.prompt(words.say(lang), default="", show_default=False)
    for name in ("name", "statement"):
        if not (answers[name] or "").isprintable():
            raise BadRequest(
                Words("--{name} must be one line of text", "--{name} 应为一行文本").fill(name=name),
                param=name,
            )
    return answers


def _chosen(question: Words, choices: list[str], default: str | None = None) -> str:
    """Ask until one of the choices is given; what is none of them is told in the language."""
    lang, listed = lang_of(), ", ".join(choices)
    while True:
        asked = f"{question.say(lang)} ({listed})"
        said: str = click.prompt(asked, default=default, type=str).strip().lower()
        answer = _YES_NO.get(said, said)
        if answer in choices:
            return answer
        say(_NO_CHOICE.fill(choices=listed))


def _write(output: Path, text: str, *, force: bool) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | (os.O_TRUNC if force else os.O_EXCL)
    try:
        with os.fdopen(os.open(output, flags, 0o644), "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        from hegui.settings.plain_files import reason

        raise Misconfigured(
            Words("cannot write {path}: {why}", "无法写入 {path}：{why}").fill(
                path=output, why=reason(error)
            )
        ) from None


def _tell_what_is_left(text: str, output: Path) -> None:
    from hegui.settings import inspect

    _, problems = inspect(text, path=output, environ=os.environ)
    if problems:
        say(Words("Still to be filled in or set:", "还需要填写或设置："))
        for problem in problems:
            click.echo(f"  {problem.sentence.say(lang_of())}")
    say(
        Words(
            "Next: hegui check -c {path}, then hegui serve -c {path}",
            "接下来：hegui check -c {path}，再运行 hegui serve -c {path}",
        ).fill(path=output)
    )
