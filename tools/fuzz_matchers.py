"""Look for a text, a set of rules or a cut on which the back ends do not agree.

    python tools/fuzz_matchers.py --seconds 600 --seed 1
    python tools/fuzz_matchers.py --hostile

Prints counts; at the first difference, the seed and the case. Exit code 1 for a difference.
"""

# ruff: noqa: INP001, T201, PLR2004 - a script that prints; its numbers are odds
import argparse
import random
import resource
import sys
import threading
import time
from collections.abc import Sequence

from hegui.detectors import BuiltIn, TargetDetector
from hegui.detectors.ahocorasick import LiteralMatcher
from hegui.detectors.columns import arrays_of
from hegui.detectors.matcher import Matcher, PlainMatcher
from hegui.detectors.pattern import Pattern, literal, parse
from hegui.detectors.targets import ANYTHING, NO_DIGIT, NO_WORD, Target
from hegui.detectors.tree import WORD, Each
from hegui.detectors.vectors import Sizes, VectorMatcher
from hegui.runners.compiling import kept
from hegui.terms import Findings, Misconfigured, TextColumn

LETTERS = "aAbBkK\u212aſ１２12ａＡｂＢ字词é，．.-@_ \0\u0301\u202e\U0001d7d9\U00020000"
BITS = [
    "a",
    "B",
    "字",
    "[ab]",
    "[1２]",
    r"\d",
    "(?:ab|字1)",
    "a?",
    "(?:1字)?",
    "b{1,3}",
    "Ｂ",
    "ａ",
]
BITS += ["é", "，", "(?:a|bc?){1,2}", r"\.", "[一-丏]", "\U0001d7d9", "[ａ-ｃ]{0,2}"]
MOST_RULES = 12
COLUMNS_PER_PACK = 20
MB = 1_000_000


def even(value: str, _left: str) -> float:
    """Accept values of even length."""
    return 0.4 * (len(value) % 2 == 0)


def unless_a_stands_left(value: str, left: str) -> float:
    """Read what stands to the left."""
    return 0.5 if "a" not in left and "bb" not in value else 0.0


def some_pattern(rng: random.Random) -> Pattern:
    """Make up a phrase or a pattern, folded or not."""
    while True:
        try:
            if rng.random() < 0.5:
                found: Pattern = literal("".join(rng.choices(LETTERS, k=rng.randrange(1, 6))))
            else:
                found = parse("".join(rng.choices(BITS, k=rng.randrange(1, 6))))
        except Misconfigured:
            continue
        found = found.folded(case=rng.random() < 0.5, width=rng.random() < 0.2)
        return found.full_width() if rng.random() < 0.2 else found


def some_targets(rng: random.Random, most: int) -> list[Target]:
    """Make up rules."""
    edges = [ANYTHING, ANYTHING, NO_DIGIT, NO_WORD, WORD, frozenset("é字\U0001d7d9")]
    return [
        Target(
            rng.choice("rst"),
            pattern,
            rng.choice(edges),
            rng.choice(edges),
            rng.choice([None, None, even, unless_a_stands_left]),
            rng.randrange(4),
            whole=rng.random() < 0.3,
            trigger=some_trigger(rng, pattern),
            score=rng.choice([1.0, 0.7]),
        )
        for pattern in (some_pattern(rng) for _ in range(rng.randrange(most)))
    ]


def some_trigger(rng: random.Random, pattern: Pattern) -> Pattern | None:
    """Ask the engine for a last character only, sometimes: then many ask for the same."""
    if rng.random() < 0.6:
        return None
    trigger = Pattern(Each(pattern.closing))
    return trigger.folded(case=True, width=True) if rng.random() < 0.5 else trigger


def some_column(rng: random.Random) -> TextColumn:
    """Make up rows: Unicode, or bytes that are not UTF-8, cut anywhere."""
    if rng.random() < 0.4:
        pool = LETTERS.encode() + bytes(range(0x80, 0x100))
        size = rng.randrange(120)
        data = bytes(rng.choice(pool) for _ in range(size))
        cuts = sorted(rng.randrange(size + 1) for _ in range(rng.randrange(2, 9)))
        return TextColumn(memoryview(data), cuts)
    size = rng.choice([6, 30, 200])
    rows = [
        "".join(rng.choices(LETTERS, k=rng.randrange(size))) for _ in range(rng.randrange(1, 8))
    ]
    return TextColumn.of(rows)


def streamed(detector: TargetDetector, text: str, rng: random.Random) -> list[tuple[object, ...]]:
    """Settle findings by where they begin; keep ``left`` characters of what has gone out."""
    found: list[tuple[object, ...]] = []
    at = gone = base = 0
    while at < len(text):
        at = min(len(text), at + rng.randrange(1, 6))
        kept = text[base:at]
        held = 0 if at == len(text) else detector.pending(kept[-detector.card.span :])
        edge = max(gone, at - held)
        found += [
            (rule, start + base, end + base, score)
            for rule, start, end, score in whole(detector, kept)
            if gone <= start + base < edge
        ]
        gone = edge
        base = max(base, gone - detector.card.left)
    return found


