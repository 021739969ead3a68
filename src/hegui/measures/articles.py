"""The text of the Measures: 24 articles in Chinese (official) and in English (ours).

A place in it has an id: ``14`` is an article, ``14.p2`` its second paragraph, ``4(1)`` an item. The
only paragraph of an article is ``15.p1``. Source: the page that ``text().source`` names.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from hashlib import sha256
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

from hegui.measures.places import article, numeral
from hegui.measures.words import data, words
from hegui.terms import Words

Binds: TypeAlias = Literal["provider", "provider-and-user", "user", "state", "assessor", "none"]
"""Whom a paragraph or item obliges or entitles; ``none``: purpose, scope, meaning, entry."""


@dataclass(frozen=True, slots=True)
class Clause:
    """One paragraph (``14.p2``) or item (``4(1)``). ``zh`` alone is authentic."""

    id: str
    article: int
    label: Words
    text: Words
    binds: Binds
    item: int = 0

    @property
    def binds_provider(self) -> bool:
        """Whether a provider owes something by it."""
        return self.binds in ("provider", "provider-and-user")


@dataclass(frozen=True, slots=True)
class Article:
    """One article: its clauses in the order of the text, items after their paragraph."""

    number: int
    chapter: int
    clauses: tuple[Clause, ...]

    @property
    def id(self) -> str:
        """Its number as an id."""
        return str(self.number)

    @property
    def title(self) -> Words:
        """Its heading."""
        return article(self.id)


@dataclass(frozen=True)
class Text:
    """The Measures: title, source, chapters and articles.

    ``digest`` is the SHA-256 that was stored with the official text; ``official`` is what it is of.
    """

    title: Words
    source: str
    in_force: str
    note: str
    digest: str
    chapters: Mapping[int, Words]
    articles: tuple[Article, ...]

    @cached_property
    def clauses(self) -> Mapping[str, Clause]:
        """Every paragraph and item by its id, in the order of the text."""
        return MappingProxyType(
            {clause.id: clause for article in self.articles for clause in article.clauses}
        )

    @property
    def official(self) -> str:
        """The articles in Chinese: a line for each heading, paragraph and item."""
        return "".join(f"{line}\n" for article in self.articles for line in _lines(article))

    def under(self, place: str) -> tuple[Clause, ...]:
        """Return the clauses that ``place`` covers: an article's, or the one; none if unknown."""
        if place.isdecimal():
            return tuple(one for one in self.clauses.values() if str(one.article) == place)
        clause = self.clauses.get(place)
        return () if clause is None else (clause,)

    def label(self, place: str) -> Words:
        """Say where ``place`` stands: ``Art. 14 para. 2``. ``KeyError`` when there is none."""
        if place.isdecimal() and self.under(place):
            return article(place)
        return self.clauses[place].label


def sha256_of(text: str) -> str:
    """Return the SHA-256 of a text in UTF-8, in hexadecimal."""
    return sha256(text.encode()).hexdigest()


@cache
def text() -> Text:
    """Return the Measures."""
    raw = data("articles.json")
    return Text(
        title=words(raw["title"]),
        source=raw["source"],
        in_force=raw["in_force"],
        note=raw["note"],
        digest=raw["digest"],
        chapters=MappingProxyType({row["number"]: words(row) for row in raw["chapters"]}),
        articles=tuple(_article(row) for row in raw["articles"]),
    )


def _article(row: Mapping[str, Any]) -> Article:
    number, paragraphs = row["number"], row["paragraphs"]
    return Article(number, row["chapter"], tuple(_clauses(number, paragraphs)))


def _clauses(number: int, paragraphs: list[Mapping[str, Any]]) -> Iterator[Clause]:
    for row in paragraphs:
        place = f"{number}.p{row['number']}"
        label = article(str(number) if len(paragraphs) == 1 else place)
        yield Clause(place, number, label, words(row), row["binds"])
        for item in row.get("items", ()):
            place = f"{number}({item['number']})"
            at = item["number"]
            yield Clause(place, number, article(place), words(item), item["binds"], item=at)


def _lines(article: Article) -> Iterator[str]:
    yield article.title.zh
    for clause in article.clauses:
        number = f"（{numeral(clause.item)}）" if clause.item else ""
        yield number + clause.text.zh
