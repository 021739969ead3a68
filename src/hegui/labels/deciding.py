"""What the label of a file becomes: ours, or another producer's with us as the propagator.

GB 45438-2025, 6.1 c): a file has one label. Ours is written where there is none, and replaces an
older one of ours. What another producer said of its content stays word for word; only the
propagator's fields are ours then (labelling measures of 2025, Art. 6).
"""

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

from hegui.labels.container import Found
from hegui.labels.value import Implicit, Parsed
from hegui.terms import BadRequest, Words

Cause = Literal["added", "replaced", "kept"]
_ORGANISATION: Final = 22  # characters of a provider code that say who; the rest is which service
_WITHOUT: Final = "ServiceProvider"


class Decided(NamedTuple):
    """The label that a file is to have, and what becomes of the one that it had.

    ``kept``: the fields of another producer stayed, and only the propagator's changed.
    """

    implicit: Implicit
    cause: Cause


def decided(found: Sequence[Found], ours: Implicit) -> Decided:
    """Return the label of a file in which ``found`` was found, and which is to get ``ours``.

    Labels of several producers in one file, or one whose producer's fields are not all there, are
    a ``BadRequest``: hegui does not choose who made something.
    """
    theirs = [one.parsed for one in found if one.parsed is not None and _foreign(one.parsed, ours)]
    if not theirs:
        return Decided(ours, "replaced" if found else "added")
    said = {_produced(one) for one in theirs}
    own = any(one.parsed is not None and _is_ours(one.parsed, ours) for one in found)
    if len(said) > 1 or own:
        raise BadRequest(_SEVERAL.fill(n=len(said) + own), code="several_producers")
    label, producer, number, reserved = said.pop()
    if not (producer and number and label in ("1", "2", "3")):
        raise BadRequest(_INCOMPLETE, code="producer_incomplete")
    kept = Implicit(
        label,
        producer,
        number,
        reserved,
        ours.ContentPropagator,
        ours.PropagateID,
        ours.ReservedCode2,
    )
    return Decided(kept, "kept")


def _produced(parsed: Parsed) -> tuple[str, str, str, str]:
    names = ("Label", "ContentProducer", "ProduceID", "ReservedCode1")
    label, producer, number, reserved = (parsed.fields.get(name, "") for name in names)
    return label, producer, number, reserved


def _foreign(parsed: Parsed, ours: Implicit) -> bool:
    """Whether a label names a producer, and another one; what names nobody is nobody's."""
    if parsed.fields.get(_WITHOUT):
        return True
    return bool(parsed.fields.get("ContentProducer")) and not _is_ours(parsed, ours)


def _is_ours(parsed: Parsed, ours: Implicit) -> bool:
    """Whether the producer is the same organisation, whichever of its services it names."""
    there, here = parsed.fields.get("ContentProducer", ""), ours.ContentProducer
    return there == here or (
        len(there) == len(here) > _ORGANISATION and there[:_ORGANISATION] == here[:_ORGANISATION]
    )


_SEVERAL: Final = Words(
    en="The file holds labels of {n} producers, and may hold one (GB 45438-2025, 6.1 c). hegui does"
    " not choose between them: ask where the file came from. It was not changed.",
    zh="文件中有 {n} 个生成者的标识，而标准只允许一个（GB 45438-2025 第 6.1 条 c）。"
    "hegui 不会代为取舍，请向文件来源方核实。文件未作任何改动。",
)
_INCOMPLETE: Final = Words(
    en="The file holds another producer's label, and its Label, ContentProducer or ProduceID is"
    " missing or wrong. hegui does not complete what another said: ask where the file came from. It"
    " was not changed.",
    zh="文件中有其他生成者的标识，但其 Label、ContentProducer 或 ProduceID 缺失或有误。"
    "hegui 不会替他人补写，请向文件来源方核实。文件未作任何改动。",
)
