"""``hegui duty practise``: put on record that a plan was practised, and passed or did not."""

from pathlib import Path
from typing import Final

import click

from hegui.cli.duty_asked import TENANT
from hegui.cli.shared import SETTINGS_OPTION, read_settings
from hegui.cli.speech import CLEAN, FINDINGS, command, option, say
from hegui.terms import BadRequest, Words

TOPICS: Final = (
    "complaint-portal",
    "content-incident",
    "content-report",
    "incident-closing",
    "incident-plan",
    "misuse-report",
    "network-report",
    "rectification",
    "restore",
)
_LONGEST: Final = 200

_DONE = Words(
    "Entry {index} records that {topic} was practised. It holds the digest of {path}: keep the "
    "file.",
    "第 {index} 条记录了 {topic} 的演练，其中只有 {path} 的摘要：请妥善保存该文件。",
)
_BY = Words(
    "--by says who, by a role or a staff number of at most 200 characters, without line breaks or "
    "control characters",
    "--by 应写明由谁组织（岗位或工号），不超过 200 个字符，不含换行和控制字符",
)


@command(
    "practise",
    Words(
        "Put on record that a plan was practised, or a restore or a way in was tried, and whether "
        "it passed: evidence where nothing happened in earnest. The role must be one that may "
        "attest a duty which asks for this practice. Exit code 1: it failed.",
        "将演练、恢复测试或投诉入口测试及其结果记录在案，作为未实际发生时的证据。"
        "岗位须有权声明要求该项演练的义务。退出码 1：未通过。",
    ),
    Words(
        "hegui duty practise content-incident --passed --report trial.pdf --by staff-17 --role "
        "security-officer",
        "hegui duty practise content-incident --passed --report trial.pdf --by 工号17 --role "
        "security-officer",
    ),
)
@click.argument("topic", type=click.Choice(TOPICS))
@SETTINGS_OPTION
@TENANT
@option("--by", required=True, metavar="WHO", words=Words("who, by a role or number", "由谁组织"))
@option("--role", required=True, metavar="ROLE", words=Words("in which role", "以哪个岗位"))
@option(
    "--report",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    words=Words("the record of the practice", "演练记录"),
)
@option(
    "--passed/--failed",
    "passed",
    required=True,
    default=None,
    words=Words("whether it passed", "是否通过"),
)
def practise(topic: str, config: Path, tenant: str, *, passed: bool, **said: str | Path) -> int:
    """Record a practice."""
    from hegui.app.attestations import placed, put_on_record
    from hegui.app.incidents import digest_of, wrong_role
    from hegui.measures.practice import may_practise

    settings = read_settings(config)
    by, role, path = str(said["by"]), str(said["role"]), Path(said["report"])
    may = may_practise(topic)
    if role not in {one.id for one in may}:
        raise wrong_role(role, may)
    if not by.strip() or len(by) > _LONGEST or not by.isprintable():
        raise BadRequest(_BY, param="by")
    fields = {"topic": topic, "report": digest_of(path), "passed": passed, "by": by, "role": role}
    index = placed(put_on_record(settings, tenant, "plan.practised", fields))
    say(_DONE.fill(index=index, topic=topic, path=path))
    return CLEAN if passed else FINDINGS
