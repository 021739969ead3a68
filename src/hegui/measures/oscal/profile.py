"""Profile documents: the catalogue with the numbers of a profile, less what does not apply."""

from collections.abc import Iterable
from typing import Any

from hegui.measures.catalogue import Catalogue
from hegui.measures.facts import ASKED, Facts
from hegui.measures.oscal.pieces import CATALOGUE, Stamp, metadata, paragraphs, prop, uuid_of
from hegui.measures.profiles import Profile


def profile_document(catalogue: Catalogue, profile: Profile, stamp: Stamp) -> dict[str, Any]:
    """Return a profile in OSCAL. A tailored one leaves out duties, and says why in its remarks."""
    out = [duty for duty in catalogue.duties.values() if profile.applies(duty).answer == "no"]
    chosen: dict[str, Any] = {"href": CATALOGUE, "include-all": {}}
    if out:
        chosen["exclude-controls"] = [{"with-ids": [duty.id for duty in out]}]
    told = metadata(profile.title, stamp, _props(profile))
    lines = [f"- {duty.id}: {profile.reason(duty)}" for duty in out]
    told["remarks"] = "\n\n".join(filter(None, [paragraphs(profile.note), "\n".join(lines)]))
    return {
        "profile": {
            "uuid": uuid_of("profile", profile.digest, stamp.when, stamp.version),
            "metadata": told,
            "imports": [chosen],
            "merge": {"as-is": True},
            "modify": {
                "set-parameters": [
                    {
                        "param-id": name,
                        "props": [prop("checked", value.checked)],
                        "usage": paragraphs(value.told),
                        "values": [str(value.number)],
                    }
                    for name, value in profile.values.items()
                ]
            },
        }
    }


def _props(profile: Profile) -> Iterable[dict[str, str]]:
    yield prop("profile", profile.id)
    yield prop("profile-digest", profile.digest)
    if profile.checked_against:
        yield prop("checked-against", profile.checked_against)
    for name in ASKED:
        for value in _said(profile.facts, name):
            yield prop("fact", value, **{"class": name})


def _said(facts: Facts, name: str) -> Iterable[str]:
    said = getattr(facts, name)
    if isinstance(said, frozenset):
        return sorted(said)
    return [] if said is None else [str(said).lower()]
