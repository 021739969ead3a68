"""Compare what was chosen with what was not, on the folds that may be trained on.

    python tools/classifier/compare.py

Each line: label, lengths of n-grams, bits of the table, and AUC and accuracy on parts that the
scoring model had not seen. The held-out fold and COLD's dev split are not looked at.
"""

# ruff: noqa: INP001, T201 - a script: it says where its neighbours are, and prints
import csv
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

import sources
import train

HAN = (((1, 2), 17), ((1, 2), 16), ((1, 2), 18), ((1, 2, 3), 18), ((2, 3), 18))
LATIN = (((4, 5), 18), ((4, 5), 17), ((3, 4, 5), 18), ((2, 3, 4), 18))


def line(label: str, data: sources.Rows, orders: tuple[int, ...], bits: int) -> None:
    """Print one line."""
    seen = train.features(data.texts, orders, bits)
    told = train.unseen(seen, data.positive, data.fold % train.PARTS, 1.0)
    right = float(((told >= 0) == data.positive).mean())
    area = train.auc(told, data.positive)
    hits = told >= 0
    recall = float(hits[data.positive].mean())
    print(f"{label:12} {orders!s:10} {bits}  AUC {area:.4f}  accuracy {right:.4f}", end="")
    print(f"  recall {recall:.4f}", flush=True)


def hateful() -> sources.Rows:
    """Return Davidson's rows with only the hateful ones positive."""
    rows = sources.rows("davidson")
    with (sources.DATA / "davidson/train.csv").open(encoding="utf-8-sig", newline="") as file:
        classes = {row["text"].strip(): row["class"] for row in csv.DictReader(file)}
    positive = np.array([classes[text] == "0" for text in rows.texts])
    return sources.Rows(rows.texts, positive, rows.fold, rows.topic).trained


if __name__ == "__main__":
    for choice in HAN:
        line("offence_zh", sources.rows("cold").trained, *choice)
    for choice in LATIN:
        line("sexism_en", sources.rows("edos").trained, *choice)
    line("hate_en", hateful(), *LATIN[0])
