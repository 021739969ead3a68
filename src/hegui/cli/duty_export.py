"""``hegui duty export``: the board for tools that read OSCAL."""

from pathlib import Path

import click

from hegui.cli.duty_asked import AS_OF, TENANT, board_of
from hegui.cli.shared import SETTINGS_OPTION
from hegui.cli.speech import CLEAN, COULD_NOT_TELL, command, option, say
from hegui.terms import Words

_TROUBLE = Words("Nothing can be told: {why}", "无法判断：{why}")


@command(
    "export",
    Words(
        "Write the board as OSCAL 1.2: assessment-results.json, in which each finding names the "
        "records that it rests on by index and hash, and plan-of-action.json with what is open. "
        "Satisfied means evidenced or attested as of the date, and not that anybody complies. "
        "Files of the same name are replaced.",
        "以 OSCAL 1.2 写出看板：assessment-results.json 中每项结论均以序号和哈希指明所依据的记录，"
        "plan-of-action.json 列出未了事项。satisfied 表示截至该日期有证据或已声明，不表示合规。"
        "同名文件会被替换。",
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
    from hegui.cli.measures_export import write_document

    found = board_of(config, tenant, as_of)
    if found.trouble is not None:
        why = found.trouble
        say(Words(_TROUBLE.en.format(why=why.en), _TROUBLE.zh.format(why=why.zh)), err=True)
        return COULD_NOT_TELL
    for name, document in documents(found, stamp_of(found.as_of)).items():
        write_document(out / name, document)
        click.echo(out / name)
    return CLEAN
