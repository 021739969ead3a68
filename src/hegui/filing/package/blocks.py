"""What a document of the package is made of, before it is typeset. Pure.

A few blocks, each in both languages, so that PDF and DOCX are written from the same thing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from hegui.terms import Words


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of level 1 or 2."""

    text: Words
    level: int = 1


@dataclass(frozen=True, slots=True)
class Para:
    """A paragraph. ``slot``: something is missing here, and the text says what supplies it."""

    text: Words
    slot: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table. ``widths`` are shares of the page; every row has as many cells as the head."""

    head: tuple[Words, ...]
    rows: tuple[tuple[Words, ...], ...]
    widths: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Signature:
    """A line to sign on, by hand. It stays blank: nothing here signs for anybody."""

    role: Words


Block: TypeAlias = Heading | Para | Table | Signature


@dataclass(frozen=True, slots=True)
class Document:
    """A document: ``name`` is that of its files, without language and suffix."""

    name: str
    title: Words
    blocks: tuple[Block, ...]

    @property
    def texts(self) -> Iterator[tuple[Words, Words]]:
        """Every text in it, each with the heading that it stands under."""
        under = self.title
        yield under, self.title
        for block in self.blocks:
            if isinstance(block, Heading):
                under = block.text
            for text in _of(block):
                yield under, text


def same(text: str) -> Words:
    """Return a text that reads the same in both languages: a number, a name, a hash."""
    return Words(text, text)


def _of(block: Block) -> Iterator[Words]:
    if isinstance(block, Signature):
        yield block.role
    elif isinstance(block, Table):
        yield from block.head
        for row in block.rows:
            yield from row
    else:
        yield block.text
