r"""Our restricted regular expressions: every pattern has a bound, and says what it is made of.

Literals, classes (``[a-z0-9]``), ``\d``, escapes, groups, ``|``, ``?``, ``{n}`` and ``{m,n}``.
There is no ``*`` or ``+``, no dot, no negated class, no look-around and no back-reference: what is
left is matched in linear time by every back end, has a longest match, and can be read backwards,
which is how a stream knows what to hold back. Boundaries are not part of a pattern: see
``targets``.
"""

import re
from functools import cache, cached_property
from itertools import repeat
from typing import Final, Literal, NoReturn, TypeAlias

from hegui.detectors.positions import Positions, positions_of
from hegui.detectors.tree import (
    DIGITS,
    LETTERS,
    WIDE_LETTERS,
    Chars,
    Each,
    Either,
    Node,
    Row,
    Times,
    class_source,
    edge_of,
    folded,
    full_width,
    leaves_of,
    lengths,
    nodes_of,
    source_of,
    widened,
)
from hegui.terms import Misconfigured, Words

MAX_SPAN: Final = 256  # characters; a hold-back is never longer
MAX_SOURCE: Final = 4000  # characters of a pattern's own text
_MAX_POSITIONS: Final = 4096
_MAX_NODES: Final = 50_000  # nodes laid out, repeats multiplied
_MAX_MEMBERS: Final = 66_000  # characters in all classes of a pattern together
_SHOWN: Final = 60  # characters of a pattern that a message repeats
_HEX_DIGITS: Final = 4
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r"}

Fold: TypeAlias = Literal["none", "ascii", "wide"]
"""Which letters of a phrase are caseless: none, ASCII ones, or their full-width forms."""

_FOLDED: Final[dict[Fold, Chars]] = {"none": frozenset(), "ascii": LETTERS, "wide": WIDE_LETTERS}


class Pattern:
    """A parsed pattern. ``shortest`` and ``span`` are the lengths of its matches in characters."""

    def __init__(self, tree: Node, sizes: tuple[int, int] | None = None) -> None:
        self._tree: Node | None = tree
        self.shortest, self.span = sizes or lengths(tree)

    @property
    def tree(self) -> Node:
        """What the pattern is made of."""
        assert self._tree is not None
        return self._tree

    @cached_property
    def source(self) -> str:
        """The pattern for Python's ``re``."""
        return source_of(self.tree)

    @cached_property
    def positions(self) -> Positions:
        """The pattern as an automaton."""
        return positions_of(self.tree)

    @property
    def opening(self) -> Chars:
        """The characters that a match may begin with."""
        return edge_of(self.tree)[0]

    @property
    def closing(self) -> Chars:
        """The characters that a match may end with."""
        return edge_of(self.tree, last=True)[0]

    def folded(self, *, case: bool = False, width: bool = False) -> "Pattern":
        """Return the pattern with the other case and the full-width form of each character added.

        Folding is part of the pattern and never done to a text, so every reader of the pattern
        folds alike and offsets stay those of the text.
        """
        tree = folded(self.tree, case=case, width=width)
        return Pattern(tree, (self.shortest, self.span))

    def full_width(self) -> "Pattern":
        """Return the pattern with every character that has a full-width form in that form only."""
        return Pattern(full_width(self.tree), (self.shortest, self.span))


class Phrase(Pattern):
    """A literal text. Light, because a lexicon has a hundred thousand: its tree is made if asked.

    ``fold`` says which letters match in either case.
    """

    def __init__(self, text: str, fold: Fold = "none") -> None:
        self.text = text
        self.fold: Fold = fold
        self.shortest = self.span = len(text)
        self._tree = None

    @property
    def tree(self) -> Node:
        """The text as a row of single characters, each with its other case if it folds."""
        return Row(tuple(_each(char, self.fold) for char in self.text))

    @property
    def source(self) -> str:
        """The pattern for Python's ``re``."""
        return "".join(map(_spelt, self.text, repeat(self.fold)))

    @property
    def opening(self) -> Chars:
        """The first character, in either case if it folds."""
        return _each(self.text[0], self.fold).chars

    @property
    def closing(self) -> Chars:
        """The last character, in either case if it folds."""
        return _each(self.text[-1], self.fold).chars

    def folded(self, *, case: bool = False, width: bool = False) -> Pattern:
        """Return the pattern with the other case and the full-width form of each character."""
        if width:
            return super().folded(case=case, width=width)
        if case and self.fold == "none" and not LETTERS.isdisjoint(self.text):
            return Phrase(self.text, "ascii")
        return self

    def full_width(self) -> Pattern:
        """Return the pattern with every character that has a full-width form in that form only."""
        if self.fold == "ascii" and not WIDE_LETTERS.isdisjoint(self.text):
            return super().full_width()  # some letters fold and some do not
        text = widened(self.text)
        if text == self.text:
            return self
        return Phrase(text, "wide" if self.fold == "ascii" else "none")


