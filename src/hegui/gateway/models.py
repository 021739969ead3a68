"""``GET /v1/models`` and ``POST /v1/moderations``: OpenAI's shapes, answered by hegui itself."""

import asyncio
import fnmatch
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from hegui.gateway.gate import Gate, Incoming, Outbox
from hegui.gateway.jsonbody import read_object
from hegui.gateway.upstream import Upstreams
from hegui.terms import Action, BadRequest, Role, Verdict, Words

_MOST_INPUTS = 256
_INPUT = Words(
    en="`input` must be a string, a list of at most {most} strings, or a list of parts.",
    zh="`input` 应为字符串、不超过 {most} 个字符串的列表，或由若干部分组成的列表。",
)
# OpenAI's categories, and the rules or risks of the standard's list that say the same. Risk A.1.f
# names violence and sexual content together, so a rule that is not ours may mean either.
_CATEGORIES: Mapping[str, tuple[str, ...]] = {
    "harassment": ("A.4.c", "A.4.d"),
    "harassment/threatening": (),
    "hate": ("A.1.e", "A.2"),
    "hate/threatening": (),
    "illicit": ("A.1.g", "A.1.h"),
    "illicit/violent": ("A.1.d",),
    "self-harm": ("A.4.a",),
    "self-harm/instructions": (),
    "self-harm/intent": (),
    "sexual": ("lex.sexual", "lex.minors", "A.1.f"),
    "sexual/minors": ("lex.minors",),
    "violence": ("lex.weapons", "lex.killing", "lex.gore", "A.1.f"),
    "violence/graphic": (),
}


async def models(gate: Gate, incoming: Incoming, out: Outbox) -> None:
    """List the models: those named in the settings, and those that open servers list."""
    del incoming
    found: dict[str, str] = {}
    for upstream in gate.upstreams.all():
        for model in await _listed(gate.upstreams, upstream.models, upstream):
            found.setdefault(model, upstream.operator or upstream.name)
    data = [
        {"id": model, "object": "model", "created": 0, "owned_by": owner}
        for model, owner in found.items()
    ]
    await out.whole({"object": "list", "data": data})


async def _listed(upstreams: Upstreams, patterns: Sequence[str], upstream: Any) -> list[str]:
    plain = [name for name in patterns if not any(mark in name for mark in "*?[")]
    if len(plain) == len(patterns):
        return plain
    offered = await upstreams.models(upstream)
    return plain + [m for m in offered if any(fnmatch.fnmatchcase(m, p) for p in patterns)]


async def moderations(gate: Gate, incoming: Incoming, out: Outbox) -> None:
    """Judge texts with hegui's own panel. What no detector looks for is listed as such.

    Nothing is recorded: no content is generated, and nothing is withheld from anybody.
    """
    body = read_object(incoming.body, depth=gate.settings.limits.depth)
    inputs = _inputs(body.get("input"))
    texts = [text for each in inputs for text in each.texts]
    roles = [Role.REPLY] * len(texts)
    judge = gate.judge  # may be replaced meanwhile
    verdicts = iter(await judge.screen(texts, roles, gate.policies["adult", True]))
    panel = judge.panel
    looked_for = {name for rule in panel.rules.values() for name in _names(rule.id, rule.risk)}
    names = {name: name in looked_for for name in (*_CATEGORIES, *sorted(panel.covers()))}
    results = []
    for each in inputs:
        results.append(_result(names, each, list(islice(verdicts, len(each.texts)))))
        await asyncio.sleep(0)  # many inputs must not keep others waiting
    digest = panel.digest
    reply = {"id": "modr-hegui", "model": f"hegui-{digest[:12]}", "results": results}
    await out.whole(reply)


class _Input(NamedTuple):
    """What one result is about: a text, or the parts of one message."""

    texts: list[str]
    unjudged: list[str]


def _inputs(held: Any) -> list[_Input]:
    if isinstance(held, str):
        return [_Input([held], [])]
    if not isinstance(held, list) or not 0 < len(held) <= _MOST_INPUTS:
        raise BadRequest(_INPUT.fill(most=_MOST_INPUTS), param="input")
    if all(isinstance(each, str) for each in held):
        return [_Input([each], []) for each in held]
    parts = _Input([], [])
    for each in held:
        if not isinstance(each, dict) or not isinstance(each.get("type"), str):
            raise BadRequest(_INPUT.fill(most=_MOST_INPUTS), param="input")
        if isinstance(each.get("text"), str):
            parts.texts.append(each["text"])
        if each["type"] != "text" or not isinstance(each.get("text"), str):
            parts.unjudged.append(each["type"][:40])
    if len(parts.texts) > 1:
        parts.texts.append("".join(parts.texts))  # what is split over parts is whole again
    return [parts]


def _result(
    names: Mapping[str, bool], judged: _Input, verdicts: Sequence[Verdict]
) -> dict[str, Any]:
    """Return one result. What could not be judged is flagged, because it is not clean.

    ``names`` are the categories, and whether anybody looks for each.
    """
    scores: dict[str, float] = {}
    for finding in (finding for verdict in verdicts for finding in verdict.findings):
        for name in _names(finding.rule, finding.risk):
            scores[name] = max(scores.get(name, 0.0), finding.score)
    result = {
        "flagged": bool(judged.unjudged) or any(v.action > Action.ALLOW for v in verdicts),
        "categories": {name: scores.get(name, 0.0) > 0 for name in names},
        "category_scores": {name: scores.get(name, 0.0) for name in names},
        "category_applied_input_types": {
            name: ["text"] if looked_for else [] for name, looked_for in names.items()
        },
    }
    return {**result, "unjudged": judged.unjudged} if judged.unjudged else result


def _names(rule: str, risk: str) -> list[str]:
    """Return the categories of a rule: those that name it, else those of its risk; and the risk."""
    named = [name for name, meant in _CATEGORIES.items() if rule in meant]
    if not named:
        named = [
            name
            for name, meant in _CATEGORIES.items()
            if any(risk == each or risk.startswith(f"{each}.") for each in meant)
        ]
    return [*named, risk]
