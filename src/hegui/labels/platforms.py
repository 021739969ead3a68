"""What a platform that spreads a user's file must tell of it (labelling measures of 2025, Art. 6).

Is generated, where its metadata says so (Art. 6(1)); may be, where they do not and the user
declares it (Art. 6(2)); suspected, where only traces are found (Art. 6(3)). The strongest that is
supported holds. A label that an earlier platform wrote (``Label`` 2 or 3) says no more than it
says: it does not make a file one that *is* generated.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Final, Literal, NamedTuple

import msgspec

from hegui.labels import deciding
from hegui.labels.container import Format, Found, Source
from hegui.labels.value import Implicit, faults_of
from hegui.terms import BadRequest, Words

Conclusion = Literal["is", "may_be", "suspected", "nothing", "unreadable"]
_ORDER: Final[tuple[Conclusion, ...]] = ("is", "may_be", "suspected")
LABELS: Final = {"is": "1", "may_be": "2", "suspected": "3"}
"""``Label`` for each conclusion (GB 45438-2025, E.1 c)."""
_SAYS: Final[dict[str, Conclusion]] = {"1": "is", "2": "may_be", "3": "suspected"}
_FOR_SERVICE: Final = 22  # the character of a provider code that says which service
_BLOCK: Final = 1 << 20
_REACH: Final = 256  # bytes of a trace that may lie across two blocks
_SOURCE_TYPE: Final = re.compile(
    rb"digitalsourcetype(?:x.|[^A-Za-z]{1,40}(?:rdf:resource[^A-Za-z]{1,8})?)"  # x.: a CBOR text
    rb"http://cv\.iptc\.org/newscodes/digitalsourcetype/"
    rb"(?:trainedAlgorithmicMedia|compositeWithTrainedAlgorithmicMedia)",
    re.IGNORECASE | re.DOTALL,
)
_NEAR: Final = 4_096  # bytes at a text's ends among which a notice is looked for
_NOTICE: Final = re.compile(r"(?:人工智能|AI)[^\n。.]{0,12}(?:生成|合成)", re.IGNORECASE)
_TEXTS: Final = ("txt", "markdown", "html")


class Spread(NamedTuple):
    """The label that a file is to have on a platform; None where it is not to be written.

    ``cause`` is ``already`` where the platform's fields are there: they are written once.
    """

    label: Implicit | None
    cause: Literal["added", "replaced", "kept", "already", "none"]


def concluded(
    found: Sequence[Found], traces: Collection[str], *, declared: bool, broken: bool
) -> Conclusion:
    """Return what the platform must tell of a file in which ``found`` was found.

    ``declared`` is what the user says; ``traces`` names what else speaks for generated content;
    ``broken`` tells that the file could not be read.
    """
    held = [_said(one) for one in found]
    if declared:
        held.append("may_be")
    if traces:
        held.append("suspected")
    if held:
        return min(held, key=_ORDER.index)
    return "unreadable" if broken else "nothing"


def _said(one: Found) -> Conclusion:
    """Return what a label claims; one that cannot be read, or says none of the three, is a trace.

    Some producers' labels name themselves and have no ``Label``: that they are there says it.
    """
    if one.parsed is None:
        return "suspected"
    return _SAYS.get(one.parsed.fields.get("Label", "1"), "suspected")


def traces_in(source: Source, form: Format | None) -> list[str]:
    """Name the traces of generated content beside the label that hegui knows to look for.

    ``notice``: an explicit label at the start or end of a text (GB 45438-2025, 5.1).
    ``source-type``: the IPTC digital source type, in XMP or in a C2PA manifest. Whoever has better
    detectors says so by himself.
    """
    if form is None:
        return []
    if form.mime[0].startswith("text/") or form.name == "json":
        return ["notice"] if form.name in _TEXTS and _noticed(source) else []
    for at in range(0, source.size, _BLOCK):
        if _SOURCE_TYPE.search(source.read(at, _BLOCK + _REACH)):
            return ["source-type"]
    return []


def _noticed(source: Source) -> bool:
    ends = source.read(0, _NEAR), source.read(max(0, source.size - _NEAR), _NEAR)
    for end in ends:
        for encoding in ("utf-8", "gb18030"):
            if _NOTICE.search(end.decode(encoding, "ignore")):
                return True
    return False


def spread(
    found: Sequence[Found],
    conclusion: Conclusion,
    by: tuple[str, str],
    reserved: Mapping[str, str] | None = None,
) -> Spread:
    """Return the label by which a platform spreads a file; ``by`` are its code and its number.

    ``reserved`` is its ``ReservedCode2`` for each value of ``Label``, empty without. An earlier
    platform's goes: it was about fields that are others now. What a producer said stays word for
    word. Where no producer is named, none is made up: those fields stay empty. What cannot be
    decided is a ``BadRequest``, and the file stays as it is.
    """
    if conclusion not in LABELS:
        return Spread(None, "none")
    if any(one.parsed is None for one in found):
        raise BadRequest(_UNREADABLE, code="label_unreadable")
    code, number = by
    fields = [one.parsed.fields for one in found if one.parsed is not None]
    if len(fields) == 1 and same_organisation(fields[0].get("ContentPropagator", ""), code):
        return Spread(None, "already")
    ours = Implicit(LABELS[conclusion], "", "", "", code, number, "")
    wrong = faults_of({"ContentPropagator": code, "PropagateID": number})
    for fault in wrong:
        if fault.code in ("character", "empty-field"):
            raise BadRequest(fault.words, param="propagate_id")
    decision = deciding.decided(found, ours)
    label = decision.implicit
    signed = (reserved or {}).get(label.Label, "")
    return Spread(msgspec.structs.replace(label, ReservedCode2=signed), decision.cause)


def same_organisation(one: str, other: str) -> bool:
    """Whether two provider codes name one organisation, whichever of its services."""
    whole = len(one) == len(other) > _FOR_SERVICE
    return one == other or (whole and one[:_FOR_SERVICE] == other[:_FOR_SERVICE])


NOTICES: Final = {
    "is": Words("This content is AI-generated or AI-composed.", "该内容属于人工智能生成合成内容。"),
    "may_be": Words(
        "This content may be AI-generated or AI-composed.", "该内容可能为人工智能生成合成内容。"
    ),
    "suspected": Words(
        "This content is suspected to be AI-generated or AI-composed.",
        "该内容疑似为人工智能生成合成内容。",
    ),
}
"""The notice to be shown beside the content, conspicuously (Art. 6); Chinese must be there."""
_UNREADABLE: Final = Words(
    en="The file holds something called AIGC that is no label in JSON. hegui does not write over "
    "what it cannot read: ask where the file came from.",
    zh="文件中有名为 AIGC 的内容，但不是 JSON 格式的标识。hegui 不会覆盖无法读取的内容，"
    "请向文件来源方核实。",
)
