"""Which files a command is about, and how what stands in them is shown."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hegui.terms import BadRequest, Words
from hegui.terms.visible import visible, visible_start

if TYPE_CHECKING:
    from hegui.labels.container import Found

_TEXTS: Final = ("text/", "application/json")
_MOST: Final = 200  # characters of a value that are shown


def files_in(paths: Iterable[Path]) -> Iterator[tuple[Path, Path | None]]:
    """Give each file, and for one in a folder that was named, that folder.

    Files beside others that hold their labels, hidden ones, and in folders those of formats that
    hegui does not know are left out. What cannot be read is given all the same, a folder too:
    whoever reads it says so. Where nothing is left, that is a ``BadRequest`` at the end.
    """
    nothing = True
    for path in paths:
        for one in _within(path) if is_folder(path) else (path,):
            nothing = False
            yield one, path if one != path else None
    if nothing:
        raise BadRequest(_NOTHING)


def is_folder(path: Path) -> bool:
    """Whether a path is that of a folder; of what may not be looked at nobody knows, so it is not.

    Whoever reads it then says what hinders that.
    """
    try:
        return path.is_dir()
    except OSError:
        return False


def _within(folder: Path) -> list[Path]:
    """Return what a folder holds that is to be read, and the folders in it that cannot be."""
    there: list[Path] = []

    def closed(error: OSError) -> None:
        there.append(Path(error.filename))

    for at, folders, names in os.walk(folder, onerror=closed):
        folders[:] = [one for one in folders if not one.startswith(".")]
        files = (Path(at, one) for one in names if not one.startswith("."))
        there += [one for one in files if _is_file(one) and _known(one)]
    return sorted(there)


def _is_file(path: Path) -> bool:
    """Whether there is a file; one that may not be looked at is, so that it is told of."""
    try:
        return path.is_file()
    except OSError:
        return True


def _known(path: Path) -> bool:
    from hegui.app import labelling

    if path.name.endswith(".aigc.json"):
        return False
    try:
        with labelling.opened(path) as source:
            form = labelling.format_of(source, path.name)
    except BadRequest as error:
        return error.code != "unknown_format"
    # any text may be one of these: in a folder the name must say so
    return not form.mime[0].startswith(_TEXTS) or path.suffix.lower() in form.suffixes


def shown(text: str) -> str:
    """Return text out of a file so that a terminal shows it and obeys nothing in it."""
    return visible_start(text, _MOST)


def told_of(path: Path, words: str) -> str:
    """Return what is said of a file, with its name before it where the words do not name it."""
    name = shown(str(path))
    return words if name in words else f"{name}: {words}"


def shown_words(words: Words) -> Words:
    """Return a message that may name what stands in a file."""
    return Words(visible(words.en), visible(words.zh))


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


_NOTHING: Final = Words(
    "there was no file that hegui can label in what you named",
    "指定的范围内没有 hegui 可以标识的文件",
)
