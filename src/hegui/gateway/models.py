"""``GET /v1/models`` and ``POST /v1/moderations``: OpenAI's shapes, answered by hegui itself."""

import fnmatch
from collections.abc import Mapping, Sequence
from typing import Any

from hegui.gateway.gate import Gate, Incoming, Outbox
from hegui.gateway.jsonbody import read_object
from hegui.gateway.upstream import Upstreams
from hegui.screen.panel import Screening
from hegui.terms import Action, BadRequest, Finding, Role, TextColumn, Words

_MOST_INPUTS = 256
_INPUT = Words(
    en="`input` must be a string, a list of at most {most} strings, or a list of parts.",
    zh="`input` 应为字符串、不超过 {most} 个字符串的列表，或由若干部分组成的列表。",
)
# OpenAI's categories, and the risks of the standard's list that say the same
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
    "sexual": (),
    "sexual/minors": (),
    "violence": ("A.1.f",),
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
    texts, unjudged = _inputs(body.get("input"))
    policy = gate.policies["adult", True]
    judge = gate.judge
    screening = Screening(judge.panel, policy, TextColumn.of(texts), [Role.REPLY] * len(texts))
    while asks := screening.asks():
        for ask in asks:
            screening.answer(ask, await judge.fulfil(ask))
    results = [
        _result(gate, verdict.findings, flagged=verdict.action > Action.ALLOW)
        for verdict in screening.verdicts()
    ]
    if unjudged:
        results.append({**_result(gate, (), flagged=True), "unjudged": unjudged})
    reply = {"id": "modr-hegui", "model": f"hegui-{judge.panel.digest[:12]}", "results": results}
    await out.whole(reply)


def _inputs(held: Any) -> tuple[list[str], list[str]]:
    if isinstance(held, str):
        return [held], []
    if not isinstance(held, list) or not 0 < len(held) <= _MOST_INPUTS:
        raise BadRequest(_INPUT.fill(most=_MOST_INPUTS), param="input")
    texts: list[str] = []
    unjudged: list[str] = []
    for each in held:
        if isinstance(each, str):
            texts.append(each)
        elif isinstance(each, dict) and isinstance(each.get("text"), str):
            texts.append(each["text"])
        elif isinstance(each, dict) and isinstance(each.get("type"), str):
            unjudged.append(each["type"][:40])
        else:
            raise BadRequest(_INPUT.fill(most=_MOST_INPUTS), param="input")
    return texts, unjudged


def _result(gate: Gate, findings: Sequence[Finding], *, flagged: bool) -> dict[str, Any]:
    covered = gate.judge.panel.covers()
    scores: dict[str, float] = {}
    for finding in findings:
        scores[finding.risk] = max(scores.get(finding.risk, 0.0), finding.score)
    categories: dict[str, bool] = {}
    rated: dict[str, float] = {}
    applied: dict[str, list[str]] = {}
    for name, risks in {**_CATEGORIES, **{risk: (risk,) for risk in sorted(covered)}}.items():
        score = max((s for risk, s in scores.items() if risk.startswith(risks)), default=0.0)
        categories[name], rated[name] = score > 0, score
        applied[name] = ["text"] if any(r.startswith(risks) for r in covered) else []
    return {
        "flagged": flagged,
        "categories": categories,
        "category_scores": rated,
        "category_applied_input_types": applied,
    }
