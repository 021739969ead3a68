"""Other ways to write a literal, for rules that are built once and looked for as they stand.

Variants multiply: a character may have several traditional forms. So each literal has at most
``MOST`` of them, the likeliest first; what mixes forms is left to the normalised channel.
"""

from collections.abc import Collection, Iterator, Sequence
from functools import cache
from heapq import heappop, heappush
from importlib import resources
from itertools import islice
from typing import Final

from hegui.detectors.tree import full_width_text

MOST: Final = 8
KINDS: Final = frozenset({"traditional", "full_width", "spaced", "homophone"})
"""What a rule may ask for. The last two are channels: no literal can spell them out."""


def expanded(text: str, kinds: Collection[str]) -> tuple[str, ...]:
    """Return ``text`` and its variants of the ``kinds`` asked for: no duplicates, at most ``MOST``.

    ``traditional``: as written in Taiwan, as written in Hong Kong, then with the other characters
    that a simplified one may stand for. ``full_width``: ASCII characters in their full-width form
    (U+FF01 to FF5E, U+3000). Other kinds add no literal.
    """
    found = {text: None}
    scripts = [text, *_traditional(text)] if "traditional" in kinds else [text]
    for script in scripts:
        found[script] = None
        if "full_width" in kinds:
            found[full_width_text(script)] = None
    return tuple(islice(found, MOST))


def _traditional(text: str) -> Iterator[str]:
    forms = [_forms().get(char, char * 2) for char in text]
    for place in (0, 1):
        yield "".join(form[place] for form in forms)
    yield from islice(_nearest([tuple(dict.fromkeys(form)) for form in forms]), MOST)


def _nearest(options: Sequence[Sequence[str]]) -> Iterator[str]:
    """Combine one option of each place: first the first ones, then the nearest to them."""
    queue: list[tuple[int, tuple[int, ...]]] = [(0, (0,) * len(options))]
    seen = {queue[0][1]}
    while queue:
        cost, choice = heappop(queue)
        yield "".join(option[n] for option, n in zip(options, choice, strict=True))
        for place, option in enumerate(options):
            other = (*choice[:place], choice[place] + 1, *choice[place + 1 :])
            if other[place] < len(option) and other not in seen:
                seen.add(other)
                heappush(queue, (cost + 1, other))


@cache
def _forms() -> dict[str, str]:
    """Return what a simplified character is written as: in Taiwan, in Hong Kong, and otherwise."""
    data = resources.files("hegui.detectors").joinpath("data/traditional.txt").read_text("utf-8")
    return {line[0]: line[1:] for line in data.splitlines()}
