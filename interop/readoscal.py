"""Read OSCAL documents with compliance-trestle; runs in that program's own environment.

``python readoscal.py FOLDER SCHEMAS`` prints a line of JSON: per file what trestle's models say of
it (empty: accepted), how many controls each profile resolves to, and what NIST's JSON schemas in
the second folder say.
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from trestle.core.profile_resolver import ProfileResolver
from trestle.oscal import assessment_results, catalog, component, mapping, poam, profile

MODELS = {
    "catalog": catalog.Catalog,
    "profile": profile.Profile,
    "component-definition": component.ComponentDefinition,
    "mapping-collection": mapping.MappingCollection,
    "assessment-results": assessment_results.AssessmentResults,
    "plan-of-action-and-milestones": poam.PlanOfActionAndMilestones,
}
SCHEMAS = {
    "component-definition": "component",
    "mapping-collection": "mapping",
    "plan-of-action-and-milestones": "poam",
}
CATALOGUE = "catalogue.json"
_LONGEST = 300


def model_of(path: Path) -> str:
    """Return the OSCAL model that a document is of."""
    return next(iter(json.loads(path.read_text("utf-8"))))


def read(path: Path) -> str:
    """Return why trestle's models refuse a document; empty when they accept it."""
    try:
        MODELS[model_of(path)].oscal_read(path)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is an answer
        return f"{type(error).__name__}: {error}"[:_LONGEST]
    return ""


def resolved(folder: Path, name: str) -> int:
    """Return how many controls a profile resolves to; -1 when it does not.

    Trestle resolves references within a folder of its own only, and as addresses of its own.
    """
    with tempfile.TemporaryDirectory() as room:
        root = Path(room)
        (root / ".trestle").mkdir()
        shutil.copy(folder / CATALOGUE, root)
        document = json.loads((folder / name).read_text("utf-8"))
        for one in document["profile"]["imports"]:
            one["href"] = f"trestle://{one['href']}"
        (root / name).write_text(json.dumps(document), "utf-8")
        try:
            found = ProfileResolver.get_resolved_profile_catalog(root, str(root / name))
        except Exception:  # noqa: BLE001 - whatever it is, it is an answer
            return -1
        return len(list(_controls(json.loads(found.oscal_serialize_json()))))


def _controls(value: Any) -> Any:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "controls":
                yield from (one["id"] for one in inner)
            yield from _controls(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _controls(inner)


def judged(path: Path, schemas: Path) -> str:
    """Return what NIST's JSON schema says of a document; empty when it is valid."""
    import jsonschema_rs

    model = model_of(path)
    schema = schemas / f"oscal_{SCHEMAS.get(model, model)}_schema.json"
    validator = jsonschema_rs.validator_for(json.loads(schema.read_text("utf-8")))
    errors = list(validator.iter_errors(json.loads(path.read_text("utf-8"))))
    return f"{len(errors)} errors; {errors[0]}"[:_LONGEST] if errors else ""


def main(folder: Path, schemas: Path) -> dict[str, Any]:
    """Read everything in a folder."""
    paths = sorted(folder.glob("*.json"))
    told: dict[str, Any] = {"read": {path.name: read(path) for path in paths}}
    profiles = [path.name for path in paths if model_of(path) == "profile"]
    if not any(told["read"].values()):
        told["controls"] = {name: resolved(folder, name) for name in profiles}
    told["schemas"] = {path.name: judged(path, schemas) for path in paths}
    return told


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), Path(sys.argv[2]))))  # noqa: T201 - the answer
