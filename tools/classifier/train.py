"""Train the classifier's tables from the permitted data sets, the same ones from the same data.

    python tools/classifier/train.py [--into FOLDER]

Needs requirements.txt of this folder beside hegui's own. Writes tables.json and one file of weights
per label, and prints the digest of tables.json, which covers all of them. Run it twice: the digest
is the same. Model: logistic regression on log-count ratios (Wang and Manning 2012) of hashed
character n-grams, counts over the square root of their number, calibrated by Platt's method on
scores of folds that the scoring model had not seen.
"""

# ruff: noqa: E402, I001, INP001, T201 - a script: it says where its neighbours are, and prints
import argparse
import hashlib
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).resolve().parents[2] / "src")]

import sources
from hegui.detectors.classifier import grams

INTO = Path(__file__).resolve().parents[2] / "src/hegui/detectors/data/classifier"
VERSION = "1"
SEED = 20_261_125
BITS = {"han": 17, "latin": 18}
ORDERS = {"han": (1, 2), "latin": (4, 5)}
STRENGTHS = (0.3, 1.0, 3.0)  # of the regression (C); the best mean AUC over folds is taken
PARTS = 3  # the folds that are trained on are joined into so many parts to choose and calibrate
FALSE_ALARMS = 0.03  # a label's threshold is the lowest at which so few of its negatives are found
GROUND_AT = 0.7
GROUNDS = ("race", "region", "gender")

Logits = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """N-grams of texts: how often each place is hit, and how many n-grams there are."""

    counts: sp.csr_matrix
    number: NDArray[np.float64]

    def rows(self, mask: NDArray[np.bool_]) -> "Features":
        """Return some of the rows."""
        return Features(self.counts[mask], self.number[mask])


def features(texts: list[str], orders: tuple[int, ...], bits: int) -> Features:
    """Count n-grams with the arithmetic that judging uses."""
    codes = grams.codes_of("".join(texts))
    sizes = np.array([len(text) for text in texts])
    owner = np.repeat(np.arange(len(texts)), sizes)
    row, column = [], []
    for order, places in grams.places_of(codes, orders, bits):
        whole = owner[: len(places)] == owner[order - 1 :]
        row.append(owner[: len(places)][whole])
        column.append(places[whole])
    at = (np.concatenate(row), np.concatenate(column))
    ones = np.ones(len(at[0]))
    counts = sp.csr_matrix((ones, at), shape=(len(texts), 1 << bits))
    counts.sum_duplicates()
    number = np.maximum(np.asarray(counts.sum(1)).ravel(), 1)
    return Features(counts, number)


@dataclass(frozen=True, slots=True, eq=False)
class Linear:
    """Weights by place and a constant."""

    weights: NDArray[np.float64]
    constant: float

    def logits(self, seen: Features) -> Logits:
        """Score texts."""
        return np.asarray(seen.counts @ self.weights / np.sqrt(seen.number) + self.constant)


def fit(seen: Features, positive: NDArray[np.bool_], strength: float) -> Linear:
    """Fit a regression on log-count ratios. Places that one text alone hits weigh nothing."""
    binary = seen.counts.copy()
    binary.data[:] = 1
    yes = np.asarray(binary[positive].sum(0)).ravel()
    no = np.asarray(binary[~positive].sum(0)).ravel()
    ratio = np.log(((yes + 1) / (yes + 1).sum()) / ((no + 1) / (no + 1).sum()))
    ratio[yes + no < 2] = 0  # noqa: PLR2004 - see above
    scaled = sp.diags(2 / np.sqrt(seen.number)) @ seen.counts @ sp.diags(ratio)
    model = LogisticRegression(
        C=strength, solver="liblinear", max_iter=300, random_state=SEED, tol=1e-4
    )
    model.fit(scaled.tocsr(), positive)
    return Linear(2 * ratio * model.coef_[0], float(model.intercept_[0]))


def unseen(
    seen: Features, positive: NDArray[np.bool_], part: NDArray[np.int64], strength: float
) -> Logits:
    """Score each text by a model that was fitted on the other parts."""
    logits = np.zeros(len(positive))
    for number in range(PARTS):
        there = part == number
        model = fit(seen.rows(~there), positive[~there], strength)
        logits[there] = model.logits(seen.rows(there))
    return logits


def auc(logits: Logits, positive: NDArray[np.bool_]) -> float:
    """Return the area under the ROC curve, from ranks (Mann and Whitney)."""
    order = np.unique(logits, return_inverse=True, return_counts=True)
    upto = np.cumsum(order[2])
    ranks = (upto - (order[2] - 1) / 2)[order[1]]
    yes, no = int(positive.sum()), int((~positive).sum())
    return float((ranks[positive].sum() - yes * (yes + 1) / 2) / (yes * no))