def whole(detector: TargetDetector, text: str) -> list[tuple[str, int, int, float]]:
    """Return findings in characters."""
    data = text.encode()
    return [
        (rule, len(data[:start].decode()), len(data[:end].decode()), score)
        for _, rule, start, end, score in detector.inspect(TextColumn.of([text]))
    ]


def back_ends(targets: Sequence[Target], exceptions: Sequence[Target]) -> dict[str, Matcher]:
    """Return every back end, the first one also as it works on large columns."""
    return {
        "plain": PlainMatcher(targets, exceptions),
        "literals": LiteralMatcher(targets, exceptions),
        "vectors": VectorMatcher(targets, exceptions),
        "segments": VectorMatcher(targets, exceptions, sizes=Sizes(0, 0, 13)),
        "large": VectorMatcher(targets, exceptions, sizes=Sizes(0, 0)),
    }


def campaign(seconds: float, seed: int) -> int:
    """Run until the time is over; return how many differences there were (0 or 1)."""
    until = time.monotonic() + seconds
    packs = columns = findings = streams = 0
    while time.monotonic() < until:
        rng = random.Random(f"{seed}.{packs}")
        targets, exceptions = some_targets(rng, MOST_RULES), some_targets(rng, 5)
        matchers = back_ends(targets, exceptions)
        packs += 1
        for _ in range(COLUMNS_PER_PACK):
            column = some_column(rng)
            found = {name: list(matcher.find(column)) for name, matcher in matchers.items()}
            columns += 1
            findings += len(found["plain"])
            if any(other != found["plain"] for other in found.values()):
                print(f"DIFFERENCE: seed {seed}, pack {packs - 1}\n{bytes(column.data)!r}")
                print(list(column.offsets), found, targets, exceptions, sep="\n")
                return 1
        text = "".join(rng.choices(LETTERS, k=rng.randrange(60)))
        for name in ("plain", "literals", "vectors"):
            detector = TargetDetector(
                "t", "1", {}, targets, exceptions=exceptions, back_end=matchers[name]
            )
            streams += 1
            if streamed(detector, text, rng) != whole(detector, text):
                print(f"DIFFERENCE IN A STREAM: seed {seed}, pack {packs - 1}, {text!r}")
                return 1
    print(
        f"{packs} packs, {columns} columns, {findings} findings, {streams} streams: no difference"
    )
    return 0


LINE = "合同编号 13800138000，邮箱 a.b@example.com；"
HOSTILE = {
    "one line": LINE.encode(),
    "NULs": b"\0",
    "combining marks": ("e" + "\u0301" * 1000).encode(),
    "right-to-left overrides": "\u202e138".encode(),
    "digits": b"1",
    "full-width digits": "１".encode(),
    "full-width letters": "ｋＩｌｌ".encode(),
    "not UTF-8": b"\xff\xe5\xad",
    "at signs": b"a@",
    "plates begun": "京A".encode(),
}
"""What texts that are meant to hurt repeat."""


def hostile(size: int, small: int) -> int:
    """Time hostile texts on the built-in detector; compare the back ends on small ones."""
    detector = BuiltIn(compiler=kept)
    others = [make(detector.targets) for make in (PlainMatcher, LiteralMatcher)]
    wrong = 0
    for name, unit in HOSTILE.items():
        data = unit * (size // len(unit))
        began = time.process_time()
        found = detector.inspect(TextColumn(data, [0, len(data)]))
        took = time.process_time() - began
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        part = TextColumn(data[:small], [0, small])
        want = list(detector.inspect(part))
        same = all(list(other.find(part)) == want for other in others)
        wrong += not same
        count = len(arrays_of(found).row)
        print(
            f"{name:26}{len(data) / MB:8.0f} MB {took:8.2f} s {count:9} findings"
            f"   peak {peak} MiB   back ends {'agree' if same else 'DIFFER'}",
            flush=True,
        )
    return wrong


def cycles(count: int, threads: int) -> int:
    """Scan short texts from several threads; return how many MiB memory grew."""
    detector = BuiltIn(compiler=kept)
    columns = [TextColumn.of([text]) for text in ("打电话13800138000", "无", "ｋｉｌｌ a@b.cn")]
    want = [list(detector.inspect(column)) for column in columns]
    wrong: list[Findings] = []

    def work() -> None:
        for number in range(count // threads):
            found = detector.inspect(columns[number % 3])
            if list(found) != want[number % 3]:
                wrong.append(found)

    def run() -> None:
        started = [threading.Thread(target=work) for _ in range(threads)]
        for thread in started:
            thread.start()
        for thread in started:
            thread.join()

    run()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    run()
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
    print(f"2 times {count} scans from {threads} threads: {len(wrong)} wrong, {grown} MiB more")
    return len(wrong)


def main() -> int:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--hostile", action="store_true", help="texts of 100 MB instead")
    parser.add_argument("--cycles", type=int, default=0, help="so many short scans instead")
    asked = parser.parse_args()
    if asked.hostile:
        return min(1, hostile(100 * MB, 20_000))
    if asked.cycles:
        return min(1, cycles(asked.cycles, 4))
    return campaign(asked.seconds, asked.seed)


if __name__ == "__main__":
    sys.exit(main())
