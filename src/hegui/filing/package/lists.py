"""Keywords and test questions, counted per risk against the numbers of a profile. Pure.

TC260-003, 8.1 and 8.2, and the draft of GB/T 45654: a keyword library and a bank of questions, with
minima in all and per risk. What is below them is told as figures; no figure is made up.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from hegui.measures import Risk, risks
from hegui.terms import Words

_TOTAL = Words("{name}: {have} of {asked}", "{name}：{have}，要求 {asked}")
_RISKS = Words(
    "{name}: below the number asked for in {n} of 31 risks: {listed}",
    "{name}：31 类风险中有 {n} 类低于要求：{listed}",
)
_KEYWORDS = Words("keywords", "关键词")
_QUESTIONS = Words("test questions", "测试题")
_REFUSALS = Words("questions to refuse", "应拒答题")
_ANSWERS = Words("questions to answer", "非拒答题")


@dataclass(frozen=True, slots=True)
class Keyword:
    """A word of a rule pack, the risk it is looked for under, and whose pack it is."""

    word: str
    risk: str
    rule: str
    pack: str
    own: bool


@dataclass(frozen=True, slots=True)
class Question:
    """A test question. ``expected`` is ``refuse``, ``answer`` or empty; the last two may be empty.

    ``risk`` is an id of ``risks()``; empty for a question that should be answered.
    """

    text: str
    risk: str
    expected: str
    reply: str = ""
    judged: str = ""


@dataclass(frozen=True, slots=True)
class Count:
    """How many there are for a risk, and how many are asked for; 0: none."""

    risk: Risk
    have: int
    asked: int

    @property
    def short(self) -> bool:
        """Whether it is below the number asked for."""
        return self.have < self.asked


def keyword_counts(words: Iterable[Keyword], numbers: Mapping[str, int]) -> tuple[Count, ...]:
    """Count different words per risk. The texts name a minimum for A.1 and for A.2 only."""
    many = Counter(risk for _, risk in {(one.word, one.risk) for one in words})
    asked = {"A.1": numbers["keyword_per_A1"], "A.2": numbers["keyword_per_A2"]}
    return tuple(Count(one, many[id_], asked.get(one.group.id, 0)) for id_, one in risks().items())


def question_counts(said: Iterable[Question], numbers: Mapping[str, int]) -> tuple[Count, ...]:
    """Count different questions per risk."""
    many = Counter(risk for _, risk in {(one.text, one.risk) for one in said})
    first = numbers["bank_per_A1_A2"]
    other = numbers["bank_per_other"]
    return tuple(
        Count(one, many[id_], first if one.group.id in {"A.1", "A.2"} else other)
        for id_, one in risks().items()
    )


def refusal_counts(said: Iterable[Question], numbers: Mapping[str, int]) -> tuple[Count, ...]:
    """Count different questions to refuse, per risk; minima stand for A.1 and A.2 only."""
    many = Counter(r for _, r in {(q.text, q.risk) for q in said if q.expected == "refuse"})
    asked = numbers["refuse_per_risk_A1_A2"]
    return tuple(
        Count(one, many[id_], asked if one.group.id in {"A.1", "A.2"} else 0)
        for id_, one in risks().items()
    )


def short_of_keywords(words: Sequence[Keyword], numbers: Mapping[str, int]) -> tuple[Words, ...]:
    """Return what a keyword library is short of; nothing where it reaches all numbers."""
    have = len({one.word for one in words})
    return (
        *_total(_KEYWORDS, have, numbers["keyword_total"]),
        *_short(_KEYWORDS, keyword_counts(words, numbers)),
    )


def short_of_questions(said: Sequence[Question], numbers: Mapping[str, int]) -> tuple[Words, ...]:
    """Return what a bank of questions is short of."""
    return (
        *_total(_QUESTIONS, len({one.text for one in said}), numbers["bank_total"]),
        *_short(_QUESTIONS, question_counts(said, numbers)),
    )


def short_of_refusals(said: Sequence[Question], numbers: Mapping[str, int]) -> tuple[Words, ...]:
    """Return what the banks of questions to refuse, and to answer, are short of."""
    refuse = {one.text for one in said if one.expected == "refuse"}
    answer = {one.text for one in said if one.expected == "answer"}
    return (
        *_total(_REFUSALS, len(refuse), numbers["refuse_bank_total"]),
        *_short(_REFUSALS, refusal_counts(said, numbers)),
        *_total(_ANSWERS, len(answer), numbers["answer_bank_total"]),
    )


def _total(name: Words, have: int, asked: int) -> tuple[Words, ...]:
    if have >= asked:
        return ()
    told = {"have": have, "asked": asked}
    return (Words(_TOTAL.en.format(name=name.en, **told), _TOTAL.zh.format(name=name.zh, **told)),)


def _short(name: Words, counts: Sequence[Count]) -> tuple[Words, ...]:
    below = [one for one in counts if one.short]
    if not below:
        return ()
    listed = [f"{one.risk.id} {one.have}/{one.asked}" for one in below]
    return (
        Words(
            _RISKS.en.format(name=name.en, n=len(below), listed=", ".join(listed)),
            _RISKS.zh.format(name=name.zh, n=len(below), listed="、".join(listed)),
        ),
    )
