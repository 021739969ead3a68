"""How often two numbers in neighbouring turns make a third by chance: ``python -m bench.turns``.

Pairs of numbers as people write them are joined and put before the detector of personal data.
Counted is a pair of which neither number is a finding by itself and both together are one.
"""

# ruff: noqa: T201 - a command that prints
import random
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from hegui.detectors.personal import PersonalData
from hegui.terms import TextColumn

SEED: Final = 20261128
PAIRS: Final = 2_000_000
_AT_ONCE: Final = 100_000
_ACTS_FROM: Final = 0.5


def _digits(draw: random.Random, fewest: int, most: int) -> str:
    return "".join(draw.choice("0123456789") for _ in range(draw.randint(fewest, most)))


WRITTEN: Final[Mapping[str, Callable[[random.Random], str]]] = {
    "amount": lambda draw: str(draw.randint(1, 10 ** draw.randint(1, 8))),
    "year": lambda draw: str(draw.randint(1990, 2030)),
    "day": lambda draw: (
        f"{draw.randint(1990, 2030)}{draw.randint(1, 12):02}{draw.randint(1, 28):02}"
    ),
    "order": lambda draw: _digits(draw, 8, 20),
    "code": lambda draw: _digits(draw, *draw.choice(((4, 4), (6, 6)))),
    "number": lambda draw: _digits(draw, 5, 14),
    "time": lambda draw: f"{draw.randint(0, 23):02}{draw.randint(0, 59):02}",
}


def made_by_chance(pairs: Sequence[tuple[str, str]]) -> Counter[str]:
    """Return how many pairs make a finding of each rule that neither number makes."""
    detector = PersonalData()
    counted: Counter[str] = Counter()
    for start in range(0, len(pairs), _AT_ONCE):
        some = pairs[start : start + _AT_ONCE]
        acts = [
            [one for one in detector.inspect(TextColumn.of(texts)) if one[4] >= _ACTS_FROM]
            for texts in (
                [one for one, _ in some],
                [other for _, other in some],
                [one + other for one, other in some],
            )
        ]
        alone = {found[0] for found in (*acts[0], *acts[1])}
        for row, rule, first, end, _ in acts[2]:
            if row not in alone and (first, end) == (0, sum(map(len, some[row]))):
                counted[rule] += 1
    return counted


def main(many: int = PAIRS) -> int:
    """Print the counts."""
    draw = random.Random(SEED)

    def number() -> str:
        return WRITTEN[draw.choice(sorted(WRITTEN))](draw)

    found = made_by_chance([(number(), number()) for _ in range(many)])
    print(f"{many} pairs of numbers")
    for rule, count in found.most_common():
        print(f"{rule}\t{count}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
