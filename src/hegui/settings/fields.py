"""What a key of the settings says of itself: its words and bounds, beside its type.

The reader, the reference pages and ``hegui check`` all read it from here, so they cannot differ.
"""

from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, fields
from functools import cache
from typing import Any, get_type_hints

from hegui.terms import Words

_MARK = "hegui"


@dataclass(frozen=True, slots=True)
class Doc:
    """The words and bounds of one key."""

    words: Words
    low: float | None = None
    high: float | None = None
    toml: str = ""
    default_words: Words | None = None
    required: bool = False


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a table: its name in the file, its place in the dataclass, its type and words."""

    name: str
    attribute: str
    type: Any
    doc: Doc
    default: Any

    @property
    def required(self) -> bool:
        """Whether the file must set it."""
        return self.doc.required


def says(  # noqa: PLR0913 - one keyword for each thing that a key may say of itself
    en: str,
    zh: str,
    *,
    low: float | None = None,
    high: float | None = None,
    toml: str = "",
    default_words: Words | None = None,
    required: bool = False,
) -> Mapping[str, Doc]:
    """Return a dataclass field's metadata that documents a key."""
    return {_MARK: Doc(Words(en, zh), low, high, toml, default_words, required)}


@cache
def keys_of(table: type) -> tuple[Key, ...]:
    """List the documented keys of a settings dataclass, in their order."""
    hints = get_type_hints(table)
    return tuple(
        Key(
            name=entry.metadata[_MARK].toml or entry.name,
            attribute=entry.name,
            type=hints[entry.name],
            doc=entry.metadata[_MARK],
            default=_default(entry),
        )
        for entry in fields(table)
        if _MARK in entry.metadata
    )


def _default(entry: "Field[Any]") -> Any:
    if entry.default_factory is not MISSING:
        return entry.default_factory()
    return entry.default
