"""Evasion channels: the same rules looked for in what a text is made to look or sound like.

A channel derives a text from the raw one, character by character, and remembers places. The texts
of all channels are scanned by the same matcher in one call; what is found there is reported in
bytes of the raw row. A finding of a channel depends only on its own stretch of the raw text and on
a bounded number of characters around it, so a stream gives the findings of the whole text.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from importlib import resources
from itertools import accumulate
from typing import Final, NamedTuple, TypeAlias

import numpy as np

from hegui.detectors import escapes, homophones, skeleton
from hegui.detectors.columns import ColumnFindings, arrays_of, with_rows
from hegui.detectors.exact import TargetDetector
from hegui.detectors.flagged import SUSPECT, Flagging, Flags, flags_of
from hegui.detectors.matcher import row_text
from hegui.detectors.normal import REACH, RUN, Derived, changes, keeps_company, normalised, unseen
from hegui.detectors.places import Bytes, Characters
from hegui.detectors.reading import (
    FILLERS,
    FILLERS_SCORE,
    HOLD,
    SKELETON,
    SOUND,
    SPAN,
    Readable,
    span_at,
)
from hegui.detectors.shorter import Shorter
from hegui.detectors.stuffed import Stuffed
from hegui.detectors.tails import Tails
from hegui.terms import DetectorCard, Findings, Misconfigured, TextColumn, Words

VERSION: Final = "3"  # of what a channel derives and accepts
_NORMAL: Final = ""
_ACROSS: Final = (skeleton.GAP + 2) * (RUN + 1)  # raw characters: a gap, and a letter beside it
_NEAR: Final = 2 * (skeleton.GAP + 2)  # characters before a text that may join it to a skeleton
_Place: TypeAlias = tuple[int, int, float]  # start, end, score
_Hit: TypeAlias = tuple[int, int, int, str, float]  # row, start, end, rule, score


class _Text(NamedTuple):
    """A derived text: of which row, and of which channel (the tag of its own rules).

    ``read`` is what it was derived from: the raw text, what that spells, or one of these
    normalised. ``source`` is the raw text, or what it spells.
    """

    row: int
    raw: str
    tag: str
    derived: Derived
    read: str
    source: Derived


class ChannelledDetector:
    """A ``TargetDetector`` read in channels. In line and exact, as that one is.

    Findings come in order of row, start and end. A finding of a channel counts only if the raw
    characters differ from what was matched, if they hold at least one letter that is what it
    looks like (a Russian word is no English one), and if they are at most ``SPAN``; what the raw
    channel finds too is reported once. A run of more than ``RUN`` characters that cannot be seen
    is a finding of the rule ``evasion.fillers``: what no channel reads across, a reader does not
    see either.
    """

    def __init__(
        self, detector: TargetDetector, plan: Readable, flagging: Flagging | None = None
    ) -> None:
        if (detector.targets, detector.exceptions) != (plan.targets, tuple(plan.exceptions)):
            words = Words(
                "a detector with channels is built of its plan's targets: "
                "TargetDetector(…, plan.targets, exceptions=plan.exceptions)",
                "带通道的检测器须由其方案构建："
                "TargetDetector(…, plan.targets, exceptions=plan.exceptions)",
            )
            raise Misconfigured(words)
        self._detector, self._plan = detector, plan
        self._flagging = flagging
        if flagging is not None:
            flagging.by(detector.inspect)
        self._channels = plan.channels
        self._tails = Tails(detector, plan)
        self._spaced = bool(plan.in_skeletons)
        self._escapes = "escapes" in plan.channels.names
        self._hint = re.compile(plan.hint) if plan.hint else None
        self._own = plan.spaced - plan.excepted  # in skeletons, by their ordinary targets
        self._shorter = Shorter(plan.targets)
        self._stuffed = Stuffed(detector, plan)
        self._unseen = unseen()
        self._across = max((detector.card.left + 1) * (RUN + 1), _ACROSS)
        self._card = self._made()

    @property
    def plan(self) -> Readable:
        """What it is read by."""
        return self._plan

    def _made(self) -> DetectorCard:
        card, plan = self._detector.card, self._plan
        if plan.channels.normalised == "none":
            return card
        digest = hashlib.sha256(f"{card.digest}\n{VERSION}\n{plan.channels}\n".encode())
        digest.update(sources())
        digest.update("\n".join(sorted(plan.spaced)).encode())
        return replace(
            card,
            digest=digest.hexdigest(),
            rules={**card.rules, FILLERS.id: FILLERS},
            span=escapes.TAIL if self._escapes else HOLD,
            left=max(self._across, self._left_in_source(card.left)),
        )

    def _left_in_source(self, left: int) -> int:
        """Return in how many characters of source ``left`` of what they spell stand, and one."""
        return (left + 2) * (REACH + escapes.WIDEST) if self._escapes else 0

    @property
    def card(self) -> DetectorCard:
        """What this detector is."""
        return self._card

    def inspect(self, column: TextColumn) -> Findings:
        """Return what is found, in bytes of the raw rows."""
        if self._channels.normalised == "flagged":
            return self._inspect_flagged(column)
        texts: list[_Text] = []
        if self._channels.normalised == "all":
            for row in range(len(column)):
                data = column.row_bytes(row)
                text = row_text(data)
                if not self._ordinary(text) or (self._escapes and escapes.spells(text)):
                    texts += self._derive(row, data)
        found = self._detector.inspect(_joined(column, texts) if texts else column)
        if not len(found) and not any(self._beyond(text) for text in texts):
            return found
        return self._gather(found, len(column), texts)

    def _inspect_flagged(self, column: TextColumn) -> Findings:
        found = arrays_of(self._detector.inspect(column))
        ours = np.array([SUSPECT in rule for rule in found.rules], np.bool_)[found.rule]
        raw = found.only(~ours)
        flags = flags_of(ColumnFindings(found.only(ours)))
        if self._flagging is not None:
            self._flagging.note(column, flags)
        texts = [text for row in flags for text in self._derive(row, column.row_bytes(row))]
        more = self._detector.inspect(_joined(TextColumn(b"", [0]), texts)) if texts else Findings()
        hits = self._derived(more, texts, flags)
        if not hits:
            return ColumnFindings(raw)
        beside = np.isin(raw.row, [hit[0] for hit in hits])
        theirs = _hits(ColumnFindings(raw.only(beside)))
        return ColumnFindings(with_rows(raw.only(~beside), _merged(theirs, hits)))

    def context(self, before: str) -> int:
        """Return how many characters at the end of ``before`` decide on what follows.

        Where nothing is left out of them, as many as the channels read; else what those may become
        with fillers between them; and so in what source spells, where it does.
        """
        near, far = max(self._detector.card.left + 1, skeleton.GAP + 2), self._across
        held = near if self._unseen.isdisjoint(before[-near:]) else far
        if self._escapes and escapes.may_spell(before):
            read = escapes.spelt(before) or Derived(before, range(len(before)))
            many = near if self._unseen.isdisjoint(read.text[-near:]) else far
            if many < len(read.text):
                held = max(held, len(before) - int(read.places[-many]) + escapes.WIDEST)
            else:
                held = self._card.left
        return min(held, self._card.left)

    def quiet(self, text: str, start: int) -> int | None:
        """Return what is pending if nothing is found from ``start`` on; see ``QuietDetector``.

        Nothing is derived where no channel changes what is new or joins it to what stands before.
        """
        if self._channels.normalised != "all":
            return None
        if self._escapes and ("\\" in text or "&" in text) and escapes.may_spell(text):
            return None
        near = text[max(0, start - _NEAR) :]
        if not (self._ordinary(near) and self._detector.silent(text, start)):
            return None
        return min(self._tails.as_it_is(near), len(text) - start)

    def pending(self, tail: str) -> int:
        """Return how many characters at the end of ``tail`` could still become a finding.

        The most of all channels, at most ``HOLD``; for source ``escapes.HOLD``. At most
        ``card.span`` characters are looked at.
        """
        return self._tails.pending(tail)

    def _ordinary(self, text: str) -> bool:
        """Whether no channel derives anything from a text: so it is with nearly every one."""
        return not (
            (changes(text) and not (text.isascii() and text.isprintable()))
            or (self._spaced and skeleton.has_lone(text))
            or (self._hint is not None and self._hint.search(text))
        )

    def _derive(self, row: int, data: bytes) -> list[_Text]:
        """Return the texts of the channels that may hold what the raw row does not."""
        raw = row_text(data)
        as_it_is = Derived(raw, range(len(raw)))
        texts = self._read(row, raw, as_it_is)
        derived = texts[0].derived if texts and texts[0].tag == _NORMAL else as_it_is
        if self._spaced:
            texts += [
                _Text(row, raw, SKELETON, chain, derived.text, as_it_is)
                for chain in skeleton.chains(derived)
            ]
        spelt = escapes.spelt(raw) if self._escapes else None
        if spelt is not None:
            texts.append(_Text(row, raw, _NORMAL, spelt, spelt.text, spelt))
            texts += self._read(row, raw, spelt)
        return texts

    def _read(self, row: int, raw: str, source: Derived) -> list[_Text]:
        """Return the normalised text, if it is another one, and the homophones if any."""
        texts = []
        derived = normalised(source.text, self._plan.width, source)
        if derived is not None:
            texts.append(_Text(row, raw, _NORMAL, derived, source.text, source))
        else:
            derived = source
        if self._hint is not None and self._hint.search(derived.text):
            sounded = homophones.sounded(derived)
            texts.append(_Text(row, raw, SOUND, sounded, derived.text, source))
        return texts

    def _gather(self, found: Findings, rows: int, texts: list[_Text]) -> Findings:
        """Put together what was found in ``rows`` raw rows and, after them, in derived texts."""
        raw: list[_Hit] = []
        more = Findings()
        for row, rule, start, end, score in found:
            if row >= rows:
                more.add(row - rows, rule, start, end, score)
            elif SUSPECT not in rule:
                raw.append((row, start, end, rule, score))
        return _merged(raw, self._derived(more, texts, None))

    def _derived(
        self,
        found: Findings,
        texts: list[_Text],
        flags: dict[int, list[tuple[int, int]]] | None,
    ) -> list[_Hit]:
        """Return what was found in derived texts, where it stands in the raw rows."""
        more: list[_Hit] = []
        raws = [Bytes(text.raw) for text in texts]
        flagged = {row: Flags(spans) for row, spans in (flags or {}).items()}
        for number, rule, hit in self._placed(found, texts):
            if hit is None:
                continue
            low, high = raws[number].between(*hit[:2])
            row = texts[number].row
            if flags is None or flagged[row].touch(low, high):
                more.append((row, low, high, rule.partition(SUSPECT)[0], hit[2]))
        for text, raw in zip(texts, raws, strict=True):
            for start, end in text.derived.breaks:
                low, high = raw.between(start, end)
                more.append((text.row, low, high, FILLERS.id, FILLERS_SCORE))
        return more

    def _placed(
        self, found: Findings, texts: list[_Text]
    ) -> Iterator[tuple[int, str, _Place | None]]:
        """Return each derived text's findings, with where they stand in the raw row if they do."""
        stuffed = [row for row, text in enumerate(texts) if self._is_stuffed(text)]
        apart = {(row, rule) for row in stuffed for rule in self._stuffed.rules}
        derived = [Characters(text.derived.text) for text in texts]
        for row, rule, start, end, score in found:
            text = texts[row]
            if self._of_channel(text, rule) and (row, rule) not in apart:
                yield row, rule, self._place(text, rule, derived[row].between(start, end), score)
        for row in stuffed:
            for rule, first, end, score in self._stuffed.matches(texts[row].derived):
                yield row, rule, self._place(texts[row], rule, (first, end), score)

    def _beyond(self, text: _Text) -> bool:
        """Whether a text may hold what the engine does not tell."""
        return bool(text.derived.breaks) or self._is_stuffed(text)

    def _is_stuffed(self, text: _Text) -> bool:
        return text.tag == _NORMAL and self._stuffed.is_so(text.derived)

    def _of_channel(self, text: _Text, rule: str) -> bool:
        """Whether a rule, with its tag, is looked for in a text of this channel."""
        name, tag, _ = rule.partition(SUSPECT)
        if tag:
            return rule[len(name) :] == text.tag
        return text.tag == _NORMAL or (text.tag == SKELETON and name in self._own)

    def _place(self, text: _Text, rule: str, span: tuple[int, int], score: float) -> _Place | None:
        """Return where a derived text's match stands in the raw row, if it counts."""
        name = rule.partition(SUSPECT)[0]
        first, last = span[0], span[1] - 1
        start, end = text.derived.between(first, last)
        most = span_at(text.derived, start)
        cut = end - start > most
        if cut:
            fits = self._shorter.within(rule, text.derived, first, start + most)
            if fits is None:
                return None
            last, score = fits[0] - 1, fits[1]
            end = text.derived.between(first, last)[1]
        value = text.source.said(start, end)
        # What the raw channel sees is left to it; but in source what stands beside may decide.
        if text.raw[start:end] == text.derived.text[first : last + 1] and (
            text.derived.lasts is None or cut or self._plan.widest > SPAN
        ):
            return None
        if not keeps_company(value):
            return None
        if rule == name + SOUND and (name, text.read[first : last + 1]) in self._plan.sounding:
            return None  # the very literal: for the raw channel, or the normalised one
        return start, end, score


def _hits(found: Findings) -> list[_Hit]:
    return list(zip(found.row, found.start, found.end, found.rule, found.score, strict=True))


def _merged(raw: list[_Hit], more: list[_Hit]) -> Findings:
    """Put findings in order. What several channels found is reported once, the raw one first."""
    seen = {hit[:4] for hit in raw}
    for hit in more:
        if hit[:4] not in seen:
            seen.add(hit[:4])
            raw.append(hit)
    merged = Findings()
    for row, start, end, rule, score in sorted(raw, key=lambda hit: hit[:3]):
        merged.add(row, rule, start, end, score)
    return merged


@cache
def sources() -> bytes:
    """Return the record of what the channels' tables were made from: versions and digests."""
    return resources.files("hegui.detectors").joinpath("data/tables.json").read_bytes()


def _joined(column: TextColumn, texts: list[_Text]) -> TextColumn:
    """Return the column with the derived texts as further rows."""
    low, high = column.offsets[0], column.offsets[-1]
    rows = [text.derived.text.encode("utf-8", "surrogateescape") for text in texts]
    offsets = [place - low for place in column.offsets]
    offsets += accumulate(map(len, rows), initial=offsets.pop())
    return TextColumn(b"".join([column.data[low:high], *rows]), offsets)
