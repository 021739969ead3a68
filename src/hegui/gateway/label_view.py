"""What a label says, in plain words for a person and as data for a program.

Everything out of a file is bounded and legible already, and is escaped here before it is HTML.
"""

from html import escape
from typing import Any, Final

from hegui.runners.label_frames import Label, Note, Report
from hegui.terms import Lang, Words

_STANDARD: Final = "GB 45438-2025"
_OF_IT: Final = ("5", "6", "E")  # how its clauses begin; others name their document
_MARKS: Final = {"compliant": "✓", "noncompliant": "!", "not_found": "—", "inconclusive": "?"}

VERDICTS: Final = {
    "compliant": Words(
        "A label was found, and it is as the standard wants it.", "找到标识，符合标准要求。"
    ),
    "noncompliant": Words(
        "A label was found, and something about it is not right.", "找到标识，但存在不符合之处。"
    ),
    "not_found": Words("No label was found in this file.", "没有在此文件中找到标识。"),
    "inconclusive": Words("It could not be told.", "无法判断。"),
}
_SHORT: Final = {
    "compliant": Words("compliant", "符合"),
    "noncompliant": Words("noncompliant", "不符合"),
    "not_found": Words("no label found", "未找到标识"),
    "inconclusive": Words("could not tell", "无法判断"),
}
_NOT_FOUND: Final = Words(
    "That does not mean that a person made the content. Labels get lost when files are converted, "
    "sent through other services or photographed from a screen; content from abroad or of before "
    "September 2025 may never have had one. A notice that is drawn into a picture or spoken in a "
    "recording is not looked for here.",
    "这不等于内容由人创作。文件经过转换、其他服务转发或翻拍截屏，标识都可能丢失；来自境外"
    "或 2025 年 9 月以前的内容也可能从未添加标识。此处不检查画面中的文字提示或录音中的语音提示。",
)
_MEANS: Final = Words(
    "Anybody can write a label: it is what the file says of itself, and no proof.",
    "标识是文件对自身的说明，任何人都可能写入，不能作为证明。",
)
_CLAIMS: Final = {
    "1": Words("The label says: AI-generated.", "标识内容：属于人工智能生成合成内容。"),
    "2": Words("The label says: may be AI-generated.", "标识内容：可能为人工智能生成合成内容。"),
    "3": Words(
        "The label says: suspected to be AI-generated.", "标识内容：疑似为人工智能生成合成内容。"
    ),
}
_FIELDS: Final = {
    "Label": Words("What it is", "生成合成属性"),
    "ContentProducer": Words("Made by", "生成服务提供者"),
    "ProduceID": Words("The maker's number", "内容制作编号"),
    "ReservedCode1": Words("The maker's security field", "生成者安全字段"),
    "ContentPropagator": Words("Spread by", "传播服务提供者"),
    "PropagateID": Words("The spreader's number", "内容传播编号"),
    "ReservedCode2": Words("The spreader's security field", "传播者安全字段"),
}
_FILE: Final = Words("File", "文件")
_FORMAT: Final = Words("Format", "格式")
_UNKNOWN: Final = Words("not known", "未知")
_FINDINGS: Final = Words("What there is to say", "说明")
_LABELS: Final = Words("What the file holds", "文件中的标识")
_LABEL: Final = Words("Label {n} of {count}", "第 {n} 个标识，共 {count} 个")
_WHERE: Final = Words("Where it sits", "位置")
_AT: Final = Words("{form}, from byte {at}", "{form}，第 {at} 字节起")
_RIGHT: Final = Words("the place that the guide names", "指南规定的位置")
_OTHER: Final = Words("not the place that a guide names", "不是指南规定的位置")
_EMPTY: Final = Words("(empty)", "（空）")
_NAMED: Final = Words("{words} ({name})", "{words}（{name}）")
_RAW: Final = Words("What stands there", "原始内容")
_MORE: Final = Words("{n} more labels are not shown.", "另有 {n} 个标识未显示。")
_NOTE: Final = Words("note", "提示")


def title_of(report: Report) -> Words:
    """Return the verdict in two or three words."""
    return _SHORT[report.state]


