"""What each statement must hold. Elements are prose, limits are days, rows are numbers and dates.

The articles ask for the statement; which elements it takes to say so is ours, after TC260-003
(clauses 5.2 and 7) where that names them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from hegui.terms import Words

SLOT: Final = "〔待填〕"
"""Stands in a draft for what nobody but the provider knows. Nothing is published with one."""

Rows = Literal["", "model", "licence"]


@dataclass(frozen=True, slots=True)
class Sort:
    """A sort of statement: its title, its source, its prose elements, limits in days, its rows."""

    id: str
    title: Words
    source: Words
    elements: Mapping[str, Words]
    limits: Mapping[str, Words]
    rows: Rows = ""


_NO_LIMITS: Final[Mapping[str, Words]] = {}

_ALL: Final = (
    Sort(
        "service-agreement",
        Words("Service agreement", "服务协议"),
        Words("Art. 9 para. 2; labelling measures, Art. 8", "第九条第二款；标识办法第八条"),
        {
            "rights": Words("Rights and duties of both sides", "双方的权利义务"),
            "conduct": Words("What users may not do", "使用者不得从事的行为"),
            "labels": Words("Methods and style of labels", "标识的方法、样式"),
            "property": Words("Intellectual property: risks and duties", "知识产权风险与责任"),
            "measures": Words("What follows a breach", "违约处置措施"),
        },
        _NO_LIMITS,
    ),
    Sort(
        "privacy",
        Words("Rules for personal data", "个人信息处理规则"),
        Words("Art. 9 para. 1, 11", "第九条第一款、第十一条"),
        {
            "collected": Words("What is collected", "收集的个人信息"),
            "purposes": Words("Purposes", "处理目的"),
            "retention": Words("How long it is kept", "保存期限"),
            "training": Words("Use for training, and how to say no", "用于训练的情况及拒绝方式"),
            "rights": Words("Access, copy, correction, erasure", "查阅、复制、更正、删除"),
            "contact": Words("Who answers", "联系方式"),
        },
        _NO_LIMITS,
    ),
    Sort(
        "suitability",
        Words("Suitable users, occasions and purposes", "适用人群、场合、用途"),
        Words("Art. 10", "第十条"),
        {
            "users": Words("Users", "适用人群"),
            "occasions": Words("Occasions", "适用场合"),
            "purposes": Words("Purposes", "适用用途"),
            "minors": Words("Minors", "未成年人"),
        },
        _NO_LIMITS,
    ),
    Sort(
        "limits",
        Words("Limits and accuracy", "局限性与准确性说明"),
        Words("Art. 4(5)", "第四条第五项"),
        {
            "limits": Words("Limits", "服务局限性"),
            "accuracy": Words("Accuracy and reliability", "准确性与可靠性"),
            "mechanism": Words("Model and algorithm in brief", "模型与算法概要"),
        },
        _NO_LIMITS,
    ),
    Sort(
        "labels",
        Words("Label methods", "标识方法说明"),
        Words("Art. 12; labelling measures, Art. 8", "第十二条；标识办法第八条"),
        {
            "explicit": Words("Labels that people see or hear", "显式标识"),
            "implicit": Words("Labels in files", "隐式标识"),
            "duties": Words("Duties of users", "使用者的标识义务"),
        },
        _NO_LIMITS,
    ),
    Sort(
        "complaints",
        Words("Complaints: procedure and time limits", "投诉举报处理流程和反馈时限"),
        Words("Art. 15", "第十五条"),
        {
            "channels": Words("Where to complain", "投诉举报入口"),
            "procedure": Words("Procedure", "处理流程"),
        },
        {
            "accept_days": Words("Accepted within", "受理时限"),
            "handle_days": Words("Handled within", "处理时限"),
            "feedback_days": Words("Answered within", "反馈时限"),
        },
    ),
    Sort(
        "model",
        Words("Models and their filing", "模型名称与备案登记信息"),
        Words("Art. 4(5), 17", "第四条第五项、第十七条"),
        {},
        _NO_LIMITS,
        "model",
    ),
    Sort(
        "licences",
        Words("Licences", "许可证信息"),
        Words("Art. 23", "第二十三条"),
        {},
        _NO_LIMITS,
        "licence",
    ),
)
SORTS: Final[Mapping[str, Sort]] = {one.id: one for one in _ALL}
"""By the name that records and the catalogue's queries use."""
