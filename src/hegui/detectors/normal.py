"""The normalised channel: a text as a reader takes it, character for character.

Full-width, enclosed, mathematical and look-alike letters become the ASCII letter or the Han
character that they stand for, traditional characters simplified ones, and what cannot be seen is
left out (``data/letters.txt``; UTS #39 for look-alikes). A character becomes one character or none,
so that every place of the normalised text has one in the raw text.

A run of more than ``RUN`` characters that cannot be seen is not left out: it breaks the text, and
nothing matches across. So what a match depends on never reaches far, and a stream need not wait.
Where such characters are spelt as escapes, a run of more than ``REACH`` characters breaks it, too.
"""

import re
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Final, NamedTuple, TypeAlias
from unicodedata import category

import numpy as np
from numpy.typing import NDArray

from hegui.detectors.tree import class_source

RUN: Final = 8
REACH: Final = 48  # characters of source: eight escapes of the usual length
BREAK: Final = "\u3164"  # invisible, so never in a normalised text; a letter, so nothing to skip
_DROPPED: Final = 0xFFFF_FFFF
_TOP: Final = 0x30000  # what lies above keeps its form, but for the plane of tags and selectors
_TAGS: Final = 0xE0  # the 4096 code points from U+E0000
_FORMS: Final = {
    " ": "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f"
    "\u205f\u3000",
    "-": "\u2010\u2011\u2012\u2013\u2212\uff0d",
    "'": "\u2018\u2019\uff07",
    **dict(zip("@._+%#&/=", "＠．＿＋％＃＆／＝", strict=True)),
}
_UNSEEN: Final = (
    # controls but white space; Default_Ignorable_Code_Point of the Unicode Character Database
    "0-8 e-1f 7f-84 86-9f ad 34f 61c 115f-1160 17b4-17b5 180b-180f 200b-200f 202a-202e 2060-206f "
    "3164 fe00-fe0f feff ffa0 fff0-fffb 1bca0-1bca3 1d173-1d17a e0000-e0fff "
    # the blocks of combining marks that belong to no one script
    "300-36f 1ab0-1aff 1dc0-1dff 20d0-20ff fe20-fe2f"
)


Places: TypeAlias = Sequence[int] | NDArray[np.intp]


class Derived(NamedTuple):
    """A channel's text. ``places[k]`` is where its character ``k`` stands in the raw text.

    ``breaks`` are where, in the raw text, a run begins that is too long to be left out, and where
    it has become so. ``lasts[k]`` is where the last raw character of ``k`` stands, if one may be
    spelt by several; ``escapes`` are where those begin that are (see the module of that name).
    """

    text: str
    places: Places
    breaks: Sequence[tuple[int, int]] = ()
    lasts: Places | None = None
    escapes: Places = ()

    def between(self, first: int, last: int) -> tuple[int, int]:
        """Return where the characters from ``first`` to ``last`` begin and end in the raw text."""
        lasts = self.places if self.lasts is None else self.lasts
        return int(self.places[first]), int(lasts[last]) + 1

    def said(self, start: int, end: int) -> str:
        """Return the characters that stand in a stretch of the raw text, none of them left out."""
        if self.lasts is None:
            return self.text[start:end]
        low, high = np.searchsorted(self.places, (start, end))
        return self.text[low:high]


def unseen() -> frozenset[str]:
    """Return the characters that are left out."""
    return frozenset(chr(code) for low, high in _ranges() for code in range(low, high + 1))


@cache
def forms(*kinds: str) -> dict[str, str]:
    """Return what the characters of these kinds become: see ``tools/tables/letters.py``."""
    data = resources.files("hegui.detectors").joinpath("data/letters.txt").read_text("utf-8")
    rows = (line.split("\t") for line in data.split("\n") if line)
    found = {char: image for kind, image, chars in rows if kind in kinds for char in chars}
    if "quiet" in kinds:
        found |= {char: image for image, chars in _FORMS.items() for char in chars}
    return found


