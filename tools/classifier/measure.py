"""Measure the shipped classifier, and write what its model card shows.

    python tools/classifier/measure.py [--date 2026-11-25]

On rows that nothing was trained, chosen or calibrated on: in its own domain, across domains, on
ordinary text. Writes the figures into the card (``detectors/data/cards/classifier.json``), the
reliability diagram into ``docs/models/``, and prints the tables of the page. Never prints a text.
"""

# ruff: noqa: INP001, T201 - a script: it says where its neighbours are, and prints
import argparse
import json
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

import asked
import sources

from hegui.detectors.classifier import Classifier
from hegui.terms import TextColumn

ROOT = Path(__file__).resolve().parents[2]
CARD = ROOT / "src/hegui/detectors/data/cards/classifier.json"
DIAGRAM = ROOT / "docs/models/classifier-reliability.svg"
COMMAND = "python tools/classifier/measure.py"
BINS = (0, 0.1, 0.3, 0.5, 0.7, 0.9, 1)
TRAINED_ON = {
    "offence_zh": "cold",
    "sexism_zh": "swsr",
    "offence_en": "davidson",
    "sexism_en": "edos",
}
SETS = {"zh": ("cold-dev", "swsr"), "en": ("davidson", "edos")}
NAMES = {
    "cold": "COLD",
    "cold-dev": "COLD dev",
    "swsr": "SWSR",
    "davidson": "Davidson",
    "edos": "EDOS",
}

Bin = tuple[int, float, float]
"""How many texts, their mean probability, and the share of them that is positive."""


def held_out(name: str) -> sources.Rows:
    """Return the rows of a set that nothing was trained on."""
    rows = sources.rows(name)
    return rows if name == "cold-dev" else rows.held_out


def measured() -> dict[tuple[str, str], dict[str, float]]:
    """Return each label's measures on each set in its language."""
    found = {}
    for label in TRAINED_ON:
        for name in ("cold", *SETS["zh"]) if label.endswith("zh") else SETS["en"]:
            rows = held_out(name)
            told = asked.logits(label, rows.texts)
            found[label, name] = asked.quality(told, rows.positive, asked.table(label).at)
    return found


def bins(label: str) -> list[Bin]:
    """Return a label's reliability on its own held-out fold, in bins of probability."""
    rows = held_out(TRAINED_ON[label])
    told = asked.logits(label, rows.texts)
    told, positive = told[told != asked.NOT_ASKED], rows.positive[told != asked.NOT_ASKED]
    likely = 1 / (1 + np.exp(-told))
    made = []
    for low, high in pairwise(BINS):
        inside = (likely >= low) & ((likely < high) | (high == 1))
        count = int(inside.sum())
        mean = float(likely[inside].mean()) if count else 0.0
        made.append((count, mean, float(positive[inside].mean()) if count else 0.0))
    return made


def error(made: list[Bin]) -> float:
    """Return the expected calibration error: the mean gap, by texts."""
    total = sum(count for count, _, _ in made)
    return sum(count * abs(mean - share) for count, mean, share in made) / total


def ordinary() -> dict[str, dict[str, float]]:
    """Return how often the classifier finds something in text that nobody complains about."""
    import pyarrow.parquet as pq

    detector = Classifier()
    table = pq.read_table(sources.SHARED / "corpus/laws-and-poetry.parquet")
    texts, origin = table.column("text").to_pylist(), np.array(table.column("source").to_pylist())
    groups: dict[str, list[str]] = {
        str(name): [texts[place] for place in np.flatnonzero(origin == name)]
        for name in np.unique(origin)
    }
    for name in ("cold", "swsr", "davidson", "edos"):
        rows = held_out(name)
        groups[f"{NAMES[name]}, label 0"] = rows.where(~rows.positive).texts
    found = {}
    for name, group in groups.items():
        column = TextColumn.of(group)
        report = detector.inspect(column)
        size = column.offsets[-1] / 1e6
        found[name] = {
            "rows": len(group),
            "megabytes": round(size, 2),
            "rows_found": round(len(set(report.row)) / len(group), 4),
            "findings_per_mb": round(len(report) / size, 1),
        }
    return found


def grounds() -> dict[str, float]:
    """Return how often the ground that is named is the topic, on offences that are found."""
    rows = held_out("cold-dev")
    report = Classifier().inspect(TextColumn.of(rows.texts))
    named, right, offences = 0, 0, 0
    for row, rule, _, _, _ in report:
        if rule.startswith("clf.offence") and rule.endswith("zh") and rows.positive[row]:
            offences += 1
            said = rule.removeprefix("clf.offence_").removesuffix("_zh")
            named += said != "zh"
            right += said == rows.topic[row]
    return {
        "offences": offences,
        "named": round(named / offences, 4),
        "right": round(right / named, 4),
    }


