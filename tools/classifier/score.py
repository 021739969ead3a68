"""Score the shipped classifier on a file of texts with labels, such as COLD's.

    python tools/classifier/score.py FILE --text TEXT --label label [--rule offence_zh] [--json]

FILE is CSV with a heading, or JSON lines. ``--positive`` says which labels are positive (1). Prints
counts and measures, never a text: accuracy, macro F1 and AUC of "more likely than not" (probability
0.5), and precision, recall, false alarms and accuracy of findings, at the label's own threshold.
"""

# ruff: noqa: INP001, T201 - a script: it says where its neighbours are, and prints
import argparse
import csv
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

import asked


def rows(path: Path) -> list[dict[str, Any]]:
    """Read a CSV file with a heading, or JSON lines."""
    text = path.read_text(encoding="utf-8-sig")
    if text.lstrip().startswith("{"):
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def main() -> None:
    """Read the file, ask the table, print the measures."""
    reader = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    reader.add_argument("file", type=Path)
    reader.add_argument("--text", default="TEXT")
    reader.add_argument("--label", default="label")
    reader.add_argument("--positive", nargs="+", default=["1"])
    reader.add_argument("--rule", default="offence_zh")
    reader.add_argument("--json", action="store_true")
    given = reader.parse_args()
    known = rows(given.file)
    positive = np.array([str(row[given.label]) in given.positive for row in known])
    table = asked.table(given.rule.removeprefix("clf."))
    told = asked.logits(table.label, [str(row[given.text]) for row in known])
    measures = asked.quality(told, positive, table.at)
    measures["not_asked"] = int((told == asked.NOT_ASKED).sum())
    if given.json:
        print(json.dumps({"rule": f"clf.{table.label}", **measures}))
        return
    for name, value in measures.items():
        print(f"{name:22}{value}")


if __name__ == "__main__":
    main()
