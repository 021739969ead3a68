"""``hegui duty export``: the board for tools that read OSCAL."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click

from hegui.cli.duty_asked import AS_OF, TENANT, board_of
from hegui.cli.shared import SETTINGS_OPTION
from hegui.cli.speech import CLEAN, COULD_NOT_TELL, command, option, say
from hegui.terms import BadRequest, Words

_TROUBLE = Words("Nothing can be told: {why}", "无法判断：{why}")


@command(
    "export",
    Words(
        "Write the board as OSCAL 1.2: assessment-results.json, in which each finding names the "
        "records that it rests on by index and hash, and plan-of-action.json with what is open. "
        "Satisfied means evidenced or attested as of the date, and not that anybody complies. "
        "Files of the same name are replaced; where nothing is open, the plan of an earlier export "
        "is removed, and that is said.",
        "以 OSCAL 1.2 写出看板：assessment-results.json 中每项结论均以序号和哈希指明所依据的记录，"
        "plan-of-action.json 列出未了事项。satisfied 表示截至该日期有证据或已声明，不表示合规。"
        "同名文件会被替换；没有未了事项时，会删除此前导出的计划并给出提示。",
    ),
    Words("hegui duty export --out oscal", "hegui duty export --out oscal"),
)
@SETTINGS_OPTION
@TENANT
@AS_OF
@option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    words=Words("the folder to write to", "写入的文件夹"),
)
def export(config: Path, tenant: str, as_of: str, out: Path) -> int:
    """Write the board as OSCAL."""
    from hegui.app.oscal import stamp_of
    from hegui.app.standing import documents

    found = board_of(config, tenant, as_of)
    if found.trouble is not None:
        why = found.trouble
        say(Words(_TROUBLE.en.format(why=why.en), _TROUBLE.zh.format(why=why.zh)), err=True)
        return COULD_NOT_TELL
    made = documents(found, stamp_of(found.as_of))
    stale = write(out, made)
    for name in made:
        click.echo(out / name)
    if stale is not None:
        say(_REMOVED.fill(path=stale), err=True)
    return CLEAN


def write(out: Path, made: Mapping[str, dict[str, Any]]) -> Path | None:
    """Write a board's documents; return the earlier plan of action that they made untrue.

    It was removed then: who reads the folder would take it for today's. What has its name and is
    none is a ``BadRequest``, before anything is written.
    """
    from hegui.app.standing import PLAN
    from hegui.cli.measures_export import write_document

    stale = PLAN not in made and _is_plan(out / PLAN)
    for name, document in made.items():
        write_document(out / name, document)
    if not stale:
        return None
    try:
        (out / PLAN).unlink()
    except OSError as error:
        from hegui.settings.plain_files import reason

        raise BadRequest(_STALE.fill(path=out / PLAN, why=reason(error)), param="out") from None
    return out / PLAN


def _is_plan(path: Path) -> bool:
    """Tell whether an earlier export's plan lies there; anything else by its name is refused."""
    from hegui.settings.plain_files import read_plain, reason

    try:
        head = read_plain(path, _HEAD)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise BadRequest(_IN_THE_WAY.fill(path=path, why=reason(error)), param="out") from None
    if not head.lstrip().removeprefix(b"{").lstrip().startswith(_PLAN_BEGINS):
        raise BadRequest(_IN_THE_WAY.fill(path=path, why=_NO_PLAN), param="out")
    return True


_HEAD: Final = 4_096
_PLAN_BEGINS: Final = b'"plan-of-action-and-milestones"'
_NO_PLAN: Final = Words("it is no plan of action in OSCAL", "不是 OSCAL 行动计划")
_IN_THE_WAY: Final = Words(
    "Nothing is open, so there is no plan to write, and {path} would be taken for it ({why}). Move "
    "it away, or name another folder with --out. Nothing was written.",
    "没有未了事项，不产生计划，而 {path} 会被误认为计划（{why}）。请将其移走，"
    "或用 --out 指定其他文件夹。未写入任何文件。",
)
_STALE: Final = Words(
    "Nothing is open any more, but {path} of an earlier export cannot be removed: {why}. Do it "
    "yourself.",
    "已没有未了事项，但此前导出的 {path} 无法删除：{why}。请手动删除。",
)
_REMOVED: Final = Words(
    "Nothing is open any more: the plan of an earlier export, {path}, was removed.",
    "已没有未了事项：此前导出的计划 {path} 已删除。",
)
