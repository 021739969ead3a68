"""Write a pack: the same content always gives the same text, and reading it gives it back."""

from typing import Any, Final

import yaml

from hegui.detectors.packs.values import LANGUAGES, Pack

_BREAKS: Final = "\n\r\x85\u2028\u2029\ufeff"


class _Dumper(yaml.SafeDumper):
    """Writes what YAML takes for the end of a line as an escape, so that it stays what it is."""


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = '"' if any(char in text for char in _BREAKS) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
_EMPTY_IS_LEFT_OUT: Final = ("literals", "patterns", "variants", "exceptions", "retired", "clause")


def written(pack: Pack) -> str:
    """Return the pack as YAML. Comments of the file it was read from are not kept."""
    data = pack.data()
    data["rules"] = [_lean(rule) for rule in data["rules"]]
    told: str = yaml.dump(
        data, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=10_000, indent=2
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