def platt(logits: Logits, positive: NDArray[np.bool_]) -> tuple[float, float]:
    """Return slope and offset that turn logits into logits of calibrated probabilities."""
    model = LogisticRegression(C=1e6, solver="lbfgs", max_iter=1000)
    model.fit(logits[:, None], positive)
    return float(model.coef_[0, 0]), float(model.intercept_[0])


def threshold(logits: Logits, positive: NDArray[np.bool_]) -> float:
    """Return the lowest probability from 0.5, in hundredths, with few enough false alarms.

    Not a precision: that would rest on how many positives the makers of a set put into it.
    """
    for at in np.arange(0.5, 0.99, 0.01):
        if (logits[~positive] >= np.log(at / (1 - at))).mean() <= FALSE_ALARMS:
            return round(float(at), 2)
    raise SystemExit("no threshold keeps false alarms low enough: leave this label out")


def table(
    label: str, data: sources.Rows, script: str, at: float | None = None
) -> tuple[dict[str, Any], bytes]:
    """Train one label on the folds that may be trained on; return its entry and its weights."""
    seen = features(data.texts, ORDERS[script], BITS[script])
    part = data.fold % PARTS
    tried = {c: unseen(seen, data.positive, part, c) for c in STRENGTHS}
    strength = max(tried, key=lambda c: auc(tried[c], data.positive))
    slope, offset = platt(tried[strength], data.positive)
    calibrated = slope * tried[strength] + offset
    at = at or threshold(calibrated, data.positive)
    entry_at = float(np.log(at / (1 - at)))
    model = fit(seen, data.positive, strength)
    step = float(np.abs(model.weights).max()) / 127
    weights = np.round(model.weights / step).astype(np.int8).tobytes()
    entry = {
        "label": label,
        "sha256": hashlib.sha256(weights).hexdigest(),
        "slope": round(slope * step, 9),
        "offset": round(slope * model.constant + offset, 9),
        "at": round(entry_at, 9),
        "trained": {
            "rows": len(data.texts),
            "positive": int(data.positive.sum()),
            "strength": strength,
            "threshold": at,
            "unseen_auc": round(auc(tried[strength], data.positive), 4),
            "unseen_recall": round(float((calibrated[data.positive] >= entry_at).mean()), 4),
            "unseen_accuracy": round(float(((calibrated >= 0) == data.positive).mean()), 4),
        },
    }
    print(label, json.dumps(entry["trained"]))
    return entry, weights


def train(into: Path) -> str:
    """Train all labels and write them. Returns the digest of tables.json."""
    cold = sources.rows("cold").trained
    offences = cold.where(cold.positive)
    data = {name: sources.rows(name).trained for name in ("swsr", "edos", "davidson")}
    made = [
        table("offence_zh", cold, "han"),
        table("sexism_zh", data["swsr"], "han"),
        table("offence_en", data["davidson"], "latin"),
        table("sexism_en", data["edos"], "latin"),
    ]
    for name in GROUNDS:
        about = sources.Rows(offences.texts, offences.topic == name, offences.fold, offences.topic)
        made.append(table(f"offence_{name}_zh", about, "han", GROUND_AT))
    entries = [entry for entry, _ in made]
    parted = {"han": (entries[:2], entries[4:], "offence_zh"), "latin": (entries[2:4], [], "")}
    shelves = [
        {
            "script": script,
            "orders": ORDERS[script],
            "bits": BITS[script],
            "tables": tables,
            "grounds": grounds,
            "of": of,
        }
        for script, (tables, grounds, of) in parted.items()
    ]
    known = [
        {
            "name": one.name,
            "origin": one.origin,
            "licence": one.licence,
            "sha256": sources.digest(one),
            "rows": len(sources.rows(one.name).texts),
            "held_out": sources.fold_digest(sources.rows(one.name).held_out),
        }
        for one in sources.SOURCES.values()
        if one.name != "cold-dev"
    ]
    page = {"version": VERSION, "seed": SEED, "sources": known, "shelves": shelves}
    text = json.dumps(page, indent=1, ensure_ascii=False) + "\n"
    into.mkdir(parents=True, exist_ok=True)
    (into / "tables.json").write_text(text, encoding="utf-8")
    for entry, weights in made:
        (into / f"{entry['label']}.int8").write_bytes(weights)
    return hashlib.sha256(text.encode()).hexdigest()


if __name__ == "__main__":
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--into", type=Path, default=INTO)
    print(train(reader.parse_args().into))
