"""What a provider says of itself, and which duties that takes away.

A closed vocabulary: a condition can ask for nothing else. A fact that was not said takes nothing
away: the duty stays, and the list says that the fact is open.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any, Final, Literal, TypeAlias

from hegui.terms import Words

Modality: TypeAlias = Literal["text", "image", "audio", "video", "scene"]
MODALITIES: Final[tuple[Modality, ...]] = ("text", "image", "audio", "video", "scene")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The facts. ``None``, or no modalities, is *not said*. ``public``: Art. 2 paras. 1 and 3."""

    public: bool | None = None
    own_model: bool | None = None
    annotation: bool | None = None
    accounts: bool | None = None
    modalities: frozenset[Modality] = frozenset()
    public_opinion: bool | None = None
    minors: bool | None = None
    persona: bool | None = None
    face_voice: bool | None = None
    propagates: bool | None = None
    cross_border: bool | None = None
    ten_million: bool | None = None
    cii: bool | None = None
    central_organ: bool | None = None
    foreign_invested: bool | None = None


ASKED: Final[Mapping[str, Words]] = MappingProxyType(
    {
        "public": Words(
            "offers the service to the public in mainland China (Art. 2)",
            "向境内公众提供服务（第二条）",
        ),
        "own_model": Words(
            "trains or fine-tunes a model itself, instead of only calling one",
            "自行训练或微调模型，而不仅是调用他人的模型",
        ),
        "annotation": Words(
            "has data annotated during research and development (Art. 8)",
            "研发中开展数据标注（第八条）",
        ),
        "accounts": Words(
            "has users who register (Art. 9 para. 2)", "有注册使用者（第九条第二款）"
        ),
        "modalities": Words("what it generates", "生成内容的类型"),
        "public_opinion": Words(
            "has public opinion attributes or social mobilisation capability (Art. 17)",
            "具有舆论属性或者社会动员能力（第十七条）",
        ),
        "minors": Words("may be used by minors (Art. 10)", "未成年人可以使用（第十条）"),
        "persona": Words(
            "is a companion or persona service (Order 21)", "属于拟人化互动服务（第21号令）"
        ),
        "face_voice": Words(
            "offers editing of faces, voices or other biometric information",
            "提供人脸、人声等生物识别信息编辑功能",
        ),
        "propagates": Words(
            "also spreads content that others generated",
            "同时传播他人生成的内容",
        ),
        "cross_border": Words(
            "provides personal information to recipients abroad", "向境外提供个人信息"
        ),
        "ten_million": Words(
            "processes personal information of more than 10 million persons",
            "处理1000万人以上个人信息",
        ),
        "cii": Words("operates critical information infrastructure", "运营关键信息基础设施"),
        "central_organ": Words(
            "is a central Party or state organ, or an institution directly under one",
            "属于中央和国家机关及其直属单位",
        ),
        "foreign_invested": Words("has foreign investors (Art. 23)", "有外商投资（第二十三条）"),
    }
)
"""What each fact says, as an end of the sentence *the provider …*."""

Term: TypeAlias = bool | tuple[Modality, ...]


@dataclass(frozen=True, slots=True)
class Applies:
    """Whether a duty applies, and the facts that decide: ``open`` when they were not said."""

    answer: Literal["yes", "no", "open"]
    because: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Condition:
    """Terms over facts that must all hold; without any the duty always applies."""

    terms: Mapping[str, Term]

    def on(self, facts: Facts) -> Applies:
        """Judge the condition: *no* as soon as one term fails, *open* while one is not said."""
        found = {name: _holds(getattr(facts, name), term) for name, term in self.terms.items()}
        failed = tuple(name for name, answer in found.items() if answer is False)
        if failed:
            return Applies("no", failed)
        unsaid = tuple(name for name, answer in found.items() if answer is None)
        return Applies("open", unsaid) if unsaid else Applies("yes", tuple(found))

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> "Condition":
        """Read ``{"own_model": true, "modalities": ["image"]}``; ``ValueError`` for other words."""
        known = {one.name for one in fields(Facts)}
        terms: dict[str, Term] = {}
        for name, value in row.items():
            good = _modalities(value) if name == "modalities" else isinstance(value, bool)
            if name not in known or not good:
                message = f"no such condition: {name} = {value!r}"
                raise ValueError(message)
            terms[name] = tuple(value) if name == "modalities" else value
        return cls(MappingProxyType(terms))


def _modalities(value: object) -> bool:
    return isinstance(value, list) and bool(value) and set(value) <= set(MODALITIES)


def _holds(said: bool | frozenset[Modality] | None, term: Term) -> bool | None:  # noqa: FBT001 - a fact that was said
    if isinstance(said, frozenset):
        return bool(said.intersection(_each(term))) if said else None
    return None if said is None else said == term


def _each(term: Term) -> Iterable[Modality]:
    return () if isinstance(term, bool) else term
