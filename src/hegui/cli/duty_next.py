"""``hegui duty next``: at most five things to do."""

from pathlib import Path
from typing import TYPE_CHECKING

from hegui.cli.columns import wrapped
from hegui.cli.duty_asked import TENANT, board_of
from hegui.cli.duty_list import code_of
from hegui.cli.shared import JSON_OPTION, SETTINGS_OPTION
from hegui.cli.speech import COULD_NOT_TELL, command, lang_of, say, say_json, say_lines
from hegui.terms import Lang, Words

if TYPE_CHECKING:
    from hegui.filing.next_actions import Action

_NOTHING = Words("Nothing is open.", "没有未了事项。")
_WHO = Words("{owner}, about {minutes} minutes", "{owner}，约 {minutes} 分钟")
_TROUBLE = Words(
    "Nothing can be told until the ledger is whole again: {why}", "账本恢复完整之前无法判断：{why}"
)


@command(
    "next",
    Words(
        "Print at most five next actions: duties of which records are missing, and attestations "
        "that end within 30 days. The most forceful rule comes first, then what is quickest. For "
        "each the command, who does it, and how long it takes (our estimate). Exit codes as of "
        "hegui duty list.",
        "列出最多五项下一步：缺少记录的义务，以及 30 日内到期的声明。先按规则效力，"
        "再按所需时间排列，并给出命令、责任岗位和预计用时（由 hegui 估计）。"
        "退出码同 hegui duty list。",
    ),
    Words("hegui duty next", "hegui duty next"),
)
@SETTINGS_OPTION
@TENANT
@JSON_OPTION
def next_duties(config: Path, tenant: str, *, as_json: bool) -> int:
    """Print at most five next actions."""
    from hegui.filing.next_actions import next_actions

    found = board_of(config, tenant)
    if found.trouble is not None:
        why = found.trouble
        say(Words(_TROUBLE.en.format(why=why.en), _TROUBLE.zh.format(why=why.zh)), err=True)
        return COULD_NOT_TELL
    actions = next_actions(found)
    if as_json:
        say_json([_data(one) for one in actions])
    elif not actions:
        say(_NOTHING)
    else:
        lines = [
            line for number, one in enumerate(actions, 1) for line in _lines(number, one, lang_of())
        ]
        say_lines(lines)
    return code_of(found)


def _lines(number: int, action: "Action", lang: Lang) -> list[str]:
    duty = action.item.duty
    who = _WHO.say(lang).format(owner=duty.owner.name.say(lang), minutes=action.minutes)
    first, *rest = wrapped(action.why.say(lang), 92)
    return [
        f"{number}. {duty.id}  {duty.title.say(lang)}",
        f"   {first}",
        *(f"   {line}" for line in rest),
        f"   $ {action.command}",
        f"   {who}",
    ]


def _data(action: "Action") -> dict[str, object]:
    duty = action.item.duty
    return {
        "duty": duty.id,
        "title": {"en": duty.title.en, "zh": duty.title.zh},
        "state": action.item.state.value,
        "why": {"en": action.why.en, "zh": action.why.zh},
        "command": action.command,
        "owner": duty.owner.id,
        "minutes": action.minutes,
        "force": duty.force,
    }
