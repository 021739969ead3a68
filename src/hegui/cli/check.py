"""``hegui check``: what will be enforced, what will not, what is kept, and what is wrong."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from hegui.cli.shared import JSON_OPTION, SETTINGS_OPTION
from hegui.cli.speech import CLEAN, MISCONFIGURED, command, lang_of, say_json, say_lines, speech
from hegui.terms import Words

if TYPE_CHECKING:
    from hegui.settings import Problem

_WORDS = Words(
    "Say, before anything runs, what the settings mean: whether the Measures apply, what is "
    "enforced by which detector for whom, which of the 31 risks no detector covers, what content "
    "is kept, how long and why, and what is wrong, all at once and with lines. Uncovered risks "
    "are shown and do not change the exit code. Exit code 0: it can run; 3: it cannot.",
    "在启动之前说明配置的含义：《暂行办法》是否适用，哪个检测器对谁审核什么，31 类风险中哪些没有"
    "检测器覆盖，留存哪些内容、多久、为什么，以及所有有误之处和行号。没有覆盖的风险会列出，"
    "但不影响退出码。退出码：0 可以启动；3 不能启动。",
)
_EXAMPLES = Words(
    "hegui check\nhegui check -c hegui.toml --json", "hegui check\nhegui check -c hegui.toml --json"
)


@command("check", _WORDS, _EXAMPLES)
@SETTINGS_OPTION
@JSON_OPTION
def check(config: Path, *, as_json: bool) -> int:
    """Say what the settings mean and what is wrong with them."""
    from hegui.app import parts
    from hegui.cli.checked import Checked, as_data, page
    from hegui.cli.looking import Looking
    from hegui.settings.locate import lines_of
    from hegui.settings.read import look, read_text

    text = read_text(config)
    settings, problems = look(text, path=config, environ=os.environ)
    checked = None
    if settings is not None:
        found = Looking(settings, lines_of(text), problems)
        if found.sound("service"):
            speech().settled = settings.service.language
        panel = found.all()
        problems = sorted(found.problems, key=lambda problem: problem.line)
        if panel is not None:
            checked = Checked.of(settings, panel, parts.policies_of(settings))
    if as_json:
        told = {"ok": not problems, "file": str(config), "problems": [_row(p) for p in problems]}
        more = as_data(checked) if checked is not None else {}
        say_json({**told, **more}, indent=1)
    else:
        lines = page(checked, lang_of()) if checked is not None else []
        say_lines([*lines, *_verdict(config, problems)])
    return MISCONFIGURED if problems else CLEAN


def _row(problem: "Problem") -> dict[str, object]:
    words = problem.words
    return {"line": problem.line, "key": problem.key, "en": words.en, "zh": words.zh}


def _verdict(config: Path, problems: "list[Problem]") -> list[str]:
    lang = lang_of()
    if not problems:
        return [Words("{path} is right.", "{path} 没有问题。").fill(path=config).say(lang)]
    heading = Words("{path}: {n} to put right", "{path}：有 {n} 处需要改正")
    told = [f"  {problem.sentence.say(lang)}" for problem in problems]
    return [heading.fill(path=config, n=len(problems)).say(lang), *told]
