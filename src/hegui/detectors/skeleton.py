"""The skeleton channel: what is left when the characters between the letters are taken out.

``k.i-l l`` and ``炸 药 包`` are read as one word only if *every* gap between their characters is
filled, and with at most ``GAP`` characters: then ordinary sentences have next to none of it
(measured: docs/design/10-channels.md). What is not a letter or a digit is a filler, but for the end
of a paragraph.
"""

import re
from functools import cache
from typing import Final

from hegui.detectors.normal import BREAK, Derived
from hegui.detectors.pattern import Pattern
from hegui.detectors.tree import Each, Either, Node, Row, Times, class_source

GAP: Final = 3
_PLANE: Final = 0x10000
LEAST: Final = 3  # letters; two around a comma are ordinary text
ENDS: Final = "。！？!?.…；;"
"""Before a line break these end a sentence, and so a stretch: every paragraph of prose does so."""
_CHAIN: Final = re.compile(
    rf"[^\W_](?:(?![\W_]{{0,1}}[{re.escape(ENDS)}]\n)[\W_]{{1,3}}[^\W_]){{2,}}"
)


def chains(derived: Derived) -> list[Derived]:
    """Return the letters of each stretch of text in which every gap is filled.

    The last letter of a longer ASCII word before the stretch, and the first of one after it,
    belong to that word. ``derived`` is the raw text or the normalised one.
    """
    text, places = derived.text, derived.places
    found = []
    upto = 0
    for lone in _lone().finditer(text):
        start = lone.start() + 1
        if start < upto or not text[start].isalnum():
            continue
        match = _CHAIN.match(text, _neighbour(text, start)) or _CHAIN.match(text, start)
        if match is None:
            continue
        start, upto = match.span()
        at = [place for place in range(start, upto) if text[place].isalnum()]
        if start and _word(text[start - 1]) and _word(text[start]):
            del at[0]
        if upto < len(text) and _word(text[upto]) and _word(text[upto - 1]):
            del at[-1]
        if len(at) >= LEAST:
            letters = "".join(text[place] for place in at)
            found.append(Derived(letters, [int(places[place]) for place in at]))
    return found


def has_lone(text: str) -> bool:
    """Whether some letter stands alone between fillers; if not, there are no chains."""
    return _lone().search(text) is not None


@cache
def _lone() -> re.Pattern[str]:
    """Return what has at least every letter with a filler on either side.

    A set of characters is searched for faster than a category. Characters above the first plane
    are taken for both, and looked at afterwards.
    """
    fillers = class_source(
        frozenset(char for char in map(chr, range(_PLANE)) if not char.isalnum())
    )
    either = f"{fillers[:-1]}\U00010000-\U0010ffff]"
    return re.compile(f"{either}[^{fillers[1:]}(?={either})")


def _neighbour(text: str, place: int) -> int:
    """Return the letter before ``place``, if not too many fillers lie between; else ``place``."""
    for before in range(place - 1, max(-1, place - GAP - 2), -1):
        if text[before].isalnum():
            return before
    return place


def last_chain(derived: Derived) -> Derived:
    """Return the letters at the end of a text that has not ended, as ``chains`` would.

    At least the last letter, unless too many fillers follow it.
    """
    text, places = derived.text, derived.places
    if len(text) > 1 and text[-2:].isalnum():  # no gap: only the last letter, if it is no word's
        whole = text[-2:].isascii()
        return Derived("", ()) if whole else Derived(text[-1], places[-1:])
    at: list[int] = []
    gap = 0
    place = len(text)
    while place:
        place -= 1
        if not text[place].isalnum():
            gap += 1
            if gap > GAP or (text[place] in ENDS and text[place + 1 : place + 2] == "\n"):
                break
            continue
        if at and not gap:
            if _word(text[place]) and _word(text[at[-1]]):
                at.pop()
            break
        at.append(place)
        gap = 0
        if text[place] == BREAK:
            break
    at.reverse()
    return Derived("".join(text[place] for place in at), [int(places[place]) for place in at])


def stripped(pattern: Pattern) -> Pattern | None:
    """Return what is left of ``pattern`` in a skeleton, or nothing if that is too short."""
    tree = _strip(pattern.tree)
    if tree is None:
        return None
    left = Pattern(tree)
    return left if left.shortest >= LEAST else None


def _strip(node: Node) -> Node | None:
    if isinstance(node, Each):
        letters = frozenset(char for char in node.chars if char.isalnum())
        if len(letters) == len(node.chars):
            return node
        return Times(Each(letters), 0, 1) if letters else None
    if isinstance(node, Times):
        inner = _strip(node.node)
        return None if inner is None else Times(inner, node.low, node.high)
    parts = [_strip(part) for part in node.parts]
    kept = tuple(part for part in parts if part is not None)
    if isinstance(node, Row):
        return Row(kept) if kept else None
    if not kept:
        return None
    return Either(kept) if len(kept) == len(parts) else Times(Either(kept), 0, 1)


def _word(char: str) -> bool:
    return char.isascii() and char.isalnum()
