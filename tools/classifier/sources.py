"""The data sets that may be trained on, as rows of text and label, and how they are divided.

A row's fold is the digest of its text, so the division needs no list and a text that stands in a
set twice is in one fold. Fold 9 is held out: nothing is trained, chosen or calibrated on it. COLD's
``dev.csv`` is held out besides, and what of it stands in ``train.csv`` is not trained on.
"""

# ruff: noqa: INP001 - beside scripts, not a package
import csv
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ABOVE = Path(__file__).resolve().parents[2:]
SHARED = next((up / "shared/data" for up in ABOVE if (up / "shared/data").is_dir()), Path())
"""Where the data lie: beside the project, never in it."""
DATA = SHARED / "detectors"
FOLDS = 10
HELD_OUT = 9


@dataclass(frozen=True, slots=True)
class Source:
    """A data set: where it is, its licence, its columns of text and label, and what is positive."""

    name: str
    file: str
    licence: str
    origin: str
    columns: tuple[str, str]
    positive: frozenset[str]


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Texts, whether each is positive, its fold, and its topic where the set has one."""

    texts: list[str]
    positive: NDArray[np.bool_]
    fold: NDArray[np.int64]
    topic: NDArray[np.str_]

    def where(self, mask: NDArray[np.bool_]) -> "Rows":
        """Return the rows that ``mask`` chooses."""
        chosen = np.flatnonzero(mask)
        texts = [self.texts[place] for place in chosen]
        return Rows(texts, self.positive[chosen], self.fold[chosen], self.topic[chosen])

    @property
    def trained(self) -> "Rows":
        """The folds that may be trained on."""
        return self.where(self.fold != HELD_OUT)

    @property
    def held_out(self) -> "Rows":
        """The fold that is kept apart."""
        return self.where(self.fold == HELD_OUT)


COLD = "thu-coai/COLDataset"
SOURCES = {
    one.name: one
    for one in (
        Source("cold", "cold/train.csv", "Apache-2.0", COLD, ("TEXT", "label"), frozenset("1")),
        Source("cold-dev", "cold/dev.csv", "Apache-2.0", COLD, ("TEXT", "label"), frozenset("1")),
        Source(
            "swsr", "swsr/train.csv", "MIT", "aggiejiang/SWSR", ("text", "label"), frozenset("1")
        ),
        Source(
            "edos",
            "edos/train_dev.csv",
            "CC0-1.0",
            "rewire-online/edos",
            ("text", "label_sexist"),
            frozenset({"sexist"}),
        ),
        Source(
            "davidson",
            "davidson/train.csv",
            "MIT",
            "t-davidson/hate-speech-and-offensive-language",
            ("text", "class"),
            frozenset("01"),  # hateful, offensive; 2 is neither
        ),
    )
}


def digest(source: Source) -> str:
    """Return the SHA-256 of a data set's file."""
    return hashlib.sha256((DATA / source.file).read_bytes()).hexdigest()


def fold_of(text: str) -> int:
    """Return the fold of a text: its SHA-256 modulo the number of folds."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()) % FOLDS


@cache
def rows(name: str) -> Rows:
    """Read a data set. Of texts that stand in it more than once the first counts."""
    source = SOURCES[name]
    seen = set(rows("cold-dev").texts) if name == "cold" else set()
    texts, positive, topic = [], [], []
    with (DATA / source.file).open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            text = row[source.columns[0]].strip()
            if text in seen or not text:
                continue
            seen.add(text)
            texts.append(text)
            positive.append(row[source.columns[1]] in source.positive)
            topic.append(row.get("topic", ""))
    folds = np.array([fold_of(text) for text in texts])
    return Rows(texts, np.array(positive), folds, np.array(topic))


def fold_digest(held: Rows) -> str:
    """Return the digest of a fold: its texts' digests, sorted. It names the fold without a text."""
    each = sorted(hashlib.sha256(text.encode()).hexdigest() for text in held.texts)
    return hashlib.sha256("\n".join(each).encode()).hexdigest()
