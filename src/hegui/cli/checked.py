"""What ``hegui check`` tells of settings that can be read: as a page, and as data."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hegui.app.enforced import ROLES, Ruling, clauses, rulings, uncovered
from hegui.app.packs import packs_of
from hegui.cli.columns import aligned, table, wrapped
from hegui.cli.guarded import TITLE, guard_notes, guards, guards_data
from hegui.cli.notes import (
    applicability,
    content_kept,
    label_page,
    label_page_data,
    labelling,
    media,
    notes,
)
from hegui.cli.outside import TITLE as CONFIRMED
from hegui.cli.outside import confirmed, confirmed_data
from hegui.measures import Risk
from hegui.settings import Settings
from hegui.terms import Lang, Role, Words

if TYPE_CHECKING:
    from hegui.detectors.packs import Pack
    from hegui.screen.panel import Panel
    from hegui.screen.policy import Policy

_ACTIONS: Final = {
    "allow": Words("allow", "放行"),
    "mask": Words("mask", "遮盖"),
    "hold": Words("hold", "暂扣"),
    "refuse": Words("refuse", "拒绝"),
}
_ROLES: Final = {
    Role.SYSTEM: Words("system", "系统"),
    Role.USER: Words("user", "用户"),
    Role.TOOL: Words("tool", "工具"),
    Role.HISTORY: Words("history", "历史"),
    Role.REPLY: Words("reply", "回复"),
}
_IN_PART = Words(" [in part: the rest needs your own]", "［仅部分：其余须由提供者接入］")
_OWN = Words("toward your own upstreams ({names})", "发往自有模型服务（{names}）")
_OTHERS = Words("toward upstreams of others ({names})", "发往他方模型服务（{names}）")


_EXACT: Final = Words(
    "What comes with hegui holds back exactly the characters that could still become a finding.",
    "hegui 自带的检测器只扣住仍可能构成命中的字符，其余立即放行。",
)
_CLAUSES: Final = {
    "hold": Words(
        "{name} needs whole clauses: each is held until it has answered.",
        "{name} 需要整句判断：每一句都等它应答后才放行。",
    ),
    "release": Words(
        "{name} needs whole clauses: for adults they go out at once, and are withdrawn if it finds "
        "something.",
        "{name} 需要整句判断：对成年人先放行，有命中再撤回。",
    ),
}


@dataclass(frozen=True, slots=True)
class Checked:
    """Settings and what follows from them. ``enforced`` is keyed ``own`` and ``others``."""

    settings: Settings
    panel_digest: str
    enforced: Mapping[str, list[Ruling]]
    uncovered: list[Risk]
    clauses: Mapping[str, str]
    packs: tuple["Pack", ...] = ()

    @classmethod
    def of(
        cls, settings: Settings, panel: "Panel", policies: "Mapping[tuple[str, bool], Policy]"
    ) -> "Checked":
        """Work out what the settings enforce with this panel and these policies."""
        enforced = {}
        for sort, own in (("own", True), ("others", False)):
            if any((upstream.role == "own") is own for upstream in settings.upstreams):
                adult, minor = policies["adult", own], policies["minor", own]
                enforced[sort] = rulings(panel, adult, minor)
        streams = clauses(panel, policies["adult", True])
        packs = packs_of(settings)
        return cls(settings, panel.digest, enforced, uncovered(panel), streams, packs)

    def names(self, sort: str) -> str:
        """Return the names of the upstreams of one sort."""
        own = sort == "own"
        chosen = [each.name for each in self.settings.upstreams if (each.role == "own") is own]
        return ", ".join(chosen)


def page(checked: Checked, lang: Lang) -> list[str]:
    """Return the page that a person reads."""
    settings = checked.settings
    lines = [
        Words("Does the law apply", "是否适用").say(lang),
        *_paragraph(applicability(settings).say(lang)),
        "",
        Words("Where requests go", "请求发往哪里").say(lang),
        *_upstreams(settings, lang),
    ]
    if settings.screen.guards:
        lines += ["", TITLE.say(lang), *guards(settings, lang)]
    for sort, ruled in checked.enforced.items():
        heading = Words("What is enforced, ", "审核规则，").say(lang)
        where = (_OWN if sort == "own" else _OTHERS).fill(names=checked.names(sort)).say(lang)
        lines += ["", heading + where, *_ruled(ruled, lang)]
    if checked.packs:
        lines += ["", *_packs(checked.packs, lang)]
    lines += ["", *_streams(checked.clauses, lang)]
    lines += ["", *_gaps(checked.uncovered, lang)]
    for title, words in (
        (Words("What content is kept", "留存哪些内容"), content_kept(settings)),
        (Words("How replies are labelled", "如何标识"), labelling(settings)),
        (Words("Who may have files read", "谁可以查看文件标识"), label_page(settings)),
        (Words("Pictures and speech", "图片和语音"), media(settings)),
    ):
        lines += ["", title.say(lang), *_paragraph(words.say(lang))]
    lines += ["", CONFIRMED.say(lang), *confirmed(settings, lang)]
    told = [*notes(settings), *guard_notes(settings)]
    if told:
        lines += ["", Words("Mind", "请注意").say(lang)]
        for words in told:
            first, *rest = wrapped(words.say(lang), 90)
            lines += [f"  - {first}", *(f"    {line}" for line in rest)]
    return [*lines, ""]


def _paragraph(text: str) -> list[str]:
    return [f"  {line}" for line in wrapped(text, 92)]


def _upstreams(settings: Settings, lang: Lang) -> list[str]:
    undeclared = Words("not declared", "未声明").say(lang)
    heading = (
        Words("name", "名称"),
        Words("models", "模型"),
        Words("operator", "运营者"),
        Words("location", "地点"),
        Words("role", "角色"),
        Words("trains on inputs", "用输入训练"),
    )
    trains = {True: Words("yes", "是"), False: Words("no", "否")}
    rows = [[words.say(lang) for words in heading]]
    for each in settings.upstreams:
        told = undeclared
        if each.trains_on_inputs is not None:
            told = trains[each.trains_on_inputs].say(lang)
        rows.append(
            [
                each.name,
                " ".join(each.models),
                each.operator or undeclared,
                each.location or undeclared,
                each.role or undeclared,
                told,
            ]
        )
    return table(rows)


def _ruled(ruled: list[Ruling], lang: Lang) -> list[str]:
    heading = Words(
        "(adults / minors where they differ; ~ where rules of one risk differ; a detector looks "
        "for a risk, none finds everything)",
        "（未成年人不同时写在 / 之后；同一风险下各规则不同时以 ~ 相连；有检测器不等于能查出全部）",
    )
    names = [Words("risk", "风险"), *_ROLES.values(), Words("detectors", "检测器")]
    rows = [[*(words.say(lang) for words in names), ""]]
    for ruling in ruled:
        cells = [_cell(ruling, role, lang) for role in ROLES]
        name = ruling.risk.name.say(lang)
        if ruling.risk.detector_required:
            name += _IN_PART.say(lang)
        rows.append([ruling.risk.id, *cells, ",".join(ruling.detectors), name])
    return [*_paragraph(heading.say(lang)), *table(rows)]


def _cell(ruling: Ruling, role: Role, lang: Lang) -> str:
    adult, minor = (
        "~".join(_ACTIONS[name].say(lang) for name in costs[role])
        for costs in (ruling.adult, ruling.minor)
    )
    return adult if adult == minor else f"{adult}/{minor}"


def _packs(packs: "tuple[Pack, ...]", lang: Lang) -> list[str]:
    names = Words("pack", "规则包"), Words("version", "版本"), Words("rules", "规则")
    rows = [[*(words.say(lang) for words in names), Words("digest", "摘要").say(lang)]]
    rows += [[p.id, p.version, str(len(p.rules)), p.digest[:12]] for p in packs]
    return [Words("Your rule packs", "自有规则包").say(lang), *table(rows)]


def _streams(clauses: Mapping[str, str], lang: Lang) -> list[str]:
    title = Words("How streams are held back", "流式回复如何扣住").say(lang)
    lines = [title, *_paragraph(_EXACT.say(lang))]
    for name, mode in clauses.items():
        lines += _paragraph(_CLAUSES[mode].fill(name=name).say(lang))
    return lines


def _gaps(risks: list[Risk], lang: Lang) -> list[str]:
    if not risks:
        return [Words("All 31 risks have a detector.", "31 类风险均有检测器。").say(lang)]
    heading = Words(
        "Not covered: {n} of the 31 risks have no detector; duties that rest on them stay not "
        "evidenced",
        "没有覆盖：31 类风险中有 {n} 类没有检测器，相应义务保持“无证据”",
    )
    required = Words(" [detector-required: attach your own]", "［须由提供者接入检测器］")
    rows = [
        (risk.id, risk.name.say(lang) + (required.say(lang) if risk.detector_required else ""))
        for risk in risks
    ]
    return [*wrapped(heading.fill(n=len(risks)).say(lang)), *aligned(rows)]


def as_data(checked: Checked) -> dict[str, Any]:
    """Return what a program reads."""
    settings = checked.settings
    service, content = settings.service, settings.content
    return {
        "settings": settings.digest,
        "panel": checked.panel_digest,
        "scope": service.scope,
        "reason": service.reason,
        "applicability": _both(applicability(settings)),
        "upstreams": [
            {
                "name": each.name,
                "models": list(each.models),
                "operator": each.operator,
                "location": each.location,
                "role": each.role,
                "filing": each.filing,
                "trains_on_inputs": each.trains_on_inputs,
            }
            for each in settings.upstreams
        ],
        "guards": guards_data(settings),
        "enforced": {
            sort: [_ruling_data(ruling) for ruling in ruled]
            for sort, ruled in checked.enforced.items()
        },
        "clauses": dict(checked.clauses),
        "packs": [
            {"pack": p.id, "version": p.version, "rules": len(p.rules), "digest": p.digest}
            for p in checked.packs
        ],
        "uncovered": [
            {**_named(risk), "detector_required": risk.detector_required}
            for risk in checked.uncovered
        ],
        "content": {
            "keep": content.keep,
            "days": content.days,
            "log_days": content.log_term,
            "why": _both(content.why),
        },
        "media": {"unjudged": settings.media.unjudged, "sound": settings.media.sound},
        "labels": {"text": settings.labels.text, "language": settings.labels.language},
        "label_page": label_page_data(settings),
        "witnesses": confirmed_data(settings),
        "notes": [_both(words) for words in [*notes(settings), *guard_notes(settings)]],
    }


def _both(words: Words) -> dict[str, str]:
    return {"en": words.en, "zh": words.zh}


def _named(risk: Risk) -> dict[str, Any]:
    return {"risk": risk.id, "name": _both(risk.name), "zh_confirmed": risk.zh_confirmed}


def _ruling_data(ruling: Ruling) -> dict[str, Any]:
    return {
        **_named(ruling.risk),
        "detectors": list(ruling.detectors),
        "adult": {role.value: list(names) for role, names in ruling.adult.items()},
        "minor": {role.value: list(names) for role, names in ruling.minor.items()},
    }
