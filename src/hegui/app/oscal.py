"""The OSCAL documents of this installation: the catalogue, its profiles, and hegui as a component.

Here because the kinds of record that exist and the provider's settings meet only here.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from hegui import __version__
from hegui.ledger.kinds import all_kinds
from hegui.measures import catalogue, profiles, tailored
from hegui.measures.oscal import (
    Stamp,
    catalogue_document,
    component_document,
    mapping_document,
    profile_document,
)
from hegui.measures.oscal.pieces import CATALOGUE
from hegui.settings import Settings

TAILORED = "profile-tailored.json"


def stamp_of(at_ms: int) -> Stamp:
    """Return the stamp of documents made at a moment (UTC ms)."""
    when = datetime.fromtimestamp(at_ms // 1_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Stamp(when, __version__)


def kinds_per_duty() -> Mapping[str, tuple[str, ...]]:
    """Return, per duty, the kinds of record that name it."""
    found: dict[str, list[str]] = {}
    for kind in all_kinds():
        for duty in kind.duties:
            found.setdefault(duty, []).append(kind.name)
    return {duty: tuple(dict.fromkeys(names)) for duty, names in found.items()}


def documents(settings: Settings | None, stamp: Stamp) -> dict[str, dict[str, Any]]:
    """Return every document by its file name; the tailored profile only with settings.

    Raises ``Misconfigured`` as ``tailored`` does.
    """
    whole = catalogue()
    made = {
        CATALOGUE: catalogue_document(whole, stamp),
        **{
            f"profile-{one.id}.json": profile_document(whole, one, stamp)
            for one in profiles().values()
        },
        "component.json": component_document(whole, kinds_per_duty(), stamp),
        "mapping.json": mapping_document(whole, stamp),
    }
    if settings is not None:
        made[TAILORED] = profile_document(whole, tailored(settings), stamp)
    return made
