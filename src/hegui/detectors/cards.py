"""Model cards of the detectors that come with hegui, as data: what each is for, and how good it is.

After Mitchell et al., *Model Cards for Model Reporting* (2019). A figure carries the day it was
measured and the command that prints it.
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from hegui.terms import Words


@dataclass(frozen=True, slots=True)
class Origin:
    """What a detector was made from. ``sha256`` is of the file; empty where it was written here."""

    name: str
    licence: str
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Quality:
    """One measured figure: what of, on what, when (a date), and by which command."""

    what: Words
    on: str
    value: float
    date: str
    command: str


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What is said of a detector that comes with hegui.

    ``digest`` is that of the detector's data where the figures hold for these data only; a card
    without one is of a detector whose rules grow. ``page`` is where more is written.
    """

    name: str
    version: str
    digest: str
    licence: str
    sources: tuple[Origin, ...]
    use: Words
    limits: Words
    quality: tuple[Quality, ...]
    page: str


@cache
def card_of(name: str) -> ModelCard | None:
    """Return the card of a detector that comes with hegui; None for any other."""
    place = resources.files("hegui.detectors").joinpath(f"data/cards/{name}.json")
    return _read(json.loads(place.read_text("utf-8"))) if place.is_file() else None


def _read(data: dict[str, Any]) -> ModelCard:
    return ModelCard(
        name=data["name"],
        version=data["version"],
        digest=data["digest"],
        licence=data["licence"],
        sources=tuple(Origin(**one) for one in data["sources"]),
        use=Words(**data["use"]),
        limits=Words(**data["limits"]),
        quality=tuple(Quality(**{**one, "what": Words(**one["what"])}) for one in data["quality"]),
        page=data["page"],
    )
