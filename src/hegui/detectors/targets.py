"""What a matcher is given to look for, and exactly what counts as found."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Final, TypeAlias

from hegui.detectors.pattern import Pattern
from hegui.detectors.tree import DIGITS, WORD, Chars, wide

Check: TypeAlias = Callable[[str, str], float]
"""Given a value and what stands to its left (full-width forms made ASCII), the score; 0 is no."""

ANYTHING: Final[Chars] = frozenset()
NO_DIGIT: Final = wide(DIGITS)
NO_WORD: Final = wide(WORD)


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """One pattern of a rule, its boundaries and its check.

    The law that all back ends keep. At each start that does not stand directly after one of
    ``before``, take the matches of ``pattern`` whose next character, if any, is not one of
    ``after``; the longest that ``check`` accepts is the finding (``whole``: only the longest is
    put to ``check``). Nothing depends on where a scan began, and findings may overlap. So once a
    text can no longer continue a match from some start, what was found there is settled.

    ``check`` may read ``left`` characters before the start; a finding without a check scores
    ``score``. ``trigger`` replaces the pattern in an engine: it must match, at least, wherever the
    pattern's matches end; it begins with them, or up to ``lead`` characters before, where it holds
    what introduces them.
    """

    rule: str
    pattern: Pattern
    before: Chars = ANYTHING
    after: Chars = ANYTHING
    check: Check | None = None
    left: int = 0
    whole: bool = False
    trigger: Pattern | None = None
    lead: int = 0
    score: float = 1.0

    @property
    def reach(self) -> int:
        """How many characters to the left of a finding decide on it."""
        return max(self.left, 1 if self.before else 0)


def digest_of(
    version: str,
    targets: Iterable[Target],
    data: bytes = b"",
    *,
    exceptions: Iterable[Target] = (),
) -> str:
    """Return the digest of what is looked for. ``version`` stands for the code of the checks."""
    hasher = hashlib.sha256(f"{version}\n".encode() + data)
    for target in targets:
        hasher.update(_told(target))
    for exception in exceptions:
        hasher.update(b"except " + _told(exception))
    return hasher.hexdigest()


def _told(target: Target) -> bytes:
    parts = (
        target.rule,
        target.pattern.source,
        _in_order(target.before),
        _in_order(target.after),
        getattr(target.check, "__name__", ""),
        str(target.left),
        str(target.whole),
        str(target.score),
    )
    return "\x1f".join(parts).encode() + b"\n"


@cache
def _in_order(chars: Chars) -> str:
    return "".join(sorted(chars))
