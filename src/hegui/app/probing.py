"""Probe detectors: put texts before them whose answer is known, and count."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import hegui
from hegui.app import parts
from hegui.app.packs import day_of, packs_of
from hegui.measures import risks
from hegui.screen.panel import Member, Panel, card_of
from hegui.screen.reports import ask_inline, checked
from hegui.settings import Settings
from hegui.terms import (
    BadRequest,
    DetectorCard,
    Fault,
    Findings,
    TextColumn,
    Words,
)

WHOLE = "panel"
"""Names all detectors of the settings at once."""
ACTS_FROM = 0.5  # the score from which policies act
_AT_ONCE = 32  # texts in a column: a fault costs one by one what it cost together

_NO_RISK = Words(
    "there is no risk {risk}; they are written like A.1.a",
    "没有风险 {risk}；写法如 A.1.a",
)
_NO_DETECTOR = Words(
    "there is no detector {name}; attached are {known}, or all at once: panel",
    "没有检测器 {name}；已接入的有 {known}，或用 panel 表示全部",
)
_NOT_ITS = Words(
    "{name} has no rule about {risk}: a probe would say nothing",
    "{name} 没有关于 {risk} 的规则，探测没有意义",
)


@dataclass(frozen=True, slots=True)
class Sample:
    """A text, and whether something should be found in it."""

    text: str
    expected: bool


@dataclass(slots=True)
class Counts:
    """What came of a probe, in texts: expected and found, found only, neither, expected only.

    ``faults`` are texts on which a detector failed, ``unjudged`` texts without anything to judge.
    """

    tp: int = 0
    fp: int = 0
    tn: int = 0
    fn: int = 0
    unjudged: int = 0
    faults: int = 0

    def add(self, *, expected: bool, found: bool) -> None:
        """Count one text that was judged."""
        self.tp += expected and found
        self.fp += found and not expected
        self.tn += not (expected or found)
        self.fn += expected and not found


@dataclass(frozen=True, slots=True)
class Probed:
    """One probe: who was asked, under which panel, about which risk, and what came of it.

    ``as_of`` is the legal day (Asia/Shanghai) whose rules applied.
    """

    detector: str
    version: str
    digest: str
    panel: str
    risk: str
    as_of: str
    counts: Counts


def probe(
    settings: Settings, name: str, wanted: Sequence[str], samples: Sequence[Sample]
) -> list[Probed]:
    """Put the samples before a detector of the settings, or all; return a count per risk.

    A text is found when some finding is about the risk and scores 0.5 or more. ``BadRequest``: no
    such detector or risk, or one that does not go with the other.
    """
    return asyncio.run(_probe(settings, name, wanted, samples))


async def _probe(
    settings: Settings, name: str, wanted: Sequence[str], samples: Sequence[Sample]
) -> list[Probed]:
    for risk in wanted:
        if risk not in risks():
            raise BadRequest(_NO_RISK.fill(risk=risk[:20]), param="risk")
    async with _panel(settings) as (panel, ask, today):
        members = _chosen(panel, name, wanted)
        told = await _all_told(ask, members, samples)
        single = card_of(members[0]) if name != WHOLE else None
        return [
            Probed(
                detector=name,
                version=single.version if single else hegui.__version__,
                digest=single.digest if single else panel.digest,
                panel=panel.digest,
                risk=risk,
                as_of=today,
                counts=_counted(samples, told, risk),
            )
            for risk in wanted
        ]


class _Asking:
    """Asks members, in line or through their runners, and checks what they report."""

    def __init__(self, runners: dict[str, parts.Runner]) -> None:
        self._runners = runners

    async def __call__(self, member: Member, texts: Sequence[str]) -> list[set[str]] | Fault:
        """Return the risks found in each text, or the fault."""
        card, column = card_of(member), TextColumn.of(texts)
        report: Findings | Fault
        if isinstance(member, DetectorCard):
            report = await self._runners[card.name].inspect(column)
        else:
            report = ask_inline(member, column)
        found = checked(report, card.name, card.rules, column)
        if isinstance(found, Fault):
            return found
        rows: list[set[str]] = [set() for _ in texts]
        for row, finding in found:
            if finding.score >= ACTS_FROM:
                rows[row].add(finding.risk)
        return rows


@asynccontextmanager
async def _panel(settings: Settings) -> AsyncIterator[tuple[Panel, _Asking, str]]:
    runners, cards = {}, []
    opened = parts.runners_of(settings)
    try:
        for runner in opened:
            card = await runner.start()
            runners[card.name] = runner
            cards.append(card)
        packs, today = packs_of(settings), day_of(parts.now())
        panel = parts.panel_of(cards, packs, today, local=parts.local_of(settings))
        yield panel, _Asking(runners), today
    finally:
        for runner in opened:
            await runner.close()


def _chosen(panel: Panel, name: str, wanted: Sequence[str]) -> list[Member]:
    members = [member for stage in panel.stages for member in stage]
    if name != WHOLE:
        known = ", ".join(card.name for card in panel.cards)
        members = [member for member in members if card_of(member).name == name]
        if not members:
            raise BadRequest(_NO_DETECTOR.fill(name=name, known=known), param="detector")
    for risk in wanted:
        if not any(risk in card_of(member).risks for member in members):
            raise BadRequest(_NOT_ITS.fill(name=name, risk=risk), param="risk")
    return members


async def _all_told(
    ask: _Asking, members: Sequence[Member], samples: Sequence[Sample]
) -> list[set[str] | None]:
    """Return the risks that any member found in each text; None where one had no answer."""
    told: list[set[str] | None] = []
    for start in range(0, len(samples), _AT_ONCE):
        texts = [sample.text for sample in samples[start : start + _AT_ONCE]]
        together: list[set[str] | None] = [set() for _ in texts]
        for member in members:
            rows = await _one_told(ask, member, texts)
            together = [
                None if had is None or new is None else had | new
                for had, new in zip(together, rows, strict=True)
            ]
        told += together
    return told


async def _one_told(ask: _Asking, member: Member, texts: list[str]) -> Sequence[set[str] | None]:
    report = await ask(member, texts)
    if not isinstance(report, Fault):
        return report
    rows: list[set[str] | None] = []
    for text in texts:
        one = await ask(member, [text])
        rows.append(None if isinstance(one, Fault) else one[0])
    return rows


def _counted(samples: Sequence[Sample], told: Sequence[set[str] | None], risk: str) -> Counts:
    counts = Counts()
    for sample, found in zip(samples, told, strict=True):
        if not sample.text.strip():
            counts.unjudged += 1
        elif found is None:
            counts.faults += 1
        else:
            counts.add(expected=sample.expected, found=risk in found)
    return counts
