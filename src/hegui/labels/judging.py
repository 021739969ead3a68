"""Whether the implicit labels of a file are what GB 45438-2025 asks for, clause by clause.

Deterministic, and of the implicit label only: whether a person sees a notice, nobody can tell from
metadata. A file that cannot be read to its end is ``inconclusive``, never found wrong.
"""

from collections.abc import Collection, Sequence
from typing import Final, Literal, NamedTuple

from hegui.labels import security
from hegui.labels.container import Format, Found, has_place
from hegui.labels.value import FIELDS, Parsed
from hegui.terms import Words
from hegui.terms.identifiers import provider_code_fault

State = Literal["compliant", "noncompliant", "not_found", "inconclusive"]
_CODE: Final = 27
_FOR_SERVICE: Final = 22


class Finding(NamedTuple):
    """Something that was found about a label, with its clause; a ``note`` offends none.

    Clauses are of GB 45438-2025 where they name no other document.
    """

    code: str
    clause: str
    words: Words
    note: bool = False


class Verdict(NamedTuple):
    """What there is to say of a file's implicit label."""

    state: State
    findings: tuple[Finding, ...]


def judged(found: Sequence[Found], form: Format, known: Collection[str] = ()) -> Verdict:
    """Judge the labels of a file of format ``form``.

    ``known`` are public keys, in hexadecimal, that are trusted to be the producer's.
    """
    if not found:
        return Verdict("not_found", ())
    findings = _counted(found)
    for one in found:
        if one.form == BESIDE:
            findings.append(Finding("beside", "", _BESIDE.fill(form=form.name), note=True))
        elif not has_place(form):
            words = _NOWHERE.fill(form=form.name, stored=one.form, at=one.offset)
            findings.append(Finding("no-place", "", words, note=True))
        elif not one.guide:
            findings.append(_misplaced(one, form))
        if one.parsed is None:
            findings.append(Finding("unreadable", "E.1", _UNREADABLE.fill(at=one.offset)))
        else:
            findings += _of_value(one.parsed, known)
    findings = list(dict.fromkeys(findings))
    if any(not one.note for one in findings):
        return Verdict("noncompliant", tuple(findings))
    placed = any(one.form != BESIDE for one in found) and has_place(form)
    return Verdict("compliant" if placed else "inconclusive", tuple(findings))


def _counted(found: Sequence[Found]) -> list[Finding]:
    """Find fault with labels that are too many.

    The standard allows one in a file's metadata. A label beside the file is not in them: it says
    the same thing a second time, or contradicts, and then nobody can tell which holds.
    """
    findings = []
    inside = [one for one in found if one.form != BESIDE]
    if len(inside) > 1:
        forms = ", ".join(dict.fromkeys(one.form for one in inside))
        words = _MORE.fill(n=len(inside), forms=forms[:200])
        findings.append(Finding("more-than-one", "6.1 c)", words))
    if inside and len(inside) < len(found) and len({_produced(one) for one in found}) > 1:
        findings.append(Finding("contradicted", "6.1 c)", _CONTRADICTED))
    return findings


def _produced(one: Found) -> tuple[str, ...]:
    """Return what a label says of the content: what no propagator changes."""
    if one.parsed is None:
        return (one.raw,)
    return tuple(one.parsed.fields.get(name, "") for name in FIELDS[:4])


def broken(why: Words) -> Verdict:
    """Return the verdict on a file that could not be read, and why."""
    return Verdict("inconclusive", (Finding("unreadable-file", "", why, note=True),))


BESIDE: Final = "sidecar"
"""The form of a label that lies in a file beside the one that it is about."""


def _misplaced(one: Found, form: Format) -> Finding:
    words = Words(
        _PLACE.en.format(form=one.form, at=one.offset, place=form.place.en),
        _PLACE.zh.format(form=one.form, at=one.offset, place=form.place.zh),
    )
    return Finding("place", "6.1 a)", words)


