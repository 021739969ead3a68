"""Which files a command is about, and how what stands in them is shown."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hegui.terms import BadRequest, Words

if TYPE_CHECKING:
    from hegui.labels.container import Found

_TEXTS: Final = ("text/", "application/json")
_MOST: Final = 200  # characters of a value that are shown


def files_in(paths: Iterable[Path]) -> Iterator[tuple[Path, Path | None]]:
    """Give each file, and for one in a folder that was named, that folder.

    Files beside others that hold their labels, hidden ones, and in folders those of formats that
    hegui does not know are left out.
    """
    for path in paths:
        if not path.is_dir():
            yield path, None
            continue
        for one in sorted(path.rglob("*")):
            hidden = any(part.startswith(".") for part in one.relative_to(path).parts)
            if one.is_file() and not hidden and _known(one):
                yield one, path


def _known(path: Path) -> bool:
    from hegui.app import labelling

    if path.name.endswith(".aigc.json"):
        return False
    try:
        with labelling.opened(path) as source:
            form = labelling.format_of(source, path.name)
    except BadRequest:
        return False
    # any text may be one of these: in a folder the name must say so
    return not form.mime[0].startswith(_TEXTS) or path.suffix.lower() in form.suffixes


def shown(text: str) -> str:
    """Return text out of a file so that a terminal shows it and obeys nothing in it."""
    short = text if len(text) <= _MOST else text[:_MOST] + "…"
    return "".join(char if char.isprintable() else "·" for char in short)


def shown_words(words: Words) -> Words:
    """Return a message that may name what stands in a file."""
    return Words(
        "".join(char if char.isprintable() else "·" for char in words.en),
        "".join(char if char.isprintable() else "·" for char in words.zh),
    )


def as_data(one: "Found") -> dict[str, Any]:
    """Return a label for a machine."""
    parsed = one.parsed
    return {
        "form": one.form,
        "offset": one.offset,
        "guide": one.guide,
        "fields": dict(parsed.fields) if parsed is not None else None,
        "faults": [fault.code for fault in parsed.faults] if parsed is not None else ["unreadable"],
        "raw": one.raw,
    }
