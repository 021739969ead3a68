"""What a pattern is made of: sets of characters, and the four ways to put them together."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final, TypeAlias

DIGITS: Final = frozenset("0123456789")
LETTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
WORD: Final = DIGITS | LETTERS
_WIDE: Final = {chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)} | {" ": "\u3000"}
_WIDEN: Final = str.maketrans(_WIDE)
_NARROW: Final = str.maketrans({wide: narrow for narrow, wide in _WIDE.items()})
_SOME_WIDE: Final = re.compile("[\u3000\uff01-\uff5e]")

Chars: TypeAlias = frozenset[str]


def wide(chars: Iterable[str]) -> Chars:
    """Return ``chars`` and the full-width form of each that has one (U+FF01 to FF5E, U+3000)."""
    chars = frozenset(chars)
    return chars | {_WIDE[char] for char in chars if char in _WIDE}


def caseless(chars: Iterable[str]) -> Chars:
    """Return ``chars`` and the other case of each ASCII letter. No other letter folds."""
    chars = frozenset(chars)
    return chars | {char.swapcase() for char in chars if char.isascii()}


def narrow(text: str) -> str:
    """Return ``text`` with full-width forms made ASCII, character for character."""
    if _SOME_WIDE.search(text) is None:  # an eighth of the time that translating it takes
        return text
    return text.translate(_NARROW)


def full_width_text(text: str) -> str:
    """Return ``text`` with every character that has a full-width form in that form."""
    return text.translate(_WIDEN)


widened = full_width_text


@dataclass(frozen=True, slots=True)
class Each:
    """One character out of a set."""

    chars: Chars


@dataclass(frozen=True, slots=True)
class Row:
    """Nodes one after the other."""

    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Either:
    """One of several nodes."""

    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Times:
    """A node, ``low`` to ``high`` times."""

    node: "Node"
    low: int
    high: int


Node: TypeAlias = Each | Row | Either | Times

WIDE_WORD: Final = wide(WORD) - WORD
WIDE_LETTERS: Final = wide(LETTERS) - LETTERS


def lengths(node: Node) -> tuple[int, int]:
    """Return the lengths of the shortest and the longest match, in characters."""
    if isinstance(node, Each):
        return 1, 1
    if isinstance(node, Times):
        low, high = lengths(node.node)
        return low * node.low, high * node.high
    sizes = [lengths(part) for part in node.parts]
    if isinstance(node, Row):
        return sum(low for low, _ in sizes), sum(high for _, high in sizes)
    return min(low for low, _ in sizes), max(high for _, high in sizes)


def bytes_size(node: Node) -> int:
    """Return how many bytes of UTF-8 every match is long; 0 when they differ."""
    if isinstance(node, Each):
        sizes = {len(char.encode()) for char in node.chars}
        return sizes.pop() if len(sizes) == 1 else 0
    if isinstance(node, Times):
        return bytes_size(node.node) * node.low if node.low == node.high else 0
    found = [bytes_size(part) for part in node.parts]
    if isinstance(node, Row):
        return sum(found) if all(found) else 0
    return found[0] if len(set(found)) == 1 else 0


def chars_of(node: Node) -> Iterator[Chars]:
    """Walk the sets of characters of a node."""
    if isinstance(node, Each):
        yield node.chars
    elif isinstance(node, Times):
        yield from chars_of(node.node)
    else:
        for part in node.parts:
            yield from chars_of(part)


def mapped(node: Node, to: Callable[[str], str]) -> Node:
    """Return the node with each character replaced."""
    if isinstance(node, Each):
        return Each(frozenset(map(to, node.chars)))
    if isinstance(node, Times):
        return Times(mapped(node.node, to), node.low, node.high)
    parts = tuple(mapped(part, to) for part in node.parts)
    return Row(parts) if isinstance(node, Row) else Either(parts)


def without(node: Node, chars: Chars) -> Node | None:
    """Return the node for the matches that hold none of ``chars``; None when there are none."""
    if isinstance(node, Each):
        left = node.chars - chars
        return Each(left) if left else None
    if isinstance(node, Times):
        inner = without(node.node, chars)
        if inner is None:
            return None if node.low else Row(())
        return Times(inner, node.low, node.high)
    parts = [without(part, chars) for part in node.parts]
    kept = tuple(part for part in parts if part is not None)
    if isinstance(node, Row):
        return Row(kept) if len(kept) == len(parts) else None
    return Either(kept) if kept else None


def leaves_of(node: Node) -> int:
    """Return how many characters stand in a pattern laid out, repeats multiplied."""
    if isinstance(node, Each):
        return 1
    if isinstance(node, Times):
        return node.high * leaves_of(node.node)
    return sum(map(leaves_of, node.parts))


def edge_of(node: Node, *, last: bool = False) -> tuple[Chars, bool]:
    """Return what a match may begin with (or end with), and whether it may be empty."""
    if isinstance(node, Each):
        return node.chars, False
    if isinstance(node, Times):
        chars, empty = edge_of(node.node, last=last)
        return chars, empty or node.low == 0
    found: Chars = frozenset()
    if isinstance(node, Row):
        for part in reversed(node.parts) if last else node.parts:
            chars, empty = edge_of(part, last=last)
            found |= chars
            if not empty:
                return found, False
        return found, True
    edges = [edge_of(part, last=last) for part in node.parts]
    return found.union(*(chars for chars, _ in edges)), any(empty for _, empty in edges)


def nodes_of(node: Node) -> int:
    """Return how many nodes there are when every repeat is written out."""
    if isinstance(node, Each):
        return 1
    if isinstance(node, Times):
        return 1 + nodes_of(node.node) * node.high
    return 1 + sum(map(nodes_of, node.parts))


def folded(node: Node, *, case: bool, width: bool) -> Node:
    """Return the node with the other case and the full-width form of each character added."""
    if isinstance(node, Each):
        return _folded_each(node, case=case, width=width)
    if isinstance(node, Times):
        return Times(folded(node.node, case=case, width=width), node.low, node.high)
    parts = tuple(folded(part, case=case, width=width) for part in node.parts)
    return Row(parts) if isinstance(node, Row) else Either(parts)


@lru_cache(maxsize=20_000)
def _folded_each(node: Each, *, case: bool, width: bool) -> Each:
    chars = caseless(node.chars) if case else node.chars
    return Each(wide(chars) if width else chars)


def full_width(node: Node) -> Node:
    """Return the node with each character that has a full-width form replaced by it."""
    if isinstance(node, Each):
        return Each(frozenset(_WIDE.get(char, char) for char in node.chars))
    if isinstance(node, Times):
        return Times(full_width(node.node), node.low, node.high)
    parts = tuple(map(full_width, node.parts))
    return Row(parts) if isinstance(node, Row) else Either(parts)


def source_of(node: Node) -> str:
    """Return the node as Python's ``re`` and Hyperscan read it."""
    if isinstance(node, Each):
        return class_source(node.chars)
    if isinstance(node, Times):
        return f"(?:{source_of(node.node)}){{{node.low},{node.high}}}"
    if isinstance(node, Row):
        return "".join(map(source_of, node.parts))
    return f"(?:{'|'.join(map(source_of, node.parts))})"


