"""What an attached detector must keep to, as claims that are put to the test.

A third party runs them against theirs (``hegui detectors check``). Each claim is tried through the
same runner that a gateway uses: a worker process with a deadline.
"""

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hegui.measures import risks
from hegui.runners.process import ProcessRunner
from hegui.screen.reports import checked
from hegui.terms import DetectorCard, Fault, Finding, Misconfigured, TextColumn, Words

PLAIN: Final = (
    "今天天气很好，我们去公园散步。",
    "The committee will meet on Tuesday at ten.",
    "第二十条 经营者应当公示服务的内容和价格。",
    "",
    " ",
    "2026-11-25 12:00:00",
)
ODD: Final = (
    "\x00",
    "前\x00后",
    "\ufeff带有字节顺序标记",
    "e\u0301" * 50,
    "o" + "\u0307" * 10_000,
    "\u202eright to left\u202c",
    "👩‍👩‍👧‍👦 𠮷野家 \U0010ffff",
    "\u200b\u200c\u200d零宽",
    "\ufffd\ufffe",
    "١٢٣ ₁₂₃ ①②③ ＡＢＣ",
    "\r\n\t\v\f\u2028\u2029",
)
HUGE: Final = 1_000_000  # characters in one line
MANY: Final = 2_000  # rows

Row = tuple[Finding, ...]
Told = list[Row] | Fault


@dataclass(frozen=True, slots=True)
class Outcome:
    """One claim: whether it holds, and why not. ``why`` names no text.

    ``told`` is the same for people, where it is more than a word.
    """

    claim: str
    words: Words
    passed: bool
    why: str = ""
    told: Words | None = None


@dataclass(frozen=True, slots=True)
class Conformance:
    """What came of all claims. ``findings`` is how many findings there were to judge them by."""

    card: DetectorCard | None
    outcomes: tuple[Outcome, ...]
    findings: int

    @property
    def passed(self) -> bool:
        """Whether every claim holds."""
        return all(outcome.passed for outcome in self.outcomes)


@dataclass(frozen=True, slots=True)
class Candidate:
    """The detector on trial, as ``[[screen.detector]]`` would attach it.

    ``texts`` are the author's own; without any in which it finds something, claims about findings
    hold of nothing.
    """

    plugin: str
    options: Mapping[str, Any]
    deadline_ms: int
    folder: Path | None = None
    texts: tuple[str, ...] = ()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[tuple[DetectorCard, "Asking"]]:
        """Start it in a process of its own. One that cannot be loaded is ``Misconfigured``."""
        runner = ProcessRunner(self.plugin, self.options, self.deadline_ms, folder=self.folder)
        try:
            card = await runner.start()
            yield card, Asking(runner, card)
        finally:
            await runner.close()


class Asking:
    """Puts texts before a running detector and checks what it reports as the engine would."""

    def __init__(self, runner: ProcessRunner, card: DetectorCard) -> None:
        self._runner, self._card = runner, card
        self.findings = 0

    async def __call__(self, texts: Sequence[str]) -> Told:
        """Return the findings of each text, or the fault."""
        column = TextColumn.of(texts)
        report = await self._runner.inspect(column)
        found = checked(report, self._card.name, self._card.rules, column)
        if isinstance(found, Fault):
            return found
        self.findings += len(found)
        rows: list[list[Finding]] = [[] for _ in texts]
        for row, finding in found:
            rows[row].append(finding)
        return [tuple(sorted(row)) for row in rows]


LOADS: Final = Words("it can be loaded", "可以加载")
CARD: Final = Words("its card has a name, a version and rules", "自述卡有名称、版本和规则")
RISKS: Final = Words("its rules are about risks of the standard", "规则所指的风险都在标准的清单中")
SPOKEN: Final = Words(
    "its rules have a title and a mask in both languages", "每条规则都有中英文名称和遮盖词"
)
ANSWERS: Final = Words(
    "it answers with one list per text; rules, spans and scores hold together",
    "每段文本各有一份结果，规则、位置和分值都成立",
)
EMPTY: Final = Words("it takes no text at all, and empty ones", "可以处理零段文本和空文本")
STRANGE: Final = Words(
    "it takes odd Unicode, NUL among it, and answers as it should",
    "可以处理特殊的 Unicode（含 NUL），结果依然成立",
)
LARGE: Final = Words(
    "it takes a line of a million characters within its deadline", "能在时限内处理一百万字的一行"
)
ROWS: Final = Words(
    "it takes two thousand texts at once within its deadline", "能在时限内一次处理两千段文本"
)
SAME: Final = Words("the same texts give the same findings", "同样的文本得到同样的结果")
ORDER: Final = Words("the order of texts makes no difference", "文本的先后次序不影响结果")
ALONE: Final = Words(
    "a text alone gives what it gives among others", "单独一段与混在其他文本中结果相同"
)
RESTART: Final = Words(
    "a new process gives the same card and the same findings", "重启进程后，自述卡和结果不变"
)


