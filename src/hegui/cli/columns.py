"""Text in columns on a terminal, where a Han character is two columns wide."""

from collections.abc import Iterable, Sequence
from unicodedata import east_asian_width

WIDTH = 96


def width(text: str) -> int:
    """Return how many columns ``text`` takes."""
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)


def wrapped(text: str, columns: int = WIDTH) -> list[str]:
    """Break ``text`` into lines: at spaces, or behind Han characters and their punctuation."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in _words(paragraph):
            if line and width(line) + width(word.rstrip()) > columns:
                lines.append(line.rstrip())
                line = ""
            line += word
        lines.append(line.rstrip())
    return lines


def _words(text: str) -> Iterable[str]:
    word = ""
    for place, char in enumerate(text):
        word += char
        following = text[place + 1 : place + 2]
        # No line begins with a closing mark.
        closing = following and following in "，。；：、？！）》」”"
        if char == " " or (
            east_asian_width(char) in "WF" and not closing and char not in "（《「“"
        ):
            yield word
            word = ""
    if word:
        yield word


def aligned(rows: Sequence[tuple[str, str]], indent: int = 2, most: int = 34) -> list[str]:
    """Lay out rows of a name and its words, the words below one another."""
    left = min(most, max((width(name) for name, _ in rows), default=0)) + indent + 2
    lines: list[str] = []
    for name, words in rows:
        head = " " * indent + name
        told = wrapped(words, WIDTH - left) or [""]
        if width(head) + 2 > left:
            lines.append(head)
            head = ""
        lines.append((head + " " * (left - width(head)) + told[0]).rstrip())
        lines += [" " * left + line for line in told[1:]]
    return lines


def table(rows: Sequence[Sequence[str]], indent: int = 2) -> list[str]:
    """Lay out a table; its first row is the heading."""
    if not rows:
        return []
    widths = [max(width(row[place]) for row in rows) for place in range(len(rows[0]))]
    return [
        (
            " " * indent
            + "  ".join(
                cell + " " * (room - width(cell)) for cell, room in zip(row, widths, strict=True)
            )
        ).rstrip()
        for row in rows
    ]
