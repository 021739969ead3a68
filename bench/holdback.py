"""How many characters a stream holds back, at every position of a text, per channel set.

``python bench/holdback.py FILE`` reads UTF-8 text, or the column ``text`` of a Parquet file (a
seeded sample of 60,000 positions), and prints the distribution for hegui's own rules.
"""

# ruff: noqa: T201 - a command that prints
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

from hegui.detectors import CORPUS, GATEWAY, RAW, Channels, builtin
from hegui.detectors.reading import HOLD
from hegui.runners.compiling import kept

POSITIONS = 60_000
LEAST = 2  # characters; the goal is at most this many at 99 % of positions
SETS = {"raw": RAW, "corpus": CORPUS, "gateway": GATEWAY}


def shipped(channels: Channels) -> Any:
    """Return the rules that come with hegui, read in ``channels``."""
    return builtin(compiler=kept, channels=channels)[0]


def texts(path: Path) -> list[str]:
    """Return the texts of a file."""
    if path.suffix != ".parquet":
        return [path.read_text("utf-8")]
    from pyarrow import parquet

    found: list[str] = parquet.read_table(path, columns=["text"])["text"].to_pylist()
    return found


def tails(rows: list[str], count: int) -> Iterator[str]:
    """Draw positions, each as likely, and return what stands before them."""
    rng = Random(0)
    if sum(map(len, rows)) <= count:
        yield from (row[max(0, at - HOLD) : at] for row in rows for at in range(1, len(row) + 1))
        return
    for row in rng.choices(rows, weights=[len(row) for row in rows], k=count):
        at = rng.randrange(1, len(row) + 1)
        yield row[max(0, at - HOLD) : at]


def main(path: Path) -> None:
    """Print the share of positions for each number of characters held, and what holds more."""
    places = list(tails(texts(path), POSITIONS))
    print(f"{path.name}: {len(places)} positions")
    for name, channels in SETS.items():
        detector = shipped(channels)
        held = Counter(detector.pending(tail) for tail in places)
        within = sum(n for size, n in held.items() if size <= LEAST) / len(places)
        mean = sum(size * n for size, n in held.items()) / len(places)
        few = " ".join(f"{size}:{held[size] / len(places):.2%}" for size in range(7))
        print(f"{name:8} at most {LEAST}: {within:.2%}  mean {mean:.2f}  max {max(held)}  {few}")
    detector = shipped(GATEWAY)
    longer = Counter(tail[-size:] for tail in places if (size := detector.pending(tail)) > LEAST)
    for value, count in longer.most_common(20):
        print(f"  {count / len(places):.3%} {value!r}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
