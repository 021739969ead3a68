"""What the triage classifier costs: ``python bench/classifier.py [FILE.parquet]``.

Process CPU time, medians of seven rounds, on the rows of a Parquet file with a column ``text``;
beside it, in the same rounds, what reading the same bytes as UTF-8 costs on this machine. Then one
text of 500 characters, and short rows as in a forum.
"""

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # to run as a file, too

import click

from hegui.detectors.classifier import Classifier
from hegui.terms import TextColumn

ROUNDS = 7
ROWS = 16_000  # as in a row group
ABOVE = Path(__file__).resolve().parents
FILE = "shared/data/corpus/laws-and-poetry.parquet"
SENTENCE = "这是一段平常的话，说的是今天的天气和明天的安排。"


def columns(path: Path) -> list[TextColumn]:
    """Return the texts of a file, a column per row group."""
    import pyarrow.parquet as pq

    texts = pq.read_table(path, columns=["text"]).column("text").to_pylist()
    return [TextColumn.of(texts[at : at + ROWS]) for at in range(0, len(texts), ROWS)]


def seconds(work: Callable[[], object]) -> float:
    """Return the process CPU time that some work takes."""
    start = time.process_time()
    work()
    return time.process_time() - start


def main() -> None:
    """Measure and print."""
    given = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    path = given or next((up / FILE for up in ABOVE if (up / FILE).exists()), Path(FILE))
    detector, read = Classifier(), columns(path)
    size = sum(len(column.data) for column in read) / 1e6
    detector.inspect(read[0])
    judged, decoded = [], []
    for _ in range(ROUNDS):
        judged.append(seconds(lambda: [detector.inspect(column) for column in read]))
        decoded.append(seconds(lambda: [bytes(column.data).decode() for column in read]))
    found = sum(len(detector.inspect(column)) for column in read)
    rate, bare = size / statistics.median(judged), size / statistics.median(decoded)
    click.echo(f"{path.name}: {size:.1f} MB in {sum(map(len, read))} rows, {found} findings")
    click.echo(f"judged   {rate:7.1f} MB/s per core (best round {size / min(judged):.1f})")
    click.echo(f"decoded  {bare:7.1f} MB/s per core: judging costs {bare / rate:.1f} times that")
    one = TextColumn.of([(SENTENCE * 30)[:500]])
    times = [seconds(lambda: [detector.inspect(one) for _ in range(200)]) / 200 for _ in range(9)]
    click.echo(f"one text of 500 characters: {statistics.median(times) * 1e6:.0f} µs")
    short = TextColumn.of([SENTENCE[: 8 + place % 16] for place in range(20_000)])
    times = [seconds(lambda: detector.inspect(short)) for _ in range(ROUNDS)]
    click.echo(f"short rows: {len(short) / statistics.median(times):,.0f} a second")


if __name__ == "__main__":
    main()
