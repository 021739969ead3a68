"""The table ``[duties]``: the profile, what the provider is, and numbers of its own.

What a fact means for which duty, and which parameters there are, the catalogue knows
(``hegui.measures``); here is only what can be judged without it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from hegui.settings.fields import says
from hegui.settings.locate import Trail, nearest_line
from hegui.terms import Words

ProfileName: TypeAlias = Literal["gbt-45654-2025", "tc260-003"]
MODALITIES: Final = ("text", "image", "audio", "video", "scene")
FACTS: Final = (
    "own_model",
    "annotation",
    "accounts",
    "modalities",
    "public_opinion",
    "persona",
    "face_voice",
    "propagates",
    "cross_border",
    "ten_million",
    "cii",
    "central_organ",
    "foreign_invested",
)
_LONGEST_REASON: Final = 500
_LARGEST_NUMBER: Final = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class Duties:
    """The profile and the facts. A fact that is not said takes no duty away.

    ``lines`` holds the line of each parameter, for whoever knows which there are.
    """

    profile: ProfileName = field(
        default="gbt-45654-2025",
        metadata=says(
            "whose numbers are asked for: gbt-45654-2025 (values carried over; check them against "
            "the bought text) or tc260-003",
            "采用哪套数值：gbt-45654-2025（沿用数值，请与购得的文本核对）或 tc260-003",
        ),
    )
    checked_against: str = field(
        default="",
        metadata=says(
            "the text that you compared the numbers with, who did so and when; only then may a "
            "number ask for less than the profile",
            "与哪份文本核对过数值、由谁、何时核对；填写后，数值才可以低于标准要求",
        ),
    )
    own_model: bool | None = field(
        default=None,
        metadata=says(
            "whether you train or fine-tune a model yourself, instead of only calling one",
            "是否自行训练或微调模型，而不仅是调用他人的模型",
        ),
    )
    annotation: bool | None = field(
        default=None,
        metadata=says("whether you have data annotated (Art. 8)", "是否开展数据标注（第八条）"),
    )
    accounts: bool | None = field(
        default=None,
        metadata=says(
            "whether users register (Art. 9 para. 2)", "是否有注册使用者（第九条第二款）"
        ),
    )
    modalities: tuple[str, ...] = field(
        default=(),
        metadata=says(
            "what is generated: text, image, audio, video, scene (virtual scenes); empty: not said",
            "生成内容的类型：text、image、audio、video、scene（虚拟场景）；空表示未说明",
        ),
    )
    public_opinion: bool | None = field(
        default=None,
        metadata=says(
            "whether the service has public opinion attributes or social mobilisation capability "
            "(Art. 17)",
            "是否具有舆论属性或者社会动员能力（第十七条）",
        ),
    )
    persona: bool | None = field(
        default=None,
        metadata=says(
            "whether it is a companion or persona service (Order 21)",
            "是否属于拟人化互动服务（第21号令）",
        ),
    )
    face_voice: bool | None = field(
        default=None,
        metadata=says(
            "whether faces, voices or other biometric information can be edited",
            "是否提供人脸、人声等生物识别信息编辑功能",
        ),
    )
    propagates: bool | None = field(
        default=None,
        metadata=says(
            "whether you also spread content that others generated",
            "是否同时传播他人生成的内容",
        ),
    )
    cross_border: bool | None = field(
        default=None,
        metadata=says(
            "whether personal information goes to recipients abroad", "是否向境外提供个人信息"
        ),
    )
    ten_million: bool | None = field(
        default=None,
        metadata=says(
            "whether personal information of more than 10 million persons is processed",
            "是否处理1000万人以上个人信息",
        ),
    )
    cii: bool | None = field(
        default=None,
        metadata=says(
            "whether you operate critical information infrastructure", "是否运营关键信息基础设施"
        ),
    )
    central_organ: bool | None = field(
        default=None,
        metadata=says(
            "whether you are a central Party or state organ, or directly under one",
            "是否属于中央和国家机关及其直属单位",
        ),
    )
    foreign_invested: bool | None = field(
        default=None,
        metadata=says(
            "whether there are foreign investors (Art. 23)", "是否有外商投资（第二十三条）"
        ),
    )
    reasons: Mapping[str, Any] = field(
        default_factory=dict,
        metadata=says(
            "why, in writing, for each fact that is false and for modalities: without a reason on "
            "record no duty is taken away",
            "对每一项 false 的事实以及 modalities，书面说明理由："
            "没有记录在案的理由，不会免去任何义务",
        ),
    )
    parameters: Mapping[str, Any] = field(
        default_factory=dict,
        metadata=says(
            "numbers of your own, by the names that hegui measures parameters lists; stricter than "
            "the profile, unless checked_against is filled in",
            "自定数值，名称见 hegui measures parameters；"
            "须严于所选方案，除非已填写 checked_against",
        ),
    )
    lines: Mapping[str, int] = field(default_factory=dict)

    def with_lines(self, lines: dict[Trail, int]) -> Mapping[str, int]:
        """Return the line of each parameter in a text whose lines are ``lines``."""
        return {
            name: nearest_line(lines, ("duties", "parameters", name)) for name in self.parameters
        }


def duty_faults(duties: Duties) -> Iterator[tuple[Trail, Words]]:
    """Tell what contradicts itself in the table."""
    for place, kind in enumerate(duties.modalities):
        if kind not in MODALITIES:
            yield (
                ("duties", "modalities", place),
                Words("must be one of {known}", "应为以下之一：{known}").fill(
                    known=", ".join(MODALITIES)
                ),
            )
    yield from _reasons(duties)
    for name, number in duties.parameters.items():
        whole = isinstance(number, int) and not isinstance(number, bool)
        if not whole or not 0 <= number <= _LARGEST_NUMBER:
            yield (
                ("duties", "parameters", name),
                Words("must be a whole number from 0 to 1,000,000,000", "应为 0 至 10 亿的整数"),
            )


def _reasons(duties: Duties) -> Iterator[tuple[Trail, Words]]:
    for name in duties.reasons:
        if name not in FACTS:
            yield (
                ("duties", "reasons", name),
                Words("names no fact; there are {known}", "没有这项事实；可用的有 {known}").fill(
                    known=", ".join(FACTS)
                ),
            )
    for name in FACTS:
        said = getattr(duties, name)
        reason = duties.reasons.get(name)
        if reason is not None and not _is_reason(reason):
            yield (
                ("duties", "reasons", name),
                Words(
                    "must be one line of at most 500 characters", "应为不超过 500 个字符的一行文本"
                ),
            )
        elif reason is None and (said is False or (name == "modalities" and said)):
            yield (
                ("duties", name),
                Words(
                    "takes duties away: say why in duties.reasons.{name}; it is recorded",
                    "会免去部分义务：请在 duties.reasons.{name} 中说明理由，理由会记录在案",
                ).fill(name=name),
            )


def _is_reason(said: object) -> bool:
    return (
        isinstance(said, str)
        and bool(said.strip())
        and said.isprintable()
        and len(said) <= _LONGEST_REASON
    )
