"""What several strings of one document say together: a text spread over an array is whole again.

Values stand side by side in a document by chance, too: two words of a list make a third, the cells
of a table make a number. So a finding counts only where chance does not make it: where a string
lies in it whole, or where it is long. Personal data and keys, which are mostly digits, count only
where they are spelt in pieces of three characters or less.

Names of properties and bare numbers stand in their order for other reasons still, and are read each
by themselves. Of names a word counts that three or more of them spell, in pieces of two characters
or less; of names and numbers a person's identity number, which chance does not make.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import Final, Literal, NamedTuple, TypeAlias

from hegui.screen.panel import Panel
from hegui.screen.reports import ask_inline, checked
from hegui.terms import Fault, Finding, RuleInfo, TextColumn

_LONG: Final = 6  # characters that two words of a list do not make by chance
_PIECE: Final = 3  # characters of a string, in the mean, that digits are spelt in
_TWO: Final = 2
_LIKE_DIGITS: Final = frozenset({"A.4.f", "A.3.c"})
IDENTITY: Final = frozenset({"pii.resident_id", "pii.residence_permit", "pii.foreigner_permit"})
"""Kinds that chance does not make: with province, day of birth and check character."""
IDENTITY_CHARS: Final = 18

Sort: TypeAlias = Literal["strings", "names", "numbers"]


class Said(NamedTuple):
    """A finding that runs through several strings, and its text."""

    finding: Finding
    text: str


class _Run(NamedTuple):
    text: str
    starts: list[int]
    ends: list[int]
    sort: Sort

    def counts(self, finding: Finding, rule: RuleInfo) -> bool:
        first = bisect_right(self.ends, finding.start)
        last = bisect_left(self.starts, finding.end, lo=first)
        strings, length = last - first, finding.end - finding.start
        if strings < _TWO:  # within one string it is found there
            return False
        if rule.personal or rule.risk in _LIKE_DIGITS:
            chance = self.sort != "strings" and not is_identity(
                rule, self.text[finding.start : finding.end]
            )
            return length <= _PIECE * strings and not chance
        if self.sort != "strings":
            return self.sort == "names" and strings > _TWO and length <= _TWO * strings
        ends = (self.starts[first] >= finding.start, self.ends[last - 1] <= finding.end)
        return strings > _TWO or any(ends) or length >= _LONG


def is_identity(rule: RuleInfo, text: str) -> bool:
    """Whether a finding is a person's identity number, written without anything in between."""
    return rule.id in IDENTITY and len(text) == IDENTITY_CHARS and text.isalnum()


def said_together(
    panel: Panel, values: Sequence[str], names: Sequence[str] = (), numbers: Sequence[str] = ()
) -> Iterator[Said | Fault]:
    """Give what the exact detectors find in strings read one after the other, in no single one.

    ``values`` are the strings of a document, ``names`` those of its properties, ``numbers`` what it
    says in bare digits. Spans are in the text read. Detectors that need a clause are not asked:
    they judge each string.
    """
    told: tuple[tuple[Sort, Sequence[str]], ...] = (
        ("strings", values),
        ("names", names),
        ("numbers", numbers),
    )
    found = (run for sort, said in told for run in _runs(said, panel.span, sort))
    runs = [run for run in found if len(run.starts) > 1]
    if not runs:
        return
    column = TextColumn.of([run.text for run in runs])
    for detector in panel.exact:
        rules = detector.card.rules
        report = checked(ask_inline(detector, column), detector.card.name, rules, column)
        if isinstance(report, Fault):
            yield report
            continue
        for row, finding in report:
            if runs[row].counts(finding, rules[finding.rule]):
                yield Said(finding, runs[row].text[finding.start : finding.end])


def _runs(values: Sequence[str], span: int, sort: Sort) -> Iterator[_Run]:
    """Join strings; twice where Latin letters meet, with and without a space between them.

    The middle of a long string meets nothing: it ends one run, and its end begins another.
    """
    yield from _joined(values, span, "", sort)
    if sort != "numbers" and any(map(_latin, values, values[1:])):
        yield from _joined(values, span, " ", sort)


def _joined(values: Sequence[str], span: int, between: str, sort: Sort) -> Iterator[_Run]:
    texts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    at, last = 0, ""

    def put(text: str) -> None:
        nonlocal at
        starts.append(at)
        at += len(text)
        ends.append(at)
        texts.append(text)

    for value in values:
        if not value:
            continue
        if between and _latin(last, value):
            texts.append(between)
            at += len(between)
        if len(value) > 2 * span:
            put(value[:span])
            yield _Run("".join(texts), starts, ends, sort)
            texts, starts, ends, at = [], [], [], 0
            put(value[-span:])
        else:
            put(value)
        last = value
    yield _Run("".join(texts), starts, ends, sort)


def _latin(left: str, right: str) -> bool:
    ends, begins = left[-1:], right[:1]
    return ends.isascii() and begins.isascii() and ends.isalnum() and begins.isalnum()
