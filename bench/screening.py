"""What the matching engine costs, measured in a process of its own: ``python -m bench.screening``.

Speeds are megabytes of UTF-8 a second of processor time, on one core, the median of rounds in which
decoding alone, scanning alone and the whole way take turns.
"""

import json
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from hegui.detectors import CORPUS, TargetDetector, builtin, personal
from hegui.detectors.channels import ChannelledDetector
from hegui.detectors.columns import arrays_of
from hegui.detectors.pattern import literal
from hegui.detectors.reading import Plan
from hegui.detectors.targets import ANYTHING, NO_WORD, Target
from hegui.detectors.vectors import VectorMatcher
from hegui.runners.compiling import kept as kept_rules
from hegui.screen.masks import Masks
from hegui.screen.panel import Panel
from hegui.screen.policy import default_policy
from hegui.screen.reports import nothing_spared
from hegui.screen.window import Tally
from hegui.screen.windows import Windows
from hegui.terms import TextColumn

FILE = "laws-and-poetry.parquet"
LEXICONS = {"rare": "lex_rare.json", "dense": "lex_dense.json"}
BATCH = 4096  # rows
ROUNDS = 5
SHORT_RUNS = 2000
SCAN_BYTES = 1 << 21
PROMPT = 500  # characters
PIECE = 6  # characters of a chunk
PIECES = 100  # chunks of a stream


def opened(data: Path) -> pq.ParquetFile:
    """Open the file so that what is read ahead stays small."""
    return pq.ParquetFile(data / FILE, pre_buffer=False, buffer_size=1 << 20)


def columns(file: pq.ParquetFile) -> Iterator[TextColumn]:
    """Decode the text a few thousand rows at a time; Arrow's buffers become columns as they are."""
    for batch in file.iter_batches(BATCH, columns=["text"], use_threads=False):
        texts = batch.column(0)
        _, offsets, data = texts.buffers()
        places: Any = np.frombuffer(offsets, np.int32)
        yield TextColumn(
            memoryview(data).cast("B"), places[texts.offset : texts.offset + len(texts) + 1]
        )


def phrase(rule: str, word: str) -> Target:
    """Return the target of a word as packs have it: caseless, ASCII words whole."""
    before = NO_WORD if word[0] in NO_WORD else ANYTHING
    after = NO_WORD if word[-1] in NO_WORD else ANYTHING
    return Target(rule, literal(word).folded(case=True), before, after)


def detector_of(words: list[str]) -> TargetDetector:
    """Return a lexicon and all personal data in one detector."""
    return TargetDetector("bench", "1", {}, _targets(words))


def channelled(words: list[str]) -> ChannelledDetector:
    """Return the same, read in the channels of the default corpus panel."""
    asked = {f"lexicon.{number}": ("spaced",) for number in range(100)}
    plan = Plan(CORPUS, asked, _targets(words))
    return ChannelledDetector(TargetDetector("bench", "1", {}, plan.targets), plan)


def _targets(words: list[str]) -> tuple[Target, ...]:
    targets = [phrase(f"lexicon.{number % 100}", word) for number, word in enumerate(words)]
    return (*targets, *personal.targets())


