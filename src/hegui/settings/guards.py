"""The table of a guard model: a detector that is asked over the network."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

from hegui.settings.fields import says
from hegui.settings.secret import Secret
from hegui.terms import Words

GuardPreset: TypeAlias = Literal[
    "qwen3guard",
    "llama-guard-3",
    "shieldgemma",
    "granite-guardian-3.3",
    "injection",
    "policy",
    "policy-yes-no",
]
GuardRole: TypeAlias = Literal["own", "entrusted", "independent", ""]

_PRESETS_OWN = Words("the preset's own", "由 preset 决定")


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardModel:
    """A guard model behind a server that speaks the OpenAI API. It receives the texts it judges."""

    name: str = field(
        metadata=says(
            "its name in records and rules: lower-case letters, digits, - and _, at most 32",
            "在记录和规则中的名称：小写字母、数字、- 和 _，最长 32 个字符",
            required=True,
        )
    )
    preset: GuardPreset = field(
        metadata=says(
            "how it is asked and understood: qwen3guard, llama-guard-3, shieldgemma, "
            "granite-guardian-3.3, injection (indirect prompt injection, any model that follows "
            "instructions), policy or policy-yes-no (a policy of your own)",
            "提问和应答的格式：qwen3guard、llama-guard-3、shieldgemma、granite-guardian-3.3、"
            "injection（间接提示注入，任何能遵循指令的模型）、policy 或 policy-yes-no（自写策略）",
            required=True,
        )
    )
    base_url: str = field(
        metadata=says(
            "its server's address, up to and including /v1",
            "服务地址，写到 /v1 为止",
            required=True,
        )
    )
    model: str = field(
        metadata=says(
            "the model's name, as GET /models lists it",
            "模型名称，与 GET /models 列出的一致",
            required=True,
        )
    )
    key: Secret = field(default=Secret(), metadata=says("its API key", "调用它所用的 API 密钥"))
    operator: str = field(
        default="",
        metadata=says(
            "the organisation that runs it; it receives the texts (Art. 11). Required when public",
            "由哪个组织运营；文本会发给它（第十一条）。public 时必填",
        ),
    )
    location: str = field(
        default="",
        metadata=says(
            "the country or region where texts are judged. Required when public",
            "文本在哪个国家或地区判断。public 时必填",
        ),
    )
    role: GuardRole = field(
        default="",
        metadata=says(
            "own, entrusted or independent, as for upstreams (PIPL Art. 20, 21, 23). Personal data "
            "is not masked toward it. Required when public",
            "own、entrusted 或 independent，含义与 upstream 相同（《个人信息保护法》第二十、"
            "二十一、二十三条）。发给它的文本不遮盖个人信息。public 时必填",
        ),
    )
    trains_on_inputs: bool | None = field(
        default=None,
        metadata=says(
            "whether its operator trains models on what is sent. Required when public",
            "其运营者是否用收到的内容训练模型。public 时必填",
        ),
    )
    required: bool = field(
        default=True,
        metadata=says(
            "whether hegui starts only when it is there; if not, what it should judge is a fault "
            "until it is",
            "是否必须可用才能启动；设为 false 时，在它可用之前，须由它判断的内容按故障处理",
        ),
    )
    deadline_ms: int = field(
        default=2_000,
        metadata=says(
            "milliseconds it has for an answer, waiting included; then it is a fault",
            "应答时限（含排队），毫秒；超时按故障处理",
            low=10,
            high=600_000,
        ),
    )
    concurrency: int = field(
        default=8,
        metadata=says("requests to it at a time", "同时发出的请求数上限", low=1, high=1_024),
    )
    window: int = field(
        default=0,
        metadata=says(
            "characters it is shown at a time; longer texts are cut into windows that overlap by "
            "200",
            "一次给它看的字符数；更长的文本切成相互重叠 200 字符的窗口",
            low=0,
            high=200_000,
            default_words=_PRESETS_OWN,
        ),
    )
    windows: int = field(
        default=16,
        metadata=says(
            "windows of one text; a longer text is a fault (too-long)",
            "一段文本的窗口数上限；超过即为故障（too-long）",
            low=1,
            high=1_024,
        ),
    )
    roles: tuple[str, ...] = field(
        default=(),
        metadata=says(
            "it is asked about these only: system, user, tool, history, reply, document",
            "只就这些角色的文本提问：system、user、tool、history、reply、document",
            default_words=_PRESETS_OWN,
        ),
    )
    replies_as: Literal["reply", "prompt"] = field(
        default="reply",
        metadata=says(
            "how a reply is shown to a model that tells the sides apart",
            "对区分提问与回复的模型，回复以哪一方的身份出示",
        ),
    )
    threshold: float = field(
        default=0.5,
        metadata=says(
            "the probability that counts as 0.5, from which policies act",
            "多大的概率相当于 0.5（策略从 0.5 起处置）",
            low=0.01,
            high=0.99,
        ),
    )
    scores: Mapping[str, Any] = field(
        default_factory=dict,
        metadata=says(
            "a label's or level's score, 0 to 1, where the model gives no probability",
            "模型不给概率时，标签或级别的分值，0 到 1",
        ),
    )
    risks: Mapping[str, Any] = field(
        default_factory=dict,
        metadata=says(
            "a label's risk, when it should be another; with policy: your labels and their risks",
            "标签对应的风险，需要更改时填写；preset 为 policy 时：自定标签及其风险",
        ),
    )
    criteria: Mapping[str, Any] = field(
        default_factory=dict,
        metadata=says(
            "the wording by which the model is asked about a label (shieldgemma, granite)",
            "就某一标签提问时的措辞（shieldgemma、granite）",
        ),
    )
    policy: Path | None = field(
        default=None,
        metadata=says(
            "the file that holds your policy, for policy and policy-yes-no",
            "策略文本所在的文件，用于 policy 和 policy-yes-no",
        ),
    )
    extra: Mapping[str, Any] = field(
        default_factory=dict,
        metadata=says(
            "fields put into each request, such as chat_template_kwargs",
            "附加到每个请求中的字段，如 chat_template_kwargs",
        ),
    )
