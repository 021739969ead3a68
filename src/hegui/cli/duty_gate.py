"""``hegui duty gate``: for pipelines; fails where a duty is shown less well than before."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hegui.cli.duty_asked import TENANT, board_of
from hegui.cli.fresh import write_over
from hegui.cli.shared import JSON_OPTION, SETTINGS_OPTION
from hegui.cli.speech import (
    CLEAN,
    COULD_NOT_TELL,
    FINDINGS,
    command,
    lang_of,
    option,
    say,
    say_json,
    say_lines,
)
from hegui.terms import BadRequest, Words

if TYPE_CHECKING:
    from hegui.filing.baseline import Change, Compared

_WRITTEN = Words("{path} holds the states of {n} duties now.", "{path} 现已保存 {n} 项义务的状态。")
_TROUBLE = Words("Nothing can be told: {why}", "无法判断：{why}")
_NONE = Words(
    "{path} cannot be read: {why}. Write a baseline with --write.",
    "无法读取 {path}：{why}。请用 --write 生成基线。",
)
_LESS = Words("less than before", "低于此前")
_MORE = Words("more than before", "高于此前")
_OTHER = Words("changed", "有变化")
_SAME = Words("No duty is shown less well than in {path}.", "没有义务的状态低于 {path}。")
_NEW = Words("(new)", "（新增）")


@command(
    "gate",
    Words(
        "Compare the board with a baseline, and fail on regression only: a duty that is shown less "
        "well than it was then. What is merely open does not fail. Exit code 0: nothing is "
        "less; 1: something is; 2: could not tell. --write makes the baseline.",
        "将看板与基线比较，仅在退步时失败：义务的状态低于当时。"
        "只是尚未完成的不算失败。退出码：0 没有退步；1 有退步；2 无法判断。--write 生成基线。",
    ),
    Words(
        "hegui duty gate --baseline duties.json --write\nhegui duty gate --baseline duties.json",
        "hegui duty gate --baseline duties.json --write\nhegui duty gate --baseline duties.json",
    ),
)
@SETTINGS_OPTION
@TENANT
@option(
    "--baseline",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    words=Words("the states to compare with", "用于比较的基线文件"),
)
@option("--write", is_flag=True, words=Words("write the baseline instead", "改为写入基线"))
@JSON_OPTION
def gate(config: Path, tenant: str, baseline: Path, *, write: bool, as_json: bool) -> int:
    """Compare the board with a baseline."""
    from hegui.filing import baseline as baselines

    if write and baseline.exists():
        baselines.require_free(str(baseline), _bytes(baseline))
    before = None if write else baselines.read(str(baseline), _bytes(baseline))
    found = board_of(config, tenant)
    if found.trouble is not None:
        why = found.trouble
        say(Words(_TROUBLE.en.format(why=why.en), _TROUBLE.zh.format(why=why.zh)), err=True)
        return COULD_NOT_TELL
    if before is None:
        write_over(baseline, baselines.write(found).encode(), "baseline")
        say(_WRITTEN.fill(path=baseline, n=len(found.items)))
        return CLEAN
    compared = baselines.compare(before, found)
    if as_json:
        say_json(_data(compared))
    else:
        say_lines(_page(compared, baseline))
    return FINDINGS if compared.less else CLEAN


def _bytes(path: Path) -> bytes:
    from hegui.filing.baseline import MOST_BYTES
    from hegui.settings.plain_files import read_plain, reason

    try:
        return read_plain(path, MOST_BYTES + 1)
    except OSError as error:
        raise BadRequest(_NONE.fill(path=path, why=reason(error)), param="baseline") from None


def _page(compared: "Compared", path: Path) -> list[str]:
    from hegui.filing.states import WORDS

    lang = lang_of()
    lines = [] if compared.less else [_SAME.fill(path=path).say(lang)]
    shown = ((_LESS, compared.less), (_MORE, compared.more), (_OTHER, compared.other))
    for words, changes in shown:
        for one in changes:
            before = WORDS[one.before].say(lang) if one.before else _NEW.say(lang)
            lines.append(f"{words.say(lang)}: {one.duty}: {before} > {WORDS[one.now].say(lang)}")
    return lines


def _data(compared: "Compared") -> dict[str, object]:
    return {
        "less": [_change(one) for one in compared.less],
        "more": [_change(one) for one in compared.more],
        "other": [_change(one) for one in compared.other],
        "gone": compared.gone,
    }


def _change(one: "Change") -> dict[str, str | None]:
    return {"duty": one.duty, "before": one.before, "now": one.now}
