"""The profile of one provider: a shipped one with the facts and numbers of its settings.

It lives above the settings because only the catalogue knows which parameters there are.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final, get_args

from hegui.measures.facts import Facts, Modality
from hegui.measures.parameters import parameters
from hegui.measures.profiles import Profile, Value, profiles
from hegui.settings import Duties, Problem, Settings
from hegui.settings.problems import misconfigured
from hegui.terms import Words

_NO_MINORS: Final = "service.minors = false"


def tailored(settings: Settings) -> Profile:
    """Return the provider's profile.

    Raises ``Misconfigured`` with the line of every parameter that is unknown or laxer than allowed.
    """
    problems = list(problems_of(settings.duties))
    if problems:
        raise misconfigured(str(settings.path or "hegui.toml"), problems)
    said, service = settings.duties, settings.service
    profile = profiles()[said.profile]
    facts = Facts(
        public=service.scope == "public",
        minors=service.minors,
        modalities=frozenset(one for one in get_args(Modality) if one in said.modalities),
        own_model=said.own_model,
        annotation=said.annotation,
        accounts=said.accounts,
        public_opinion=said.public_opinion,
        persona=said.persona,
        face_voice=said.face_voice,
        propagates=said.propagates,
        cross_border=said.cross_border,
        ten_million=said.ten_million,
        cii=said.cii,
        central_organ=said.central_organ,
        foreign_invested=said.foreign_invested,
    )
    reasons = {name: str(reason) for name, reason in said.reasons.items()}
    if service.scope != "public":
        reasons["public"] = service.reason
    if not service.minors:
        reasons["minors"] = _NO_MINORS
    return replace(
        profile,
        values=MappingProxyType(_values(profile, said)),
        facts=facts,
        reasons=MappingProxyType(reasons),
        checked_against=said.checked_against,
    )


def problems_of(duties: Duties) -> Iterator[Problem]:
    """Tell every parameter that does not exist, or asks for less than the profile may."""
    known = parameters()
    for name, number in duties.parameters.items():
        line, key = duties.lines.get(name, 1), f"duties.parameters.{name}"
        if name not in known:
            yield Problem(line, key, _unknown(name, known))
        elif known[name].laxer(number) and not duties.checked_against:
            yield Problem(
                line,
                key,
                _LAXER.fill(value=f"{known[name].value:,}", where=known[name].tc260_003),
            )


def _values(profile: Profile, said: Duties) -> Mapping[str, Value]:
    values = dict(profile.values)
    for name, value in values.items():
        if name in said.parameters:
            values[name] = replace(value, number=said.parameters[name], checked="provider")
        elif said.checked_against:
            values[name] = replace(value, checked="compared")
    return values


def _unknown(name: str, known: Mapping[str, object]) -> Words:
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=1, cutoff=0.5)
    if near:
        return Words(
            "there is no such parameter; did you mean {near}?",
            "没有这个参数；是不是想写 {near}？",
        ).fill(near=near[0])
    return Words(
        "there is no such parameter; hegui measures parameters lists them",
        "没有这个参数；hegui measures parameters 可以列出全部参数",
    )


_LAXER: Final = Words(
    "asks for less than the standard ({value}; TC260-003, {where}); if the bought text says so, "
    "fill in duties.checked_against",
    "低于标准要求（{value}；TC260-003 {where}）；"
    "如购得的文本确为此值，请填写 duties.checked_against",
)
