"""The OSCAL documents of this installation: the catalogue, its profiles, and hegui as a component.

Here because the provider's settings and the version meet the catalogue only here.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from hegui import __version__
from hegui.measures import catalogue, profiles, tailored
from hegui.measures.evidence import evidence
from hegui.measures.oscal import (
    Records,
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


def records_per_duty() -> Mapping[str, Records]:
    """Return, per duty, the kinds of record that evidence it and that a door of hegui writes."""
    found = {}
    for duty, queries in evidence().duties.items():
        written = [query for query in queries if query.door]
        kinds = [match.kind for query in written for match in query.any_of]
        found[duty] = Records(tuple(dict.fromkeys(kinds)), len(written) == len(queries))
    return found


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
        "component.json": component_document(whole, records_per_duty(), stamp),
        "mapping.json": mapping_document(whole, stamp),
    }
    if settings is not None:
        made[TAILORED] = profile_document(whole, tailored(settings), stamp)
    return made
