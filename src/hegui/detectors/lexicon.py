"""The rules that come with hegui, as a detector by themselves: for tests of their words alone."""

from typing import Final

from hegui.detectors.exact import Compiler, TargetDetector, fastest
from hegui.detectors.matcher import Matcher
from hegui.detectors.packs import Compiled, compiled, digest_of, shipped
from hegui.detectors.phrases import targets_of
from hegui.terms import RuleInfo

__all__ = ["VERSION", "Lexicon", "rules", "targets_of"]

VERSION: Final = "2"


def rules() -> dict[str, RuleInfo]:
    """Return the shipped rules by id. A rule's kind is its own id."""
    return _compiled().rules


class Lexicon(TargetDetector):
    """Finds phrases that name harm plainly (Art. 4(1), 4(2), 4(4)). Triage, not understanding."""

    def __init__(self, *, back_end: Matcher | None = None, compiler: Compiler = fastest) -> None:
        made = _compiled()
        super().__init__(
            "lexicon",
            f"{VERSION} {digest_of(shipped())[:12]}",
            made.rules,
            made.targets,
            exceptions=made.exceptions,
            back_end=back_end or compiler(made.targets, made.exceptions),
        )


def _compiled() -> Compiled:
    return compiled(shipped())