@cache
def _each(char: str, fold: Fold) -> Each:
    if fold == "ascii" or (fold == "wide" and char in WIDE_LETTERS):
        return Each(
            frozenset({char, char.swapcase()} if char.isascii() or fold == "wide" else char)
        )
    return Each(frozenset(char))


def folded_char(char: str, fold: Fold) -> Chars:
    """Return a character, with its other case if it folds."""
    return _each(char, fold).chars


@cache
def _spelt(char: str, fold: Fold) -> str:
    return class_source(_each(char, fold).chars)


def literal(text: str) -> Phrase:
    """Return the pattern that matches ``text`` itself.

    Raises Misconfigured for one that is empty, longer than ``MAX_SPAN`` or not text at all.
    """
    if not text:
        _refuse("", 0, Words("a literal cannot be empty", "字面词不能为空"))
    if len(text) > MAX_SPAN:
        _refuse(text, MAX_SPAN, _too_long(len(text)))
    if not text.isascii() and (half := _SURROGATE.search(text)):
        _refuse(text, half.start(), _NO_CHARACTER)
    return Phrase(text)


def parse(source: str) -> Pattern:
    """Read a pattern. Raises Misconfigured, naming the place, for what the subset does not have.

    Refusing takes milliseconds, whatever the pattern: sizes are reckoned before anything is built.
    """
    if len(source) > MAX_SOURCE:
        words = Words(
            "it is {size} characters long; the bound is {bound}",
            "长 {size} 个字符，上限为 {bound}",
        )
        _refuse(source, MAX_SOURCE, words.fill(size=len(source), bound=MAX_SOURCE))
    parser = _Parser(source)
    tree = parser.either()
    if parser.at < len(source):
        parser.refuse(Words("a closing bracket without an opening one", "多出一个右括号"))
    pattern = Pattern(tree)
    if pattern.shortest == 0:
        _refuse(source, 0, Words("it matches the empty text", "会匹配空文本"))
    if pattern.span > MAX_SPAN:
        _refuse(source, 0, _too_long(pattern.span))
    if nodes_of(tree) > _MAX_NODES or leaves_of(tree) > _MAX_POSITIONS:
        _refuse(source, 0, Words("it is too large: fewer repeats, please", "过大：请减少重复次数"))
    return pattern


def refusal(source: str) -> Words | None:
    """Return why a pattern is refused and where; None when it is a good one."""
    try:
        parse(source)
    except Misconfigured as refused:
        return refused.words
    return None


_HALVES: Final = frozenset(map(chr, range(0xD800, 0xE000)))
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_NO_CHARACTER: Final = Words("half of a surrogate pair is no character", "半个代理对不是字符")


def _too_long(span: int) -> Words:
    return Words(
        "a match may be {span} characters long; the bound is {bound}",
        "匹配最长可达 {span} 个字符，上限为 {bound}",
    ).fill(span=span, bound=MAX_SPAN)


def _refuse(source: str, at: int, why: Words) -> NoReturn:
    where = Words("pattern {source!r}, character {at}: ", "模式 {source!r} 第 {at} 个字符：").fill(
        source=source if len(source) <= _SHOWN else source[:_SHOWN] + "…", at=at + 1
    )
    raise Misconfigured(Words(where.en + why.en, where.zh + why.zh))


