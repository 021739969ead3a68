"""Ask the shipped tables for a logit per text, below the threshold too."""

# ruff: noqa: INP001 - beside scripts, not a package
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src"))

from hegui.detectors.classifier import judging
from hegui.detectors.classifier.reading import runs
from hegui.detectors.classifier.tables import Table, shipped
from hegui.terms import TextColumn

NOT_ASKED = -np.inf
"""The logit of a text that is in another script than the table's."""


def table(label: str) -> Table:
    """Return a shipped table."""
    return next(one for shelf in shipped().shelves for one in shelf.tables if one.label == label)


def logits(label: str, texts: list[str]) -> NDArray[np.float64]:
    """Return for each text the highest logit of its passages."""
    found = np.full(len(texts), NOT_ASKED)
    shelf = next(s for s in shipped().shelves for one in s.tables if one.label == label)
    for run in runs(TextColumn.of(texts)):
        cut = judging.cut(run.text, run.rows)
        for one, passages, told in judging.scored(cut, shelf):
            if one.label == label:
                row = np.searchsorted(run.rows, cut.edges[passages], "right") - 1
                np.maximum.at(found, run.number[row], told)
    return found


def quality(told: NDArray[np.float64], positive: NDArray[np.bool_], at: float) -> dict[str, float]:
    """Return the measures of one label on one set; ``at`` is the logit of a finding."""
    from sklearn.metrics import f1_score, roc_auc_score

    likely, hits = told >= 0, told >= at
    return {
        "rows": len(told),
        "positive": int(positive.sum()),
        "accuracy": round(float((likely == positive).mean()), 4),
        "macro_f1": round(float(f1_score(positive, likely, average="macro")), 4),
        "auc": round(float(roc_auc_score(positive, np.maximum(told, -99))), 4),
        "precision": round(float(positive[hits].mean()) if hits.any() else 0.0, 4),
        "recall": round(float(hits[positive].mean()), 4),
        "false_alarms": round(float(hits[~positive].mean()), 4),
        "accuracy_of_findings": round(float((hits == positive).mean()), 4),
    }