def normalised(text: str, width: int, spelt: Derived | None = None) -> Derived | None:
    """Return the normalised text, or nothing if it is the text itself.

    A break is ``width`` characters long: no check that reads so far to the left sees beyond it.
    ``text`` is the raw text, or that of ``spelt``, which says where it stands in the raw one.
    """
    if text.isascii() and text.isprintable():
        return None
    if _changes().search(text) is None:
        return None
    codes = codes_of(text)
    image = _images()[np.minimum(codes, _TOP)]
    if int(codes.max()) >= _TOP:
        high = np.where(codes >> 12 == _TAGS, np.uint32(_DROPPED), codes)
        image = np.where(codes >= _TOP, high, image)
    kept = np.flatnonzero(image != _DROPPED)
    if len(kept) == len(image):
        return _placed(text_of(image), range(len(text)), [], spelt)
    image = image[kept]
    breaks: list[int] = []
    gaps = np.diff(kept, append=len(text))
    far = gaps > RUN + 1
    if spelt is not None and spelt.lasts is not None:
        far |= _far(kept, spelt)
    long = np.flatnonzero(far)
    if len(long):
        breaks = [int(place) + 1 for place in kept[long]]
        where = np.repeat(long + 1, width)
        image = np.insert(image, where, ord(BREAK))
        kept = np.insert(kept, where, np.repeat(kept[long] + 1, width))
    first = int(kept[0]) if len(kept) else len(text)
    if first and too_long(spelt, 0, first):
        breaks.insert(0, 0)
    return _placed(text_of(image), kept, breaks, spelt)


def too_long(spelt: Derived | None, start: int, end: int) -> bool:
    """Whether a run of characters that cannot be seen is too long to be left out."""
    if end - start > RUN or spelt is None or spelt.lasts is None:
        return end - start > RUN
    low, high = spelt.between(start, end - 1)
    return high - low > REACH


def _far(kept: NDArray[np.intp], spelt: Derived) -> NDArray[np.bool_]:
    """Say of each character whether more than ``REACH`` of source lie between it and the next."""
    starts, lasts = np.asarray(spelt.places), np.asarray(spelt.lasts)
    following = np.append(starts, lasts[-1:] + 1)[np.append(kept[1:], len(starts))]
    far: NDArray[np.bool_] = following - lasts[kept] > REACH + 1
    return far


def _placed(
    text: str, kept: Sequence[int] | NDArray[np.intp], breaks: list[int], spelt: Derived | None
) -> Derived:
    r"""Return a normalised text with its places in the raw one, given those it was made from.

    Controls that source spells (``\x00\x00…``) are what binary data looks like: many of them
    break a text like all that is not seen, and are not reported.
    """
    if spelt is None or spelt.lasts is None:
        return Derived(text, kept, [(place, place + RUN + 1) for place in breaks])
    spans = []
    for start in breaks:
        end = start + 1
        while not too_long(spelt, start, end):
            end += 1
        if not all(category(char) == "Cc" for char in spelt.text[start:end]):
            spans.append(spelt.between(start, end - 1))
    at = np.asarray(kept, np.intp)
    return Derived(
        text, np.asarray(spelt.places)[at], spans, np.asarray(spelt.lasts)[at], spelt.escapes
    )


def keeps_company(value: str) -> bool:
    """Whether look-alikes, if any, stand with a letter that is what it looks like."""
    alike = _lookalikes()
    return alike.isdisjoint(value) or any(char.isalpha() and char not in alike for char in value)


@cache
def _lookalikes() -> frozenset[str]:
    return frozenset(forms("alike"))


def changes(text: str) -> bool:
    """Whether a text holds a character that may change."""
    return _changes().search(text) is not None


def codes_of(text: str) -> NDArray[np.uint32]:
    """Return the code points of ``text``."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def text_of(codes: NDArray[np.uint32]) -> str:
    """Return the text of code points."""
    return codes.tobytes().decode("utf-32-le", "surrogatepass")


def _ranges() -> list[tuple[int, int]]:
    pairs = (span.partition("-") for span in _UNSEEN.split())
    return [(int(low, 16), int(high or low, 16)) for low, _, high in pairs]


@cache
def _images() -> NDArray[np.uint32]:
    table = np.arange(_TOP + 1, dtype=np.uint32)
    for char, image in forms("same", "wide", "alike", "quiet").items():
        table[ord(char)] = ord(image)
    for low, high in _ranges():
        table[low : high + 1] = _DROPPED  # ranges above the table are cut off
    return table


@cache
def _changes() -> re.Pattern[str]:
    """Return the characters that may change: all above the first plane are put to the table."""
    changing = {*forms("same", "wide", "alike", "quiet"), *unseen()}
    low = class_source(frozenset(char for char in changing if char <= "\uffff"))
    return re.compile(f"{low[:-1]}\U00010000-\U0010ffff]")
