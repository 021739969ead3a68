"""The detector of all that comes with hegui: here, so that it can be made anew or from a shelf."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from hegui.detectors import lexicon, personal
from hegui.detectors.blueprint import Drawn, name_of, read, written
from hegui.detectors.channels import ChannelledDetector
from hegui.detectors.exact import Compiler, Shelf, TargetDetector, fastest
from hegui.detectors.flagged import Flagging
from hegui.detectors.matcher import Laid, Matcher
from hegui.detectors.packs import ClauseRules, Pack, compiled, digest_of, shipped
from hegui.detectors.packs.build import Compiled
from hegui.detectors.reading import RAW, Channels, Plan
from hegui.detectors.targets import Target
from hegui.terms import Detector

_NAME: Final = "builtin"


class BuiltIn(TargetDetector):
    """Rule packs and personal data in one database, so that a text is scanned once.

    ``packs`` are a provider's own; they come on top of the shipped ones. ``as_of``
    (``YYYY-MM-DD``) is the day whose rules apply; without it, all that nobody has retired.
    ``plan`` is what ``ChannelledDetector`` reads it in ``channels`` by.
    """

    def __init__(
        self,
        packs: Iterable[Pack] = (),
        as_of: str = "",
        *,
        channels: Channels = RAW,
        back_end: Matcher | None = None,
        compiler: Compiler = fastest,
    ) -> None:
        held = (*shipped(), *packs)
        made = compiled(held, as_of)
        given = (*made.targets, *personal.targets())
        self.plan = Plan(channels, made.variants, given, made.exceptions)
        self.flagging = _flagging(channels) if made.clauses else None
        self.clauses = _clauses(made, compiler, channels, self.flagging) if made.clauses else None
        super().__init__(
            _NAME,
            f"packs-{lexicon.VERSION}-{digest_of(held)[:12]} personal-{personal.VERSION}",
            {**made.rules, **personal.RULES},
            self.plan.targets,
            exceptions=made.exceptions,
            back_end=back_end or compiler(self.plan.targets, made.exceptions),
        )


def made_anew(
    packs: Sequence[Pack], as_of: str, channels: Channels, compiler: Compiler
) -> tuple[Detector, ...]:
    """Return the detectors of packs on a day, made from the words of the packs."""
    return _beside(BuiltIn(packs, as_of, channels=channels, compiler=compiler))


def made_again(
    packs: Sequence[Pack], as_of: str, channels: Channels, shelf: Shelf
) -> tuple[Detector, ...]:
    """Return what ``made_anew`` does, from what an earlier start put on a shelf if it is there.

    What is there under the name of the same code, packs and day is believed: the shelf answers
    for what it holds. What is not there, or not in the form, is made anew and put there.
    """
    name = name_of(packs, as_of, channels)
    drawn = read(shelf.get(name) or b"", channels)
    if drawn is None:
        with shelf.making(name):
            drawn = read(shelf.get(name) or b"", channels)  # another process may have been quicker
            if drawn is None:
                return _put(name, packs, as_of, channels, shelf)
    return _drawn(drawn, packs, as_of, shelf)


def _put(
    name: str, packs: Sequence[Pack], as_of: str, channels: Channels, shelf: Shelf
) -> tuple[Detector, ...]:
    laid: list[Laid | None] = []

    def compiler(targets: Sequence[Target], exceptions: Sequence[Target]) -> Matcher:
        matcher, found = shelf.matcher(targets, exceptions)
        laid.append(found)
        return matcher

    built = BuiltIn(packs, as_of, channels=channels, compiler=compiler)
    if laid[-1] is not None:  # the last is that of the whole, after the clauses'
        card, plan = built.card, built.plan
        version, digest, rules = card.version, card.digest, dict(card.rules)
        also = built.clauses is not None
        shelf.put(name, written(Drawn(version, digest, rules, plan, laid[-1], clauses=also)))
    return _beside(built)


def _beside(built: BuiltIn) -> tuple[Detector, ...]:
    exact = (
        built
        if built.plan.channels == RAW
        else ChannelledDetector(built, built.plan, built.flagging)
    )
    return (exact,) if built.clauses is None else (exact, built.clauses)


def _drawn(drawn: Drawn, packs: Sequence[Pack], as_of: str, shelf: Shelf) -> tuple[Detector, ...]:
    plan = drawn.plan
    built = TargetDetector(
        _NAME,
        drawn.version,
        drawn.rules,
        plan.targets,
        exceptions=plan.exceptions,
        back_end=shelf.matcher(plan.targets, plan.exceptions, drawn.laid)[0],
        digest=drawn.digest,
    )
    flagging = _flagging(plan.channels) if drawn.clauses else None
    exact = built if plan.channels == RAW else ChannelledDetector(built, plan, flagging)
    if not drawn.clauses:
        return (exact,)
    held = [
        replace(pack, rules=tuple(rule for rule in pack.rules if rule.clause))
        for pack in (*shipped(), *packs)
    ]
    made = compiled(held, as_of)

    def compiler(targets: Sequence[Target], exceptions: Sequence[Target]) -> Matcher:
        return shelf.matcher(targets, exceptions)[0]

    return (exact, _clauses(made, compiler, plan.channels, flagging))


def _flagging(channels: Channels) -> Flagging | None:
    return Flagging() if channels.normalised == "flagged" else None


def _clauses(
    made: Compiled, compiler: Compiler, channels: Channels, flagging: Flagging | None
) -> ClauseRules:
    told = (made.clause_rules, made.clauses, made.clause_exceptions)
    return ClauseRules(*told, compiler, channels, flagging)
