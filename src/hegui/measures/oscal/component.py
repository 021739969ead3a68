"""The component definition: what hegui itself does for each duty, and what it leaves to others."""

from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from hegui.measures.catalogue import Catalogue
from hegui.measures.duties import Duty
from hegui.measures.oscal.catalogue import statement_of
from hegui.measures.oscal.pieces import (
    CATALOGUE,
    Stamp,
    metadata,
    paragraphs,
    prop,
    uuid_of,
)
from hegui.terms import Words

MetBy: TypeAlias = Literal[
    "records",
    "records-in-part",
    "records-and-attestation",
    "attestation",
    "attached-detector",
    "nothing-yet",
]
MET: Final[Mapping[MetBy, Words]] = {
    "records": Words("hegui's records evidence it.", "以 hegui 的记录为证据。"),
    "records-in-part": Words(
        "hegui's records evidence a part of it; no door in this release writes the rest.",
        "hegui 的记录可作部分证据，其余记录在本版本中没有写入的入口。",
    ),
    "records-and-attestation": Words(
        "hegui's records evidence it together with a person's attestation.",
        "以 hegui 的记录和人员声明共同为证据。",
    ),
    "attestation": Words(
        "Not done by hegui: a person attests it, and hegui keeps the attestation.",
        "hegui 不实现此项：由人员声明，hegui 保存声明。",
    ),
    "attached-detector": Words(
        "Not shipped: evidenced only by a probe of a detector that the provider attaches.",
        "hegui 不提供：只能以对提供者自行接入的检测器的探测结果为证据。",
    ),
    "nothing-yet": Words(
        "No door in this release writes a record of it.", "本版本没有入口写入相关记录。"
    ),
}
_RECORDS: Final = Words("Records: {kinds}.", "记录：{kinds}。")
_RUN: Final = Words("To run: {command}.", "运行：{command}。")
_ABOUT: Final = Words(
    "A gateway and tools for providers of generative AI under the Interim Measures.",
    "供生成式人工智能服务提供者按照《暂行办法》使用的网关与工具。",
)
_HOW: Final = Words(
    "What each duty is met by. It says nothing of whether a provider does it.",
    "说明各项义务以什么为证据，不表示提供者已经履行。",
)


class Records(NamedTuple):
    """The kinds of record of a duty that hegui writes; ``whole``: no other is asked for."""

    kinds: tuple[str, ...] = ()
    whole: bool = False


def met_by(duty: Duty, records: Records) -> MetBy:
    """Say what evidences a duty, given the records of it that hegui writes."""
    if duty.duty_class == "detector-required":
        return "attached-detector"
    if not records.kinds:
        return "nothing-yet" if duty.attest is None else "attestation"
    if duty.attest is not None:
        return "records-and-attestation"
    return "records" if records.whole else "records-in-part"


def component_document(
    catalogue: Catalogue, records: Mapping[str, Records], stamp: Stamp
) -> dict[str, Any]:
    """Return hegui as a component. ``records`` says, per duty, what hegui writes of it."""
    rows = [
        _requirement(duty, records.get(duty.id, Records()))
        for duty in catalogue.duties.values()
        if duty.binds_provider
    ]
    return {
        "component-definition": {
            "uuid": uuid_of("component", catalogue.digest, stamp.when, stamp.version),
            "metadata": metadata(Words("hegui", "合规 hegui"), stamp),
            "components": [
                {
                    "uuid": uuid_of("component", "hegui"),
                    "type": "software",
                    "title": "hegui",
                    "description": paragraphs(_ABOUT),
                    "props": [{"name": "version", "value": stamp.version}],
                    "control-implementations": [
                        {
                            "uuid": uuid_of("component", "hegui", catalogue.digest),
                            "source": CATALOGUE,
                            "description": paragraphs(_HOW),
                            "implemented-requirements": rows,
                        }
                    ],
                }
            ],
        }
    }


def _requirement(duty: Duty, records: Records) -> dict[str, Any]:
    how, kinds = met_by(duty, records), records.kinds
    said = [MET[how]]
    if kinds:
        said.append(_RECORDS.fill(kinds=", ".join(kinds)))
    if duty.command:
        said.append(_RUN.fill(command=duty.command))
    return {
        "uuid": uuid_of("requirement", duty.id),
        "control-id": duty.id,
        "description": paragraphs(*said),
        "props": [prop("met-by", how), *(prop("record", kind) for kind in kinds)],
        "responsible-roles": [{"role-id": duty.owner.id}],
        "statements": [
            {
                "statement-id": statement_of(duty),
                "uuid": uuid_of("requirement", duty.id, "statement"),
                "description": paragraphs(MET[how]),
            }
        ],
    }