def _seconds(work: Callable[[], Any]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def corpus(data: Path, lexicon: str) -> dict[str, Any]:
    """Measure Parquet to findings beside its parts."""
    words = json.loads((data / LEXICONS[lexicon]).read_text(encoding="utf-8"))
    detector, channels = detector_of(words), channelled(words)
    engine = VectorMatcher(detector.targets)._narrow  # noqa: SLF001 - what it costs alone
    file = opened(data)
    held = list(columns(file))
    size = sum(int(column.offsets[-1]) - int(column.offsets[0]) for column in held) / 1e6

    def scan() -> None:
        for column in held:
            for at in range(0, len(column.data), SCAN_BYTES):
                engine(column.data[at : at + SCAN_BYTES])

    def count() -> int:
        return sum(len(arrays_of(detector.inspect(column)).row) for column in columns(file))

    works: dict[str, Callable[[], Any]] = {
        "decode": lambda: sum(len(column) for column in columns(file)),
        "scan": scan,
        "find": lambda: [detector.inspect(column) for column in held],
        "whole": count,
        "channels": lambda: [channels.inspect(column) for column in columns(file)],
    }
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(ROUNDS):
        for name, work in works.items():
            times[name].append(_seconds(work))
    middle = {name: statistics.median(all_of) for name, all_of in times.items()}
    middle["series"] = middle["decode"] + middle["scan"]
    return {
        "literals": len(words),
        "patterns": len(personal.targets()),
        "megabytes": size,
        "findings": count(),
        "mb_per_s": {name: size / took for name, took in middle.items()},
        "of_decode_and_scan": middle["series"] / middle["whole"],
    }


def memory(data: Path, lexicon: str) -> dict[str, Any]:
    """Measure the peak of a process that does the whole way once, a row group at a time."""
    words = json.loads((data / LEXICONS[lexicon]).read_text(encoding="utf-8"))
    detector = detector_of(words)
    found = sum(len(arrays_of(detector.inspect(column)).row) for column in columns(opened(data)))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"findings": found, "peak_mib": peak}


def small(data: Path, _lexicon: str) -> dict[str, Any]:
    """Measure a prompt and a chunk of a stream on the gateway's own detector, all channels on.

    The chunk is the mean of a text streamed through a window, with what is held back and let out.
    """
    detector: Any = builtin(compiler=kept_rules)[0]
    text = pq.ParquetFile(data / FILE).read_row_group(0, ["text"]).column(0)[5].as_py()
    prompt = text[:PROMPT]
    said = text[: PIECE * PIECES]
    pieces = [said[at : at + PIECE] for at in range(0, len(said), PIECE)]
    panel, policy = Panel([[detector]]), default_policy(own_upstream=False, public=True)

    def stream() -> None:
        window = Windows(panel, policy, Tally(), Masks(), nothing_spared)()
        for piece in pieces:
            window.feed(piece)

    works: dict[str, Callable[[], Any]] = {
        "prompt": lambda: detector.inspect(TextColumn.of([prompt])),
        "three characters": lambda: detector.inspect(TextColumn.of([text[:3]])),
    }
    times = {name: _microseconds(work) for name, work in works.items()}
    return {**times, "chunk": _microseconds(stream, SHORT_RUNS // PIECES) / len(pieces)}


def _microseconds(work: Callable[[], Any], runs: int = SHORT_RUNS) -> float:
    def many() -> None:
        for _ in range(runs):
            work()

    return statistics.median(_seconds(many) for _ in range(ROUNDS)) / runs * 1e6


def compiling(data: Path, _lexicon: str) -> dict[str, Any]:
    """Measure how long 50,000 and 100,000 phrases take until a stream may be asked about."""
    words = _many_words(data, 100_000)
    seconds = {}
    for count in (50_000, 100_000):
        began = time.process_time()
        targets = [phrase(f"lexicon.{n % 100}", word) for n, word in enumerate(words[:count])]
        detector = TargetDetector("bench", "1", {}, targets)
        detector.pending("合同")
        seconds[str(count)] = time.process_time() - began
    return {"seconds": seconds}


def _many_words(data: Path, count: int) -> list[str]:
    """Cut distinct phrases of two to six characters out of the file, the same ones each time."""
    words: dict[str, None] = {}
    for column in columns(opened(data)):
        for row in range(0, len(column), 7):
            text = column.row_text(row)
            for at in range(0, len(text) - 6, 11):
                piece = text[at : at + 2 + (at + row) % 5]
                if piece.isalnum() and not piece.isascii():
                    words[piece] = None
            if len(words) >= count:
                return list(words)[:count]
    return list(words)


if __name__ == "__main__":
    WORKS = {"corpus": corpus, "memory": memory, "small": small, "compiling": compiling}
    print(json.dumps(WORKS[sys.argv[1]](Path(sys.argv[2]), sys.argv[3])))  # noqa: T201 - the answer
