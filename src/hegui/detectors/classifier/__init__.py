"""A small classifier for triage: hashed character n-grams, linear, calibrated.

It says how likely it is that a passage offends people or is sexist, in Chinese and English. What it
learnt from, how good it is in its own domain and how much less outside of it, stands in its model
card (``docs/models``). It is a reason to look, never a reason to refuse by itself.
"""

from math import exp
from typing import Final, TypeAlias

import numpy as np

from hegui.detectors.classifier import judging
from hegui.detectors.classifier.reading import Run, runs
from hegui.detectors.classifier.rules import KIND, RULES
from hegui.detectors.classifier.tables import Shelf, Shelves, shipped
from hegui.terms import DetectorCard, Findings, TextColumn

__all__ = ["KIND", "RULES", "Classifier"]

_DIGITS: Final = 4  # of a score: what differs beyond is the machine's, not the model's

_Hit: TypeAlias = tuple[int, int, int, str, float]


class Classifier:
    """Scores passages: a row of up to 200 characters, or a stretch of clauses of a longer one.

    A finding spans its passage; its score is a calibrated probability in 0…1, from the label's own
    threshold up. One finding per passage and table. Linear in the text. Rows that are not UTF-8
    and passages in neither script are not judged: no finding there does not mean that they are
    clean.
    """

    def __init__(self, *, shelves: Shelves | None = None) -> None:
        self._shelves = shelves or shipped()
        self._card = DetectorCard(
            name="classifier",
            version=self._shelves.version,
            digest=self._shelves.digest,
            rules=RULES,
            reach="clause",
            runs="inline",
        )

    @property
    def card(self) -> DetectorCard:
        """What this detector is."""
        return self._card

    def inspect(self, column: TextColumn) -> Findings:
        """Return what is likely, in order of row, start and rule."""
        hits: list[_Hit] = []
        for run in runs(column):
            cut = judging.cut(run.text, run.rows)
            for shelf in self._shelves.shelves:
                hits += _hits(run, cut, shelf)
        found = Findings()
        for row, start, end, rule, score in sorted(hits):
            found.add(row, rule, start, end, score)
        return found


def _hits(run: Run, cut: judging.Cut, shelf: Shelf) -> list[_Hit]:
    """Return (row, start, end, rule, score) of what the tables of a shelf find."""
    fires: list[tuple[str, int, float]] = []
    ground: dict[int, tuple[float, str]] = {}
    for table, passages, logits in judging.scored(cut, shelf):
        for place in np.flatnonzero(logits >= table.at).tolist():
            passage, logit = int(passages[place]), float(logits[place])
            if table in shelf.grounds:
                ground[passage] = max(ground.get(passage, (logit, "")), (logit, table.label))
            else:
                fires.append((table.label, passage, logit))
    hits: list[_Hit] = []
    for label, passage, logit in fires:
        said = ground[passage][1] if label == shelf.of and passage in ground else label
        left, right = cut.edges[passage : passage + 2].tolist()
        row, begin = run.row_of(left)
        start, end = int(run.bytes_at[left]) - begin, int(run.bytes_at[right]) - begin
        hits.append((row, start, end, f"clf.{said}", round(1 / (1 + exp(-logit)), _DIGITS)))
    return hits