def section(report: Report, name: str, lang: Lang) -> str:
    """Return the answer as HTML."""
    state = report.state
    lines = [
        f'<section class="verdict {state}" aria-labelledby=verdict>',
    ]
    mark = f"<span aria-hidden=true>{_MARKS[state]}</span>"
    lines.append(f"<h2 id=verdict>{mark} {escape(VERDICTS[state].say(lang))}</h2>")
    claims = {one.fields.get("Label", "") for one in report.labels if one.fields is not None}
    lines += [f"<p>{escape(_CLAIMS[c].say(lang))}</p>" for c in sorted(claims) if c in _CLAIMS]
    lines.append(f"<p>{escape((_MEANS if report.count else _NOT_FOUND).say(lang))}</p>")
    if state == "inconclusive" and not report.count:
        lines.pop()
    form = report.format.upper() or _UNKNOWN.say(lang)
    shown = (_FILE.say(lang), name or "—"), (_FORMAT.say(lang), form)
    lines += [_pairs(shown), "</section>"]
    if report.findings:
        lines.append(f"<h3>{escape(_FINDINGS.say(lang))}</h3><ul>")
        lines += [_finding(one, lang) for one in report.findings]
        lines.append("</ul>")
    if report.labels:
        lines.append(f"<h3>{escape(_LABELS.say(lang))}</h3>")
        lines += [_label(one, n, report, lang) for n, one in enumerate(report.labels, 1)]
    if report.count > len(report.labels):
        more = _MORE.fill(n=report.count - len(report.labels))
        lines.append(f"<p>{escape(more.say(lang))}</p>")
    return "\n".join(lines)


def as_data(report: Report) -> dict[str, Any]:
    """Return the answer for a program."""
    place = {"en": report.place_en, "zh": report.place_zh}
    said = VERDICTS[report.state]
    return {
        "format": report.format or None,
        "place": place if report.format else None,
        "verdict": report.state,
        "says": {"en": said.en, "zh": said.zh},
        "findings": [
            {"code": one.code, "clause": clause(one), "note": one.note, "en": one.en, "zh": one.zh}
            for one in report.findings
        ],
        "count": report.count,
        "labels": [
            {
                "form": one.form,
                "offset": one.offset,
                "guide": one.guide,
                "fields": one.fields,
                "raw": one.raw,
            }
            for one in report.labels
        ],
    }


def clause(note: Note) -> str:
    """Return a finding's clause with the document that it is of."""
    return f"{_STANDARD}, {note.clause}" if note.clause.startswith(_OF_IT) else note.clause


def _finding(note: Note, lang: Lang) -> str:
    words = note.zh if lang == "zh" else note.en
    told = clause(note)
    marks = [_NOTE.say(lang)] if note.note else []
    marks += [told] if told else []
    small = f" <small>{escape(' · '.join(marks))}</small>" if marks else ""
    return f"<li class={'note' if note.note else 'wrong'}>{escape(words)}{small}</li>"


def _label(label: Label, number: int, report: Report, lang: Lang) -> str:
    at = _AT.fill(form=label.form, at=label.offset).say(lang)
    place = (_RIGHT if label.guide else _OTHER).say(lang)
    rows = [(_WHERE.say(lang), f"{at}\n{place}")]
    for name, value in (label.fields or {}).items():
        words = _FIELDS.get(name)
        shown = _NAMED.fill(words=words.say(lang), name=name) if words is not None else None
        rows.append((shown.say(lang) if shown is not None else name, value or _EMPTY.say(lang)))
    if label.fields is None:
        rows.append((_RAW.say(lang), label.raw))
    head = ""
    if report.count > 1:
        told = _LABEL.fill(n=number, count=report.count).say(lang)
        head = f"<h4>{escape(told)}</h4>"
    return head + _pairs(rows)


def _pairs(rows: Any) -> str:
    made = "".join(
        f"<dt>{escape(name)}</dt><dd><bdi>{escape(value)}</bdi></dd>" for name, value in rows
    )
    return f"<dl>{made}</dl>"