def _of_value(parsed: Parsed, known: Collection[str]) -> list[Finding]:
    platform = parsed.fields.get("Label") in ("2", "3")
    findings = [
        Finding("producer-unknown", one.clause, _UNNAMED.fill(field=one.field), note=True)
        if platform and one.code == "empty-field" and one.field in FIELDS[1:3]
        else Finding(one.code, one.clause, one.words)
        for one in parsed.faults
    ]
    for name in ("ContentProducer", "ContentPropagator"):
        value = parsed.fields.get(name, "")
        why = code_fault(value)
        if value and why is not None:
            words = Words(
                _CODE_FAULT.en.format(field=name, why=why.en),
                _CODE_FAULT.zh.format(field=name, why=why.zh),
            )
            findings.append(Finding("provider-code", "TC260-PG-20252A", words, note=True))
    signature = security.checked(parsed.fields, known)
    if signature is not None:
        state = "known" if signature.state == "valid" and signature.known else signature.state
        note = state != "invalid"
        findings.append(Finding("signature", "TC260-PG-202511A", _SIGNED[state], note=note))
    spread = security.spread_checked(parsed.fields, known)
    if spread is not None and spread.state == "valid":
        words = _SPREAD_KNOWN if spread.known else _SPREAD
        findings.append(Finding("propagator-signature", "TC260-PG-202511A", words, note=True))
    return findings


def code_fault(value: str) -> Words | None:
    """Say what is wrong with a provider code, be it of a generation or a propagation service."""
    if len(value) == _CODE and value[_FOR_SERVICE] == "2":
        value = f"{value[:_FOR_SERVICE]}1{value[_FOR_SERVICE + 1 :]}"
    return provider_code_fault(value)


_SPREAD: Final = Words(
    en="The propagator's fields are signed and whole. The key stands in the label itself, so this"
    " does not prove whose it is.",
    zh="传播要素已签名且完整。公钥就在标识中，因此不能证明签名者身份。",
)
_SPREAD_KNOWN: Final = Words(
    en="The propagator's fields are signed by a key that you named.",
    zh="传播要素由您指定的密钥签名，验证通过。",
)
_MORE: Final = Words(
    en="There are {n} labels in the file ({forms}); one is allowed.",
    zh="文件中有 {n} 个标识（{forms}），标准只允许一个。",
)
_PLACE: Final = Words(
    en="The label ({form}, byte {at}) is not where the guide wants it: {place}.",
    zh="标识（{form}，第 {at} 字节处）不在指南规定的位置：{place}。",
)
_UNREADABLE: Final = Words(
    en="What stands at byte {at} is called AIGC and is no label in JSON.",
    zh="第 {at} 字节处的内容名为 AIGC，但不是 JSON 格式的标识。",
)
_BESIDE: Final = Words(
    en="The label lies in a file beside this one: no guide names a place in {form}.",
    zh="标识位于旁附文件中：现有指南未规定 {form} 格式的标识位置。",
)
_NOWHERE: Final = Words(
    en="The label ({stored}, byte {at}) stands where somebody chose: no guide names a place in"
    " {form}, so it is neither right nor wrong there.",
    zh="标识（{stored}，第 {at} 字节处）的位置由写入者自定：现有指南未规定 {form} 格式的标识位置，"
    "无从判断对错。",
)
_CONTRADICTED: Final = Words(
    en="The label in the file and the one beside it name different content or producers. Find out"
    " which is right, and correct the other.",
    zh="文件内的标识与旁附文件中的标识所述内容或生成者不一致。请核实哪一个正确并更正另一个。",
)
_UNNAMED: Final = Words(
    en="{field} is empty: a platform wrote this label (Label 2 or 3) and did not know who made the"
    " content. Whether the standard allows that is not confirmed.",
    zh="{field} 为空：该标识由传播平台写入（Label 为 2 或 3），平台不知道内容由谁生成。"
    "标准是否允许为空，尚未确认。",
)
_CODE_FAULT: Final = Words(
    en="{field} is no valid provider code ({why}); a name is allowed, a code tells who it is.",
    zh="{field} 不是有效的服务提供者编码（{why}）；标准允许填写名称，但编码才能确定主体。",
)
_SIGNED: Final = {
    "known": Words(
        en="The producer's signature holds, and its key is one that you named.",
        zh="生成者签名有效，且密钥为您指定的密钥。",
    ),
    "valid": Words(
        en="The signature holds by the key in the label itself: nothing was changed since, but who"
        " signed it is open. Name the producer's key to tell (--key).",
        zh="按标识自带的公钥，签名有效：标识签名后未被改动，但不能确定签名者。"
        "请用 --key 指定生成者公钥。",
    ),
    "invalid": Words(
        en="The producer's signature does not hold: the label was changed, or it is another's.",
        zh="生成者签名无效：标识被改动，或签名属于其他标识。",
    ),
    "unsupported": Words(
        en="The signature is of a kind that hegui does not know; it was not judged.",
        zh="签名类型不受支持，未作判断。",
    ),
    "unchecked": Words(
        en="The signature was not judged: that needs pip install 'hegui[sm2]'.",
        zh="签名未核验：需要安装 pip install 'hegui[sm2]'。",
    ),
}