async def conformance(candidate: Candidate) -> Conformance:
    """Put every claim to the test, and return what came of it."""
    try:
        async with candidate.running() as (card, ask):
            outcomes = [Outcome("loads", LOADS, passed=True), *_of_card(card)]
            texts = (*PLAIN, *candidate.texts)
            first = await ask(texts)
            outcomes += await _of_answers(ask, texts, first)
    except Misconfigured as error:
        return Conformance(None, (_unloaded("loads", LOADS, error),), 0)
    outcomes.append(await _of_restart(candidate, card, texts, first))
    return Conformance(card, tuple(outcomes), ask.findings)


def _of_card(card: DetectorCard) -> list[Outcome]:
    known = risks()
    strangers = sorted({rule.risk for rule in card.rules.values()} - set(known))
    named = bool(card.name and card.version and card.rules)
    silent = sorted(
        rule.id
        for rule in card.rules.values()
        if not all((rule.title.en, rule.title.zh, rule.mask.en, rule.mask.zh))
    )
    return [
        Outcome("card", CARD, named),
        Outcome("risks", RISKS, not strangers, ", ".join(strangers)),
        Outcome("words", SPOKEN, not silent, ", ".join(silent)),
    ]


async def _of_answers(ask: Asking, texts: Sequence[str], first: Told) -> list[Outcome]:
    def same(told: Told, wanted: Callable[[list[Row]], list[Row]] = list) -> bool:
        return not isinstance(first, Fault) and told == wanted(first)

    again = await ask(texts)
    turned = await ask(texts[::-1])
    alone = await _one_by_one(ask, texts)
    many = [texts[place % len(texts)] for place in range(MANY)]
    trials = (
        ("answers", ANSWERS, first, True),
        ("empty", EMPTY, _either(await ask([]), await ask(["", ""])), True),
        ("unicode", STRANGE, await ask(ODD), True),
        ("huge", LARGE, await ask([_line(texts)]), True),
        ("many", ROWS, await ask(many), True),
        ("same", SAME, again, same(again)),
        ("order", ORDER, turned, same(turned, lambda rows: rows[::-1])),
        ("alone", ALONE, alone, same(alone)),
    )
    return [_outcome(*trial) for trial in trials]


async def _one_by_one(ask: Asking, texts: Sequence[str]) -> Told:
    rows: list[Row] = []
    for text in texts:
        told = await ask([text])
        if isinstance(told, Fault):
            return told
        rows += told
    return rows


def _outcome(claim: str, words: Words, told: Told, holds: bool) -> Outcome:  # noqa: FBT001 - a row of the table above
    if isinstance(told, Fault):
        return Outcome(claim, words, passed=False, why=told.reason)
    return Outcome(claim, words, holds, "" if holds else "differs")


def _unloaded(claim: str, words: Words, error: Misconfigured) -> Outcome:
    return Outcome(claim, words, passed=False, why=str(error), told=error.words)


def _either(one: Told, other: Told) -> Told:
    return one if isinstance(one, Fault) else other


def _line(texts: Sequence[str]) -> str:
    """Return one line of a million characters, made of the texts."""
    line = "".join(texts).replace("\n", " ")
    return (line * (HUGE // len(line) + 1))[:HUGE]


async def _of_restart(
    candidate: Candidate, card: DetectorCard, texts: Sequence[str], first: Told
) -> Outcome:
    try:
        async with candidate.running() as (after, ask):
            told = await ask(texts)
    except Misconfigured as error:
        return _unloaded("restart", RESTART, error)
    return _outcome("restart", RESTART, told, after == card and told == first)


def as_data(outcome: Conformance) -> dict[str, Any]:
    """Return what a program reads."""
    card = outcome.card
    return {
        "ok": outcome.passed,
        "name": card.name if card else "",
        "version": card.version if card else "",
        "digest": card.digest if card else "",
        "findings": outcome.findings,
        "claims": [
            {
                "claim": one.claim,
                "passed": one.passed,
                "why": one.why,
                "en": one.words.en,
                "zh": one.words.zh,
            }
            for one in outcome.outcomes
        ],
    }


def options_of(text: str) -> dict[str, Any]:
    """Read options written as a JSON object. Raises ``ValueError``."""
    found = json.loads(text or "{}")
    if not isinstance(found, dict):
        raise ValueError("not an object")  # noqa: TRY004 - what is wrong is the text's value
    return found
