"""Reading package data of the catalogue: rows of JSON, and words in both languages.

It lives apart so that every list of the catalogue is read in one way.
"""

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from hegui.terms import Words


def data(name: str) -> Any:
    """Return what the package's ``data/NAME`` holds."""
    return json.loads(files("hegui.measures").joinpath("data", name).read_text("utf-8"))


def names(folder: str) -> tuple[str, ...]:
    """Return the JSON files of ``data/FOLDER``, in order of name."""
    found = files("hegui.measures").joinpath("data", folder).iterdir()
    return tuple(sorted(f"{folder}/{one.name}" for one in found if one.name.endswith(".json")))


def words(row: Mapping[str, str]) -> Words:
    """Return ``{"en": …, "zh": …}`` as words."""
    return Words(row["en"], row["zh"])
