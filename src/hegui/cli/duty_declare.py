"""``hegui duty declare``: put on record what the service is, and so which duties do not apply."""

from pathlib import Path

from hegui.cli.duty_asked import TENANT
from hegui.cli.shared import SETTINGS_OPTION, read_settings
from hegui.cli.speech import CLEAN, command, option, say
from hegui.terms import BadRequest, Words

_DONE = Words(
    "Entry {index} records the facts of profile {profile}…. What the facts rule out is shown as "
    "not applicable from now on; change the settings, and it has to be declared anew.",
    "第 {index} 条记录了方案 {profile}… 所依据的事实。事实所排除的义务自此显示为不适用；"
    "如更改配置，须重新声明。",
)
_SHORT = Words(
    "--{name} is needed, of at most {most} characters, without line breaks or control characters",
    "--{name} 必填，不超过 {most} 个字符，不含换行和控制字符",
)
_ROLE = Words("there is no role {role}; there are {known}", "没有岗位 {role}；可用：{known}")


@command(
    "declare",
    Words(
        "Put on record the facts that the settings state of the service (who it is for, what it "
        "generates), with the reason and who says so. A duty that they rule out counts as not "
        "applicable only when that is on record.",
        "将配置所述的服务事实（面向谁、生成什么）连同理由和声明人记录在案。"
        "事实所排除的义务，只有记录在案后才显示为不适用。",
    ),
    Words(
        'hegui duty declare --by staff-17 --role compliance-officer --reason "API caller: no own '
        'model"',
        "hegui duty declare --by 工号17 --role compliance-officer --reason 仅调用他人模型",
    ),
)
@SETTINGS_OPTION
@TENANT
@option("--by", required=True, metavar="WHO", words=Words("who says so", "声明人，填岗位或工号"))
@option("--role", required=True, metavar="ROLE", words=Words("in which role", "以哪个岗位"))
@option("--reason", required=True, metavar="TEXT", words=Words("why it is so", "理由"))
def declare(config: Path, tenant: str, by: str, role: str, reason: str) -> int:
    """Put the facts of the service on record."""
    from hegui.app.attestations import placed, put_on_record
    from hegui.app.duties import facts_told
    from hegui.measures import roles, tailored

    settings = read_settings(config)
    if role not in roles():
        known = ", ".join(roles())
        raise BadRequest(_ROLE.fill(role=repr(role[:40]), known=known), param="role")
    for name, text, most in (("by", by, 200), ("reason", reason, 500)):
        if not text.strip() or len(text) > most or not text.isprintable():
            raise BadRequest(_SHORT.fill(name=name, most=most), param=name)
    profile = tailored(settings)
    fields = {
        "profile": profile.digest,
        "facts": facts_told(profile.facts),
        "reason": reason,
        "by": by,
        "role": role,
    }
    index = placed(put_on_record(settings, tenant, "profile.declared", fields))
    say(_DONE.fill(index=index, profile=profile.digest[:16]))
    return CLEAN
