"""One guard model as the provider attaches it: its questions, its findings, its card."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final, Literal

from hegui.detectors.guards.parsers import PARSERS, Answer, Said, Unreadable, refused
from hegui.detectors.guards.preset import Label, Preset
from hegui.detectors.guards.slots import byte_spans, defused, mark_of, windows
from hegui.terms import DetectorCard, Role, RuleInfo, Words

Side = Literal["prompt", "reply"]

FLOOR: Final = 0.3
"""Below this score nothing acts for anybody: such an answer is no finding."""

_ACTS: Final = 0.5  # the score from which a policy acts for adults
_UNSEEN: Final = "…"  # the question that led to a reply: a stream's clause does not hold it
_MASK: Final = Words("removed", "已屏蔽")
_SIDES: Final = {"prompt": "something said to an assistant", "reply": "an assistant's reply"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What a provider settles about a guard model.

    ``scores``: a label's or level's score. ``risks``: a label's risk; for a free policy the labels
    themselves. ``criteria``: a label's wording. ``threshold``: the probability that counts as 0.5.
    ``window`` in characters (0: the preset's); ``most`` windows per text. ``replies_as`` says how a
    reply is shown to a model that tells the sides apart. ``extra`` goes into each request.
    """

    model: str
    policy: str = ""
    scores: Mapping[str, float] = field(default_factory=dict)
    risks: Mapping[str, str] = field(default_factory=dict)
    criteria: Mapping[str, str] = field(default_factory=dict)
    threshold: float = _ACTS
    roles: tuple[Role, ...] = ()
    window: int = 0
    most: int = 16
    replies_as: Side = "reply"
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Question:
    """One request: about which bytes of the text, about which label ("" for all), and its body."""

    start: int
    end: int
    label: str
    body: Mapping[str, Any]
    digest: bytes


class Guard:
    """Makes the questions about a text and reads the answers. Holds no connection."""

    def __init__(self, name: str, preset: Preset, choices: Choices) -> None:
        self.name, self.preset, self.choices = name, preset, choices
        self.labels = _settled(preset, choices)
        self.roles = frozenset(choices.roles or preset.roles)
        self._window = choices.window or preset.window
        self.card = DetectorCard(
            name=name,
            version=f"{choices.model} ({preset.id} {preset.version})"[:200],
            digest=self._digest(),
            rules={rule.id: rule for rule in self._rules()},
            reach="clause",
            runs="remote",
            roles=self.roles,
        )

    def _digest(self) -> str:
        said = {"preset": asdict(self.preset), "choices": asdict(self.choices), "parsers": "1"}
        body = json.dumps(said, sort_keys=True, ensure_ascii=False, default=str)
        return hashlib.sha256(body.encode("utf-8", "replace")).hexdigest()

    def _rules(self) -> list[RuleInfo]:
        return [
            RuleInfo(
                id=_named(self.name, label.id, level),
                risk=label.risk,
                kind=_named("guard", label.id, level),
                title=label.title,
                clause=f"4({label.risk[2:3]})",
                mask=_MASK,
            )
            for label in self.labels
            for level in ("", *_lesser(self.preset))
        ]

    def asked_about(self, role: Role | None) -> bool:
        """Whether texts of this role are put to the model. One whose role is not known is."""
        return role is None or not self.roles or role in self.roles

    def questions(self, text: str, role: Role | None) -> list[Question] | None:
        """Return the requests about a text; None when it has more windows than are allowed.

        A text without a visible character asks nothing.
        """
        if not text.strip():
            return []
        side: Side = "prompt"
        if role is Role.REPLY:
            side = self.choices.replies_as
        spans = windows(text, self._window)
        if len(spans) > self.choices.most:
            return None
        made = []
        places = byte_spans(text, spans)
        for (start, end), (first, last) in zip(spans, places, strict=True):
            for label in self.labels if self.preset.each else (None,):
                body = self._body(text[start:end], side, label)
                digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).digest()
                made.append(Question(first, last, label.id if label else "", body, digest))
        return made

    def _body(self, text: str, side: Side, label: Label | None) -> dict[str, Any]:
        preset = self.preset
        body: dict[str, Any] = {
            "model": self.choices.model,
            "messages": self._messages(text, side),
            "max_tokens": preset.max_tokens,
            "temperature": 0,
            "stream": False,
        }
        if preset.logprobs:
            body |= {"logprobs": True, "top_logprobs": 10}
        if preset.parser == "labels-json":
            body["response_format"] = _form([one.id for one in self.labels])
        for more in (preset.extra, self.choices.extra):
            _merge(body, deepcopy(dict(more)))
        if label is not None:
            node = body
            for step in preset.criterion[:-1]:
                node = node.setdefault(step, {})
            node[preset.criterion[-1]] = label.criterion
        return body

    def _messages(self, text: str, side: Side) -> list[dict[str, str]]:
        preset = self.preset
        safe = defused(text, preset.markers)
        if preset.system:
            mark = mark_of(text)
            system = preset.system.strip().format(
                policy=(self.choices.policy or preset.policy).strip(),
                labels=", ".join(label.id for label in self.labels),
                mark=mark,
                side=_SIDES[side],
            )
            slot = f"<text {mark}>\n{safe}\n</text {mark}>"
            return [{"role": "system", "content": system}, {"role": "user", "content": slot}]
        if side == "prompt":
            return [{"role": "user", "content": safe}]
        return [{"role": "user", "content": _UNSEEN}, {"role": "assistant", "content": safe}]

    def read(self, question: Question, answer: Answer) -> list[tuple[str, float]]:
        """Return what was found, as rule and score. Raises ``Unreadable``."""
        if not answer.whole and not self.preset.cut:
            raise Unreadable("cut off")
        found = []
        for said in PARSERS[self.preset.parser](answer, self.labels):
            label = self._label(said.label or question.label)
            score = self._score(label, said)
            if score >= FLOOR:
                level = said.level if said.level in _lesser(self.preset) else ""
                found.append((_named(self.name, label.id, level), score))
        return found

    def _label(self, name: str) -> Label:
        """Return the label meant; a yes to a question about no label means the only one."""
        if not name and len(self.labels) == 1:
            return self.labels[0]
        return next(label for label in self.labels if label.id == name)

    def _score(self, label: Label, said: Said) -> float:
        scores = self.choices.scores
        if said.probability is not None:
            return _bent(said.probability, self.choices.threshold)
        score = scores.get(label.id, label.score)
        if said.level:
            return min(score, scores.get(said.level, self.preset.levels[said.level]))
        return score

    def refused(self, answer: Answer) -> bool:
        """Whether the model says that the reply it judged is a refusal; not a finding."""
        return self.preset.parser == "qwen3guard" and refused(answer.text)


