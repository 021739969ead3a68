"""Text that others wrote, as a person may be shown it: nothing is obeyed, all of it is seen.

A prompt, a cell of a workbook, a label in a file or a name of one may hold escape sequences that
move the cursor, set the clipboard or answer as if typed, and marks that turn the order of what is
read. Commands show such text, and so do the pages that tell of a stranger's file.
"""

import re
from typing import Final

_TURNS_OR_HIDES: Final = "\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
_OBEYED: Final = (
    rf"\x00-\x1f\x7f-\x9f\u2028\u2029{_TURNS_OR_HIDES}\ud800-\udfff\U000e0000-\U000e007f"
)
_IN_A_LINE: Final = re.compile(f"[{_OBEYED}]")
_ON_A_PAGE: Final = re.compile(rf"(?![\n\t])[{_OBEYED}]")
_HALF_ESCAPE: Final = re.compile(r"\\(?:x.?|u.{0,3}|U.{0,7})?\Z")


def visible(text: str) -> str:
    r"""Return what stands in one line, with control characters as escapes (``\x1b``, ``\u202e``).

    Also escaped: marks that turn the order of text or cannot be seen, ends of lines, half
    surrogate pairs. Joiners stay, because emoji and some scripts are written with them.
    """
    return _IN_A_LINE.sub(_escape, text)


def visible_page(text: str) -> str:
    """Return text of several lines like ``visible``; new lines and tabs stay."""
    return _ON_A_PAGE.sub(_escape, text)


def visible_start(text: str, most: int) -> str:
    """Return text like ``visible``, at most ``most`` characters of it and ``…`` where it goes on.

    No escape is cut in two.
    """
    seen = visible(text[:most])
    if len(text) <= most and len(seen) <= most:
        return seen
    return _HALF_ESCAPE.sub("", seen[:most]) + "…"


def visible_json(text: str) -> str:
    r"""Return JSON that says the same, with those characters as its own escapes.

    JSON itself escapes only ``\x00`` to ``\x1f``. New lines and tabs between its values stay.
    """
    return _ON_A_PAGE.sub(_escape_json, text)


def _escape_json(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def _escape(found: re.Match[str]) -> str:
    point = ord(found[0])
    if point <= 0xFF:  # noqa: PLR2004 - what two digits can say
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point <= 0xFFFF else f"\\U{point:08x}"  # noqa: PLR2004 - four digits
