"""What a package is made from: everything that its chapters may say. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from hegui.filing.board import Board, Part
from hegui.filing.package.conclusions import Conclusion
from hegui.filing.package.lists import Keyword, Question
from hegui.filing.statements import Statement, Version
from hegui.measures import Profile
from hegui.terms import Words


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that the settings say; empty where they do not. ``key`` is where to say it."""

    name: Words
    value: str
    key: str


@dataclass(frozen=True, slots=True)
class Material:
    """All of it. ``parts`` are the queries that were judged; ``questions`` None: none attached.

    ``statements`` are those in force on the day, by sort.
    """

    board: Board
    profile: Profile
    conclusions: tuple[Conclusion, ...]
    parts: Mapping[str, Part]
    keywords: tuple[Keyword, ...]
    questions: tuple[Question, ...] | None
    provider: tuple[Fact, ...]
    models: tuple[tuple[Fact, ...], ...]
    mechanism: tuple[Fact, ...] = field(default=())
    statements: Mapping[str, tuple[Version, Statement]] = field(default_factory=dict)