@lru_cache(maxsize=20_000)
def class_source(chars: Chars) -> str:
    """Return a set of characters as a class that ``re`` and Hyperscan read alike."""
    codes = sorted(map(ord, chars))
    breaks = [n for n, (a, b) in enumerate(pairwise(codes), 1) if b != a + 1]
    runs = [codes[a:b] for a, b in pairwise([0, *breaks, len(codes)])]
    return f"[{''.join(map(_spell, runs))}]"


def _spell(run: Sequence[int]) -> str:
    low, high = _spell_char(run[0]), _spell_char(run[-1])
    return low if len(run) == 1 else f"{low}-{high}"


def _spell_char(code: int) -> str:
    char = chr(code)
    return f"\\x{code:02x}" if char.isascii() and not char.isalnum() else char


def bytes_source(node: Node) -> str:
    """Return the node over UTF-8 bytes, for an engine that knows nothing of characters.

    What it matches in bytes that are not UTF-8 is then as well defined as in those that are.
    """
    if isinstance(node, Each):
        return bytes_class(node.chars)
    if isinstance(node, Times):
        return f"(?:{bytes_source(node.node)}){{{node.low},{node.high}}}"
    if isinstance(node, Row):
        return "".join(map(bytes_source, node.parts))
    return f"(?:{'|'.join(map(bytes_source, node.parts))})"


@lru_cache(maxsize=20_000)
def bytes_class(chars: Chars) -> str:
    """Return a set of characters as a choice of byte sequences, those with one beginning joined."""
    lasts: dict[bytes, list[int]] = {}
    for char in sorted(chars):
        *head, last = char.encode()
        lasts.setdefault(bytes(head), []).append(last)
    spelt = [
        "".join(f"\\x{byte:02x}" for byte in head)
        + "["
        + "".join(f"\\x{byte:02x}" for byte in last)
        + "]"
        for head, last in lasts.items()
    ]
    return spelt[0] if len(spelt) == 1 else f"(?:{'|'.join(spelt)})"
