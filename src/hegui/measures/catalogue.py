"""The whole catalogue under one digest: the text, rules, roles, limits, duties, risks, parameters.

A status names this digest: with another catalogue the same ledger may say something else.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable

from hegui.measures.articles import Text, text
from hegui.measures.deadlines import Deadline, deadlines
from hegui.measures.duties import Duty, duties
from hegui.measures.parameters import Parameter, parameters
from hegui.measures.risks import Risk, risks
from hegui.measures.roles import Role, roles
from hegui.measures.rules import Rule, rules


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything that the package's data say, by id.

    ``digest`` is what ``find . -name '*.json' -not -path './profiles/*' | LC_ALL=C sort | xargs
    sha256sum | sha256sum`` prints in the package's ``measures/data``.
    """

    text: Text
    rules: Mapping[str, Rule]
    roles: Mapping[str, Role]
    deadlines: Mapping[str, Deadline]
    duties: Mapping[str, Duty]
    risks: Mapping[str, Risk]
    parameters: Mapping[str, Parameter]
    digest: str


@cache
def catalogue() -> Catalogue:
    """Return the catalogue of this version."""
    return Catalogue(
        text(), rules(), roles(), deadlines(), duties(), risks(), parameters(), _digest()
    )


def _digest() -> str:
    found = sorted(_files(files("hegui.measures").joinpath("data"), "."))
    lines = "".join(f"{sha256(content).hexdigest()}  {name}\n" for name, content in found)
    return sha256(lines.encode()).hexdigest()


def _files(folder: Traversable, name: str) -> Iterator[tuple[str, bytes]]:
    for one in folder.iterdir():
        inner = f"{name}/{one.name}"
        if one.is_dir() and inner != "./profiles":
            yield from _files(one, inner)
        elif one.name.endswith(".json"):
            yield inner, one.read_bytes()
