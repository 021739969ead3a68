"""The Mandarin syllable of each Han character, without its tone, from pypinyin (MIT)."""

import json
from importlib.resources import files

import unicodedata2 as ucd

FIRST, LAST = 0x4E00, 0x9FFF


def table() -> str:
    """Return ``data/syllables.txt``: a line per syllable and the characters first read so."""
    text = files("pypinyin").joinpath("pinyin_dict.json").read_text("utf-8")
    groups: dict[str, list[str]] = {}
    for code, readings in sorted((int(key), value) for key, value in json.loads(text).items()):
        if FIRST <= code <= LAST:
            groups.setdefault(toneless(readings.split(",")[0]), []).append(chr(code))
    return "\n".join(f"{name}\t{''.join(chars)}" for name, chars in sorted(groups.items())) + "\n"


def toneless(syllable: str) -> str:
    """Return a syllable in ASCII: ``v`` for ü, no tone."""
    parts = ucd.normalize("NFD", syllable.replace("ü", "v"))
    parts = parts.replace("u\u0308", "v")
    return "".join(char for char in parts if char.isascii())
