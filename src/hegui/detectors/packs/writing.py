"""Write a pack: the same content always gives the same text, and reading it gives it back."""

from typing import Any, Final

import yaml

from hegui.detectors.packs.values import LANGUAGES, Pack

_DUMPER: Final[Any] = yaml.SafeDumper
_EMPTY_IS_LEFT_OUT: Final = ("literals", "patterns", "variants", "exceptions", "retired", "clause")


def written(pack: Pack) -> str:
    """Return the pack as YAML. Comments of the file it was read from are not kept."""
    data = pack.data()
    data["rules"] = [_lean(rule) for rule in data["rules"]]
    told: str = yaml.dump(
        data, Dumper=_DUMPER, allow_unicode=True, sort_keys=False, width=10_000, indent=2
    )
    return told


def _lean(rule: dict[str, Any]) -> dict[str, Any]:
    """Leave out what says nothing; keep the keys that every reader looks for."""
    lean = {name: value for name, value in rule.items() if value or name not in _EMPTY_IS_LEFT_OUT}
    if tuple(lean["languages"]) == LANGUAGES:
        del lean["languages"]
    lean["cases"] = {name: texts for name, texts in rule["cases"].items() if texts}
    if not lean["cases"]:
        del lean["cases"]
    return lean