def _settled(preset: Preset, choices: Choices) -> tuple[Label, ...]:
    labels = preset.labels
    if preset.free and not labels:
        labels = tuple(Label(name, risk, (name,)) for name, risk in choices.risks.items())
    settled = (
        replace(
            label,
            risk=choices.risks.get(label.id, label.risk),
            criterion=choices.criteria.get(label.id, label.criterion),
        )
        for label in labels
    )
    return tuple(label for label in settled if label.risk)


def _named(stem: str, label: str, level: str) -> str:
    return f"{stem}.{label}.{level}" if level else f"{stem}.{label}"


def _lesser(preset: Preset) -> Sequence[str]:
    """Return the levels below the gravest, which is the label itself."""
    gravest = max(preset.levels.values(), default=1.0)
    return [level for level, score in preset.levels.items() if score < gravest]


def _bent(probability: float, threshold: float) -> float:
    """Bend a probability so that ``threshold`` becomes 0.5, from which policies act; monotone."""
    if probability < threshold:
        return _ACTS * probability / threshold
    if threshold >= 1.0:
        return 1.0
    return _ACTS + (1 - _ACTS) * (probability - threshold) / (1 - threshold)


def _form(labels: Sequence[str]) -> dict[str, Any]:
    """Return the structured output of ``labels-json``, as the OpenAI API spells it."""
    schema = {
        "type": "object",
        "properties": {"labels": {"type": "array", "items": {"type": "string", "enum": labels}}},
        "required": ["labels"],
        "additionalProperties": False,
    }
    return {
        "type": "json_schema",
        "json_schema": {"name": "verdict", "strict": True, "schema": schema},
    }


def _merge(body: dict[str, Any], more: Mapping[str, Any]) -> None:
    """Put ``more`` into ``body``, table by table."""
    for key, value in more.items():
        known = body.get(key)
        if isinstance(known, dict) and isinstance(value, Mapping):
            _merge(known, value)
        else:
            body[key] = value
