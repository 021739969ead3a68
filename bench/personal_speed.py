"""``python bench/personal_speed.py TEXTS.parquet``: what the patterns of personal data cost.

Prints megabytes of text a second of processor time, patterns alone, on the ``text`` column of a
Parquet file and on the Python sources that are installed here, and how many characters of the
former's texts a stream would hold back at each place. Needs the extra ``corpus``.
"""

import random
import statistics
import sys
import sysconfig
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # to run as a file, too

import click

from bench.report import machine
from hegui.detectors import PersonalData, builtin
from hegui.detectors.exact import TargetDetector
from hegui.terms import TextColumn

ROWS = 4096
SOURCES = 12_000_000  # bytes
ROUNDS = 4
SAMPLE, STEP = 600, 3


def speed(detector: PersonalData, columns: list[TextColumn]) -> float:
    """Return megabytes a second of processor time: the median after a first round."""
    size = sum(column.offsets[-1] for column in columns) / 1e6
    times = []
    for _ in range(ROUNDS):
        began = time.process_time()
        for column in columns:
            detector.inspect(column)
        times.append(time.process_time() - began)
    return size / statistics.median(times[1:])


def sources() -> list[TextColumn]:
    """Return installed Python sources, 64 a column."""
    texts: list[str] = []
    size = 0
    for path in sorted(Path(sysconfig.get_paths()["purelib"]).rglob("*.py")):
        texts.append(path.read_text(encoding="utf-8", errors="replace"))
        size += len(texts[-1])
        if size > SOURCES:
            break
    return [TextColumn.of(texts[at : at + 64]) for at in range(0, len(texts), 64)]


def held(detector: TargetDetector, texts: list[str]) -> Counter[int]:
    """Count how many characters are pending at every third place of some of the texts."""
    counts: Counter[int] = Counter()
    span = detector.card.span
    for text in random.Random(1).sample(texts, min(SAMPLE, len(texts))):
        for end in range(1, len(text) + 1, STEP):
            counts[detector.pending(text[max(0, end - span) : end])] += 1
    return counts


@click.command()
@click.argument("parquet", type=click.Path(exists=True, dir_okay=False))
def main(parquet: str) -> None:
    """Print the figures."""
    import pyarrow.parquet as pq

    texts = pq.read_table(parquet, columns=["text"]).column("text").to_pylist()
    columns = [TextColumn.of(texts[at : at + ROWS]) for at in range(0, len(texts), 4 * ROWS)]
    detector = PersonalData()
    about = machine()
    click.echo(f"{about['date']}  {about['processor']}, {about['cores']} cores")
    click.echo(f"targets: {len(detector.targets)}")
    click.echo(f"the file: {speed(detector, columns):.0f} MB/s")
    click.echo(f"Python sources: {speed(detector, sources()):.0f} MB/s")
    both = builtin()[0]
    assert isinstance(both, TargetDetector)
    counts = held(both, texts)
    few = sum(count for size, count in counts.items() if size <= 2) / counts.total()  # noqa: PLR2004 - what is to be reached
    click.echo(
        f"held, all built-in: two characters or fewer at {100 * few:.2f} %, at most {max(counts)}"
    )


if __name__ == "__main__":
    main()
