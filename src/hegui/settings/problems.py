"""What is wrong with a settings file, one problem at a time."""

from collections.abc import Iterable
from dataclasses import dataclass

from hegui.terms import Misconfigured, Words


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to put right: the line it stands on, the key, and what to do.

    ``line`` counts from 1; for something that is missing it is the line of its table, or 1.
    """

    line: int
    key: str
    words: Words

    @property
    def sentence(self) -> Words:
        """The problem with its place, as one line in both languages."""
        place = f" {self.key}" if self.key else ""
        return Words(
            f"line {self.line}{place}: {self.words.en}",
            f"第 {self.line} 行{place}：{self.words.zh}",
        )


def misconfigured(name: str, problems: Iterable[Problem]) -> Misconfigured:
    """Return one error that tells all ``problems`` of the file ``name``."""
    sentences = [problem.sentence for problem in problems]
    return Misconfigured(
        Words(
            "\n  ".join([f"{name}: {len(sentences)} to put right", *(s.en for s in sentences)]),
            "\n  ".join([f"{name}：有 {len(sentences)} 处需要改正", *(s.zh for s in sentences)]),
        )
    )