def diagram(by_label: dict[str, list[Bin]]) -> str:
    """Draw the reliability diagrams side by side, one square a label, as SVG."""
    side, gap, top = 180, 40, 34
    width = len(by_label) * (side + gap) + gap
    svg = 'svg xmlns="http://www.w3.org/2000/svg" font-family="sans-serif" font-size="11"'
    parts = [f'<{svg} width="{width}" height="{side + top + 46}">']
    parts.append('<rect width="100%" height="100%" fill="#fff"/>')
    for place, (label, made) in enumerate(by_label.items()):
        left, foot = gap + place * (side + gap), top + side
        diagonal = f'x1="{left}" y1="{foot}" x2="{left + side}" y2="{top}" stroke="#bbb"'
        parts += [
            _text(left, 16, f"clf.{label}"),
            _text(left, 29, f"ECE {error(made):.3f}"),
            f'<path d="M{left} {top}h{side}v{side}h-{side}z" fill="none" stroke="#888"/>',
            f'<line {diagonal} stroke-dasharray="4"/>',
            _text(left, foot + 16, "0"),
            _text(left + 44, foot + 16, "probability said"),
            _text(left + side - 6, foot + 16, "1"),
        ]
        if place == 0:
            turned = f'transform="rotate(-90 {left - 14} {top + 140})"'
            parts.append(_text(left - 14, top + 140, "share that is positive", turned))
        most = max(count for count, _, _ in made)
        for count, mean, share in made:
            x, y = left + mean * side, foot - share * side
            dot = f'cx="{x:.1f}" cy="{y:.1f}" r="{2 + 4 * (count / most) ** 0.5:.1f}"'
            parts += [f'<circle {dot} fill="#1f6feb"/>'] if count else []
    return "\n".join([*parts, "</svg>"]) + "\n"


def _text(x: int, y: int, said: str, more: str = "") -> str:
    return f'<text x="{x}" y="{y}" {more}>{said}</text>'


def card(
    found: dict[tuple[str, str], dict[str, float]], usual: dict[str, dict[str, float]], date: str
) -> dict[str, Any]:
    """Return the card with these figures; what is written by hand in it stays."""
    page = json.loads(CARD.read_text(encoding="utf-8"))
    tables = json.loads(
        (ROOT / "src/hegui/detectors/data/classifier/tables.json").read_text(encoding="utf-8")
    )
    page["version"], page["digest"] = tables["version"], Classifier().card.digest
    page["sources"] = [
        {"name": one["origin"], "licence": one["licence"], "sha256": one["sha256"]}
        for one in tables["sources"]
    ]

    def figure(en: str, zh: str, on: str, value: float) -> dict[str, Any]:
        what = {"en": en, "zh": zh}
        return {"what": what, "on": on, "value": value, "date": date, "command": COMMAND}

    quality = []
    for (label, name), told in found.items():
        own = name.partition("-")[0] == TRAINED_ON[label]
        where = ("in its domain", "同领域") if own else ("outside of its domain", "跨领域")
        on = f"{NAMES[name]}, {told['rows']}"
        measures = (("AUC", "AUC", "auc"), ("accuracy", "准确率", "accuracy"))
        for en, zh, key in measures if own else measures[:1]:
            said = f"clf.{label} {en} {where[0]}", f"clf.{label} {zh}，{where[1]}"
            quality.append(figure(*said, on, told[key]))
    usually = "rows with a finding, of text without offence", "无冒犯内容的文本中有命中的行占比"
    for name, told in usual.items():
        quality.append(figure(*usually, f"{name}, {told['rows']}", told["rows_found"]))
    page["quality"] = quality
    return dict(page)


def show(title: str, rows: list[list[object]]) -> None:
    """Print a table as Markdown."""
    print(f"\n{title}\n")
    for place, row in enumerate(rows):
        print("| " + " | ".join(map(str, row)) + " |")
        if place == 0:
            print("|" + "---|" * len(row))


def main() -> None:
    """Measure, write, print."""
    reader = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    reader.add_argument("--date", default="2026-11-25")
    date = reader.parse_args().date
    found, usual = measured(), ordinary()
    columns = list(next(iter(found.values())))
    show(
        "measures",
        [
            ["label", "trained on", "measured on", *columns],
            *(
                [f"`clf.{label}`", NAMES[TRAINED_ON[label]], NAMES[name], *told.values()]
                for (label, name), told in found.items()
            ),
        ],
    )
    made = {label: bins(label) for label in TRAINED_ON}
    heading = [f"{low:.1f}-{high:.1f}" for low, high in pairwise(BINS)]
    show(
        "reliability: texts, mean probability → share positive",
        [
            ["label", "ECE", *heading],
            *(
                [f"`clf.{label}`", f"{error(each):.3f}"]
                + [f"{n}: {mean:.2f} → {share:.2f}" if n else "–" for n, mean, share in each]
                for label, each in made.items()
            ),
        ],
    )
    show(
        "ordinary text",
        [
            ["text", *next(iter(usual.values()))],
            *([name, *told.values()] for name, told in usual.items()),
        ],
    )
    print("\ngrounds on COLD dev:", json.dumps(grounds()))
    DIAGRAM.parent.mkdir(parents=True, exist_ok=True)
    DIAGRAM.write_text(diagram(made), encoding="utf-8")
    text = json.dumps(card(found, usual, date), ensure_ascii=False, indent=1) + "\n"
    CARD.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