class _Parser:
    """Recursive descent over the source; ``at`` is the next character."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 0
        self._depth = 0
        self._members = 0

    def refuse(self, why: Words) -> NoReturn:
        _refuse(self.source, self.at, why)

    def _peek(self) -> str:
        return self.source[self.at : self.at + 1]

    def _take(self) -> str:
        if self.at >= len(self.source):
            self.refuse(Words("it ends too early", "不完整"))
        self.at += 1
        return self.source[self.at - 1]

    def either(self) -> Node:
        options = [self._row()]
        while self._peek() == "|":
            self.at += 1
            options.append(self._row())
        return options[0] if len(options) == 1 else Either(tuple(options))

    def _row(self) -> Node:
        parts: list[Node] = []
        while self._peek() not in ("", "|", ")"):
            parts.append(self._counted(self._one()))
        return parts[0] if len(parts) == 1 else Row(tuple(parts))

    def _one(self) -> Node:
        char = self._take()
        if char == "(":
            return self._group()
        if char == "[":
            return Each(self._class())
        if char == "\\":
            return Each(self._escape())
        if "\ud800" <= char <= "\udfff":
            self.at -= 1
            self.refuse(_NO_CHARACTER)
        if char in "*+.^$?{":
            self.at -= 1
            self.refuse(
                Words(
                    f"{char!r} is not in our subset here (no bound, or no meaning in a stream); "
                    "write \\ before it to mean the character",
                    f"此处不支持 {char!r}（没有上限，或在流式文本中没有意义）；"
                    "若指该字符本身，请在前面加 \\",
                )
            )
        return _each(char, "none")

    def _group(self) -> Node:
        self._depth += 1
        if self._depth > 20:  # noqa: PLR2004 - deeper nesting is an accident, not a rule
            self.refuse(Words("groups are nested too deeply", "括号嵌套过深"))
        if self._peek() == "?":
            self.at += 1
            if self._take() != ":":
                self.at -= 1
                self.refuse(
                    Words("only (…) and (?:…): no look-around", "只支持 (…) 和 (?:…)，不支持环视")
                )
        inner = self.either()
        if self._peek() != ")":
            self.refuse(Words("a group is not closed", "括号没有闭合"))
        self.at += 1
        self._depth -= 1
        return inner

    def _counted(self, node: Node) -> Node:
        char = self._peek()
        if char == "?":
            self.at += 1
            node = Times(node, 0, 1)
        elif char == "{":
            self.at += 1
            close = self.source.find("}", self.at)
            low, comma, high = self.source[self.at : max(close, self.at)].partition(",")
            if not (low.isdecimal() and (high.isdecimal() if comma else not high)):
                self.refuse(
                    Words(
                        "write {n} or {m,n}: every repeat has a bound",
                        "请写 {n} 或 {m,n}：重复须有上限",
                    )
                )
            least, most = int(low), int(high or low)
            if not (least <= most and 0 < most <= MAX_SPAN):
                self.refuse(
                    Words(
                        f"a repeat runs from 0 to at most {MAX_SPAN}",
                        f"重复次数应在 0 到 {MAX_SPAN} 之间",
                    )
                )
            self.at = close + 1
            if lengths(node)[1] == 0:
                self.refuse(Words("a repeat of nothing", "重复的内容为空"))
            node = Times(node, least, most)
        else:
            return node
        if self._peek() in ("?", "{", "*", "+") and self._peek():
            self.refuse(Words("a repeat of a repeat: use a group", "重复之上再重复：请用括号"))
        return node

    def _escape(self) -> Chars:
        char = self._take()
        if char == "d":
            return DIGITS
        if char in _ESCAPES:
            return frozenset(_ESCAPES[char])
        if char == "u":
            digits = self.source[self.at : self.at + _HEX_DIGITS]
            if len(digits) == _HEX_DIGITS and all(
                digit in "0123456789abcdefABCDEF" for digit in digits
            ):
                self.at += _HEX_DIGITS
                if 0xD800 <= int(digits, 16) <= 0xDFFF:  # noqa: PLR2004 - Unicode's own bounds
                    self.refuse(_NO_CHARACTER)
                return frozenset(chr(int(digits, 16)))
        if char.isascii() and char.isalnum():
            self.at -= 1
            self.refuse(Words(f"\\{char} is not in our subset", f"不支持 \\{char}"))
        return frozenset(char)

    def _class(self) -> Chars:
        if self._peek() == "^":
            self.refuse(
                Words("no negated class: list the characters", "不支持取反的字符类：请列出字符")
            )
        chars: set[str] = set()
        while (char := self._take()) != "]":
            low = self._escape() if char == "\\" else frozenset(char)
            if self._peek() == "-" and self.source[self.at + 1 : self.at + 2] not in ("", "]"):
                self.at += 1
                top = self._take()
                high = self._escape() if top == "\\" else frozenset(top)
                if len(low) != 1 or len(high) != 1 or min(low) > min(high):
                    self.refuse(Words("a range from high to low", "字符范围前后颠倒"))
                chars |= self._range(ord(min(low)), ord(min(high)) + 1)
            else:
                chars |= low
        if not chars:
            self.refuse(Words("an empty class", "空的字符类"))
        return frozenset(chars)

    def _range(self, low: int, high: int) -> Chars:
        self._members += high - low
        if self._members > _MAX_MEMBERS:
            self.refuse(Words("too many characters in its classes", "字符类包含的字符过多"))
        return frozenset(map(chr, range(low, high))) - _HALVES
