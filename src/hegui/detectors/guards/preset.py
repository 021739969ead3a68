"""The guard models that hegui knows, each a TOML file in ``data/`` that cites its sources."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from hegui.terms import Role, Words

NAMES = (
    "qwen3guard",
    "llama-guard-3",
    "shieldgemma",
    "granite-guardian-3.3",
    "injection",
    "policy",
    "policy-yes-no",
)


UNTITLED = Words("", "")
"""A label that is called after its risk."""


@dataclass(frozen=True, slots=True)
class Label:
    """One thing that a model can say of a text, and the risk of the standard's list it means.

    Without a risk it is the provider's to place: until then an answer that names it cannot be read.
    ``said`` are the model's own spellings. ``criterion`` is what it is asked, where it is asked
    about one thing at a time. ``score`` counts where the answer holds no probability.
    """

    id: str
    risk: str
    said: tuple[str, ...] = ()
    title: Words = UNTITLED
    score: float = 1.0
    criterion: str = ""


@dataclass(frozen=True, slots=True)
class Preset:
    """How one model is asked and understood.

    ``each``: one question per label, whose criterion stands at the place ``criterion`` of the
    request. ``free``: the labels and the policy are the provider's. ``window`` is in characters.
    ``cut``: an answer that reached ``max_tokens`` is whole nevertheless. ``markers`` are texts by
    which the judged text could break out of its place. ``roles``: asked about these only; empty,
    about all.
    """

    id: str
    version: str
    title: Words
    parser: str
    window: int
    max_tokens: int
    markers: tuple[str, ...]
    labels: tuple[Label, ...] = ()
    levels: Mapping[str, float] = field(default_factory=dict)
    roles: tuple[Role, ...] = ()
    system: str = ""
    policy: str = ""
    each: bool = False
    free: bool = False
    cut: bool = False
    logprobs: bool = False
    criterion: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)


@cache
def preset(name: str) -> Preset:
    """Return a preset by its id. Raises ``KeyError`` for one that there is not."""
    if name not in NAMES:
        raise KeyError(name)
    text = (
        resources.files("hegui.detectors.guards").joinpath(f"data/{name}.toml").read_text("utf-8")
    )
    data = tomllib.loads(text)
    labels = tuple(
        Label(
            **{
                **entry,
                "said": tuple(entry.get("said", ())),
                "title": Words(**entry["title"]) if "title" in entry else UNTITLED,
            }
        )
        for entry in data.pop("label", ())
    )
    return Preset(
        **{
            **data,
            "title": Words(**data["title"]),
            "labels": labels,
            "markers": tuple(data["markers"]),
            "roles": tuple(Role(role) for role in data.get("roles", ())),
            "criterion": tuple(data.get("criterion", ())),
        }
    )


def presets() -> tuple[Preset, ...]:
    """Return all presets."""
    return tuple(preset(name) for name in NAMES)
