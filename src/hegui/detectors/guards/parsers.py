"""Read what a guard model answers. Strict: what is not expected is ``Unreadable``, never clean.

A parser returns what the model said as (label, level or "", probability or None); an empty list is
the model's word that nothing applies.
"""

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from hegui.detectors.guards.preset import Label


class Unreadable(ValueError):
    """The answer is not of the model's documented form. Holds nothing of it."""


class Place(NamedTuple):
    """One token of an answer: the likeliest tokens there, with their natural log probabilities."""

    token: str
    choices: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model answered. ``places`` is empty where the server gives no log probabilities."""

    text: str
    whole: bool = True
    places: tuple[Place, ...] = ()


class Said(NamedTuple):
    """One label that the model gave. ``asked`` marks the one that the question was about."""

    label: str
    level: str = ""
    probability: float | None = None


ASKED: Final = ""
"""Stands for the label that the question was about."""

_QWEN: Final = re.compile(
    r"Safety: *(Safe|Controversial|Unsafe) *\n+Categories: *([^\n]+?) *"
    r"(?:\n+Refusal: *(Yes|No) *)?"
)
_LLAMA: Final = re.compile(r"(safe|unsafe)(?: *\n+ *(S\d{1,2}(?: *, *S\d{1,2})*) *)?")
_LINE: Final = re.compile(r"(yes|no)[.。]?", re.IGNORECASE)
_FIRST: Final = re.compile(r"(yes|no)\b", re.IGNORECASE)
_SCORE: Final = re.compile(
    r"(?:<think>[^<]*</think>)?\s*<score>\s*(yes|no)\s*</score>", re.IGNORECASE
)


def _qwen3guard(answer: Answer, labels: Sequence[Label]) -> list[Said]:
    found = _QWEN.fullmatch(answer.text.strip())
    if found is None:
        raise Unreadable("form")
    level, listed = found[1].lower(), [part.strip() for part in found[2].split(",")]
    if level == "safe":
        if listed != ["None"]:
            raise Unreadable("safe, with a category")
        return []
    return [Said(_known(said, labels), level) for said in listed]


def _llama_guard(answer: Answer, labels: Sequence[Label]) -> list[Said]:
    found = _LLAMA.fullmatch(answer.text.strip())
    if found is None or (found[1] == "unsafe") is (found[2] is None):
        raise Unreadable("form")
    listed = [part.strip() for part in (found[2] or "").split(",") if part]
    return [Said(_known(said, labels)) for said in listed]


def _known(said: str, labels: Sequence[Label]) -> str:
    for label in labels:
        if said in label.said:
            return label.id
    raise Unreadable("label")


def _worded(form: re.Pattern[str], *, whole: bool, last: bool) -> "Parser":
    def read(answer: Answer, _labels: Sequence[Label]) -> list[Said]:
        text = answer.text.strip()
        found = form.fullmatch(text) if whole else form.match(text)
        if found is None:
            raise Unreadable("form")
        share = _share_of_yes(answer.places, last=last)
        if share is None:
            return [Said(ASKED)] if found[1].lower() == "yes" else []
        return [Said(ASKED, "", share)]

    return read


def _share_of_yes(places: Sequence[Place], *, last: bool) -> float | None:
    """Return P(yes) / (P(yes) + P(no)) at the first (or last) token that is either."""
    for place in reversed(places) if last else places:
        if _plain(place.token) not in ("yes", "no"):
            continue
        sums = {"yes": 0.0, "no": 0.0}
        for token, logprob in place.choices.items():
            if (word := _plain(token)) in sums and math.isfinite(logprob):
                sums[word] += math.exp(min(logprob, 0.0))
        total = sums["yes"] + sums["no"]
        return sums["yes"] / total if total > 0 else None
    return None


def _plain(token: str) -> str:
    return token.strip(" \n▁Ġ").lower()


def _labels_json(answer: Answer, labels: Sequence[Label]) -> list[Said]:
    try:
        value: Any = json.loads(answer.text)
    except (ValueError, RecursionError):
        raise Unreadable("no JSON") from None
    if not isinstance(value, dict) or list(value) != ["labels"]:
        raise Unreadable("form")
    listed = value["labels"]
    if not isinstance(listed, list) or not all(isinstance(said, str) for said in listed):
        raise Unreadable("form")
    return [Said(_known(said, labels)) for said in dict.fromkeys(listed)]


Parser = Callable[[Answer, Sequence[Label]], list[Said]]

PARSERS: Final[Mapping[str, Parser]] = {
    "qwen3guard": _qwen3guard,
    "llama-guard": _llama_guard,
    "yes-no-first": _worded(_FIRST, whole=False, last=False),
    "yes-no": _worded(_LINE, whole=True, last=False),
    "score-tag": _worded(_SCORE, whole=True, last=True),
    "labels-json": _labels_json,
}


def refused(text: str) -> bool:
    """Whether Qwen3Guard says that the reply it judged is a refusal."""
    found = _QWEN.fullmatch(text.strip())
    return found is not None and found[3] == "Yes"
