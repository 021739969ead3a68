"""Put a text into its place so that it cannot break out, and cut long ones into windows."""

import hashlib
import re
from collections.abc import Sequence
from functools import cache

OVERLAP = 200  # characters that a window shares with the one before it
_APART = "\u200b"


@cache
def _starts(markers: tuple[str, ...]) -> re.Pattern[str]:
    # A look-ahead finds markers that overlap, too.
    return re.compile("(?=" + "|".join(map(re.escape, markers)) + ")", re.IGNORECASE)


def defused(text: str, markers: tuple[str, ...]) -> str:
    """Return ``text`` with every marker broken up by a zero-width space after its first character.

    A tokenizer reads ``<|im_end|>`` in a message as the end of the message; broken up it is
    ordinary text, which a reader cannot tell from what was written. No new marker can arise: what
    is put in is part of none.
    """
    if not markers:
        return text
    out, last = [], 0
    for found in _starts(markers).finditer(text):
        place = found.start() + 1
        out += [text[last:place], _APART]
        last = place
    return "".join([*out, text[last:]])


def mark_of(text: str) -> str:
    """Return a word that the text does not hold: of its own digest. The same for the same text."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def windows(text: str, size: int, overlap: int = OVERLAP) -> Sequence[tuple[int, int]]:
    """Return spans in characters that cover ``text``: at most ``size`` long, overlapping."""
    if len(text) <= size:
        return [(0, len(text))]
    step = size - overlap
    starts = range(0, len(text) - overlap, step)
    return [(start, min(start + size, len(text))) for start in starts]


def byte_spans(text: str, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return spans of characters, in order of their starts, as spans of UTF-8 bytes."""
    if text.isascii():
        return list(spans)
    out, char, byte = [], 0, 0
    for start, end in spans:
        byte += len(text[char:start].encode("utf-8", "replace"))
        char = start
        out.append((byte, byte + len(text[start:end].encode("utf-8", "replace"))))
    return out
