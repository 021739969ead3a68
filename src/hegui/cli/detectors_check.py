"""``hegui detectors check``: run the conformance test against a detector of one's own."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hegui.cli.columns import aligned
from hegui.cli.shared import JSON_OPTION
from hegui.cli.speech import CLEAN, FINDINGS, command, lang_of, option, say_json, say_lines
from hegui.terms import BadRequest, Lang, Words

if TYPE_CHECKING:
    from hegui.runners.conformance import Conformance

_WORDS = Words(
    "Put a detector of your own to the test, in a worker process as the gateway would run it, and "
    "say of each claim whether it holds. Give texts in which it should find something, or claims "
    "about findings hold of nothing. Exit code 0: all hold; 1: something does not.",
    "检验自行编写的检测器：像网关那样在工作进程中运行，逐项说明是否成立。"
    "请提供应有命中的文本，否则关于命中的各项无从检验。退出码：0 全部成立；1 有不成立之处。",
)
_EXAMPLES = Words(
    "hegui detectors check mypackage:Mine --texts samples.txt\n"
    'hegui detectors check codenames:Codenames --options \'{"words": ["Northlight"]}\' --json',
    "hegui detectors check mypackage:Mine --texts samples.txt\n"
    'hegui detectors check codenames:Codenames --options \'{"words": ["青竹计划"]}\' --json',
)
_LARGEST = 1_048_576


@command("check", _WORDS, _EXAMPLES)
@click.argument("plugin", metavar="MODULE:NAME")
@option(
    "--options",
    default="{}",
    metavar="JSON",
    words=Words("the options that its class is given, as JSON", "交给该类的选项，JSON 格式"),
)
@option(
    "--deadline-ms",
    default=500,
    type=click.IntRange(10, 600_000),
    metavar="MS",
    words=Words("milliseconds it has for an answer (500)", "应答时限，毫秒（默认 500）"),
)
@option(
    "--texts",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    words=Words("texts of your own, one a line", "自备文本，每行一段"),
)
@JSON_OPTION
def check(plugin: str, options: str, deadline_ms: int, texts: Path | None, *, as_json: bool) -> int:
    """Run the conformance test."""
    from hegui.runners.conformance import Candidate, as_data, conformance, options_of

    try:
        given = options_of(options)
    except ValueError:
        raise BadRequest(
            Words("--options is a JSON object", "--options 应为 JSON 对象"), param="options"
        ) from None
    folder = Path.cwd()
    candidate = Candidate(plugin, given, deadline_ms, folder, _read(texts))
    outcome = asyncio.run(conformance(candidate))
    if as_json:
        say_json(as_data(outcome), indent=1)
    else:
        say_lines(_told(plugin, outcome, lang_of()))
    return CLEAN if outcome.passed else FINDINGS


def _read(path: Path | None) -> tuple[str, ...]:
    from hegui.settings.plain_files import read_plain, reason

    if path is None:
        return ()
    try:
        content = read_plain(path, _LARGEST + 1)
    except OSError as error:
        raise BadRequest(
            Words("cannot read {name}: {why}", "无法读取 {name}：{why}").fill(
                name=path, why=reason(error)
            ),
            param="texts",
        ) from None
    if len(content) > _LARGEST:  # before it is decoded: the cut may go through a character
        raise BadRequest(
            Words("{name} is larger than 1 MiB", "{name} 超过 1 MiB").fill(name=path), param="texts"
        )
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise BadRequest(
            Words(
                "{name} is not UTF-8; save the file as UTF-8",
                "{name} 不是 UTF-8；请以 UTF-8 保存",
            ).fill(name=path),
            param="texts",
        ) from None
    return tuple(line for line in text.splitlines() if line)


def _told(plugin: str, outcome: "Conformance", lang: Lang) -> list[str]:
    card = outcome.card
    head = f"{card.name} {card.version}  {card.digest}" if card else plugin
    marks = {True: Words("holds", "成立"), False: Words("FAILS", "不成立")}
    rows = []
    for one in outcome.outcomes:
        why = one.told.say(lang) if one.told else one.why
        because = Words(" ({why})", "（{why}）").fill(why=why).say(lang) if why else ""
        rows.append((marks[one.passed].say(lang), one.words.say(lang) + because))
    lines = [head, *aligned(rows)]
    if card and not outcome.findings:
        lines.append(
            Words(
                "It found nothing in any text: claims about findings were not put to the test. "
                "Give texts with --texts.",
                "它在所有文本中都没有命中：关于命中的各项未真正检验。请用 --texts 提供文本。",
            ).say(lang)
        )
    return lines
