"""What ``hegui check`` tells of guard models: which texts leave, to whom, and to where."""

from typing import Any, Final

from hegui.app.guards import guard_of
from hegui.cli.columns import table
from hegui.settings import GuardModel, Settings
from hegui.terms import Lang, Role, Words

TITLE: Final = Words("Which texts go to guard models", "哪些文本发给护栏模型")

_ROLES: Final = {
    Role.SYSTEM: Words("system", "系统"),
    Role.USER: Words("user", "用户"),
    Role.TOOL: Words("tool", "工具"),
    Role.HISTORY: Words("history", "历史"),
    Role.REPLY: Words("reply", "回复"),
    Role.DOCUMENT: Words("document", "文档"),
}
_HEADING: Final = (
    Words("name", "名称"),
    Words("model", "模型"),
    Words("texts", "文本"),
    Words("operator", "运营者"),
    Words("location", "地点"),
    Words("role", "角色"),
    Words("trains on inputs", "用输入训练"),
    Words("deadline", "时限"),
)
_TRAINS: Final = {
    True: Words("yes", "是"),
    False: Words("no", "否"),
    None: Words("not declared", "未声明"),
}
_ALL: Final = Words("all", "全部")
_LEAVES: Final = Words(
    "The guard model {name} is run by {operator}, not by you. It is sent the texts themselves, "
    "personal data included, before anything is masked: it needs a contract or a basis of its own "
    "(Art. 11; PIPL Art. 21, 23), and outside mainland China Art. 38 to 40 as well.",
    "护栏模型 {name} 由 {operator} 运营，不是自有的。发给它的是原文，含个人信息，在遮盖之前："
    "须另有合同或依据（第十一条；《个人信息保护法》第二十一、二十三条）；"
    "在境外的，还须符合第三十八至四十条。",
)
_TRAINS_ON: Final = Words(
    "The guard model {name} trains on what it is sent: users must know and agree, and be able to "
    "say no (Art. 7, 11).",
    "护栏模型 {name} 用收到的内容训练：须让用户知情同意，并可以拒绝（第七条、第十一条）。",
)
_PLAIN: Final = Words(
    "The guard model {name} is reached without encryption: use https.",
    "护栏模型 {name} 未加密连接：请改用 https。",
)
_NOT_REQUIRED: Final = Words(
    "The guard model {name} is not required: until it is there, what it should judge counts as a "
    "fault.",
    "护栏模型 {name} 不是启动的必要条件：在它可用之前，须由它判断的内容按故障处理。",
)


def _asked(entry: GuardModel) -> tuple[Role, ...]:
    """Return the roles a guard is asked about, in the order of the table; empty: all."""
    roles = guard_of(entry).roles
    return tuple(role for role in _ROLES if role in roles)


def guards(settings: Settings, lang: Lang) -> list[str]:
    """Return the table that a person reads; nothing when there is no guard model."""
    entries = settings.screen.guards
    if not entries:
        return []
    undeclared = Words("not declared", "未声明").say(lang)
    rows = [[words.say(lang) for words in _HEADING]]
    for each in entries:
        roles = [_ROLES[role].say(lang) for role in _asked(each)]
        rows.append(
            [
                each.name,
                each.model,
                " ".join(roles) or _ALL.say(lang),
                each.operator or undeclared,
                each.location or undeclared,
                each.role or undeclared,
                _TRAINS[each.trains_on_inputs].say(lang),
                f"{each.deadline_ms} ms",
            ]
        )
    return table(rows)


def guard_notes(settings: Settings) -> list[Words]:
    """Return what to mind about guard models."""
    told = []
    for each in settings.screen.guards:
        if each.role != "own":
            who = each.operator or "?"
            told.append(_LEAVES.fill(name=each.name, operator=who))
        if each.role != "own" and each.base_url.startswith("http://"):
            told.append(_PLAIN.fill(name=each.name))
        if each.trains_on_inputs:
            told.append(_TRAINS_ON.fill(name=each.name))
        if not each.required:
            told.append(_NOT_REQUIRED.fill(name=each.name))
    return told


def guards_data(settings: Settings) -> list[dict[str, Any]]:
    """Return what a program reads."""
    return [
        {
            "name": each.name,
            "preset": each.preset,
            "model": each.model,
            "roles": [role.value for role in _asked(each)] or [role.value for role in _ROLES],
            "operator": each.operator,
            "location": each.location,
            "role": each.role,
            "trains_on_inputs": each.trains_on_inputs,
            "required": each.required,
            "deadline_ms": each.deadline_ms,
        }
        for each in settings.screen.guards
    ]
