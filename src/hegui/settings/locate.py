"""Find the line on which each key of a TOML text stands; ``tomllib`` does not keep them."""

from typing import TypeAlias

Trail: TypeAlias = tuple[str | int, ...]
"""The way to a value: table names, keys and, for lists, positions from 0."""

_SPACE = " \t"
_BARE_END = set(" \t=.]},#\n\r")


def lines_of(text: str) -> dict[Trail, int]:
    """Return the first line, from 1, of each key, table and list item of ``text``.

    Promises nothing for a text that ``tomllib`` refuses, except that it returns.
    """
    return _Reader(text.replace("\r\n", "\n")).walk()


def nearest_line(lines: dict[Trail, int], trail: Trail) -> int:
    """Return the line of ``trail``, or of the closest table around it; 1 when there is none."""
    for end in range(len(trail), 0, -1):
        if trail[:end] in lines:
            return lines[trail[:end]]
    return 1


class _Reader:
    """Walks a text once, from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.line = 1
        self.lines: dict[Trail, int] = {}
        self.counts: dict[Trail, int] = {}

    def walk(self) -> dict[Trail, int]:
        table: Trail = ()
        while self.blank(newlines=True):
            if self.peek() == "[":
                table = self.header()
            else:
                self.pair(table)
        return self.lines

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def step(self, count: int = 1) -> None:
        self.line += self.text.count("\n", self.at, self.at + count)
        self.at += count

    def blank(self, *, newlines: bool) -> bool:
        """Pass over space and, with ``newlines``, comments; tell whether anything is left."""
        while char := self.peek():
            if char == "#":
                end = self.text.find("\n", self.at)
                self.at = len(self.text) if end < 0 else end
            elif char in _SPACE or (newlines and char in "\r\n"):
                self.step()
            else:
                break
        return self.at < len(self.text)

    def header(self) -> Trail:
        line = self.line
        many = self.text.startswith("[[", self.at)
        self.step(2 if many else 1)
        names = self.names()
        self.step(2 if many else 1)
        trail: Trail = ()
        for place, name in enumerate(names):
            trail = (*trail, name)
            self.lines.setdefault(trail, line)
            last = place == len(names) - 1
            if last and many:
                self.counts[trail] = self.counts.get(trail, -1) + 1
            if trail in self.counts:
                trail = (*trail, self.counts[trail])
                self.lines.setdefault(trail, line)
        return trail

    def names(self) -> list[str]:
        """Read a dotted key and stand behind it."""
        found = []
        while True:
            self.blank(newlines=False)
            found.append(self.name())
            self.blank(newlines=False)
            if self.peek() != ".":
                return found
            self.step()

    def name(self) -> str:
        start = self.at
        if self.peek() in ('"', "'"):
            self.string()
            return self.text[start + 1 : self.at - 1]
        while (char := self.peek()) and char not in _BARE_END:
            self.step()
        if self.at == start:
            self.step()
        return self.text[start : self.at]

    def pair(self, table: Trail) -> None:
        line = self.line
        trail = table
        for name in self.names():
            trail = (*trail, name)
            self.lines.setdefault(trail, line)
        if self.peek() == "=":
            self.step()
        self.blank(newlines=False)
        self.value(trail)

    def value(self, trail: Trail) -> None:
        opening = self.peek()
        if opening in ('"', "'"):
            self.string()
        elif opening == "[":
            self.items(trail, "]")
        elif opening == "{":
            self.items(trail, "}")
        else:
            while (char := self.peek()) and char not in ",]}#\n":
                self.step()

    def items(self, trail: Trail, closing: str) -> None:
        self.step()
        place = 0
        while self.blank(newlines=True) and self.peek() != closing:
            before = self.at
            if closing == "]":
                self.lines.setdefault((*trail, place), self.line)
                self.value((*trail, place))
                place += 1
            else:
                self.pair(trail)
            if self.blank(newlines=True) and self.peek() == ",":
                self.step()
            if self.at == before:
                self.step()
        self.step()

    def string(self) -> None:
        quote = self.peek()
        fence = quote * 3 if self.text.startswith(quote * 3, self.at) else quote
        self.step(len(fence))
        while self.at < len(self.text) and not self.text.startswith(fence, self.at):
            self.step(2 if quote == '"' and self.peek() == "\\" else 1)
        self.step(len(fence))
        if len(fence) > 1:
            while self.peek() == quote:
                self.step()
